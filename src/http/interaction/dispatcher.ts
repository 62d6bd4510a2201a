import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { type SessionPolicy, sessionHash, touched } from '../../identity/session.ts'
import type { SessionStore } from '../../identity/stores.ts'
import { type Decision, decide } from '../../oauth/authorization/decide.ts'
import type { AuthorizationRequest, RedirectedRequest } from '../../oauth/authorization/request.ts'
import { codeResponse, errorResponse, type ReplyTo, refusal } from '../../oauth/authorization/response.ts'
import type { InteractionStore, PushedRequestStore } from '../../oauth/authorization/stores.ts'
import { type Client, isPublic } from '../../oauth/client.ts'
import type { OAuthError } from '../../oauth/errors.ts'
import { sessionState } from '../../oauth/logout/session-state.ts'
import type { ClientStore, CodeStore, Consent, Person } from '../../oauth/stores.ts'
import type { SubjectOf } from '../../oauth/subject.ts'
import type { Random } from '../../random.ts'
import { basePathOf } from '../base-path.ts'
import type { Browser } from '../browser.ts'
import { clearEnded } from '../ended-session.ts'
import type { Admission } from './admission.ts'
import type { Deliver } from './delivery.ts'
import type { DeviceAnswers } from './device-answer.ts'
import { newCode } from './new-code.ts'
import { answered, completed, createSteps, type Step, type Steps } from './step.ts'

/** Pages never lead to one another: each changes what stands and comes back here, where `decide` is asked again. */
export type Dispatcher = {
  /** A request that was just checked. Answers at once where nobody has to be asked. */
  begin(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    client: Client,
    now: Date,
  ): Promise<FastifyReply>
  /** An error that asks nobody. It answers what was pushed, as a code does (RFC 9126 §4). */
  decline(
    request: FastifyRequest,
    reply: FastifyReply,
    whom: { readonly to: ReplyTo; readonly client: Client; readonly pushed: Buffer | undefined; readonly now: Date },
    error: OAuthError,
  ): Promise<FastifyReply>
  readonly load: Steps['load']
  decide(step: Step): Decision
  /** Below the issuer's own path. */
  pagePath(page: 'login' | 'consent' | 'device'): string
  /** Sends the browser to the page that `decide` asks for, or back to the client. */
  proceed(request: FastifyRequest, reply: FastifyReply, step: Step): Promise<FastifyReply>
  /** The person allowed what was asked. */
  allow(request: FastifyRequest, reply: FastifyReply, step: Step, person: Person): Promise<FastifyReply>
  refuse(request: FastifyRequest, reply: FastifyReply, step: Step, error: OAuthError): Promise<FastifyReply>
  /** The same request without the account page, which the person has just answered. */
  selected(request: FastifyRequest, reply: FastifyReply, step: Step): Promise<FastifyReply>
}

export const createDispatcher = (deps: {
  readonly issuer: string
  readonly clients: ClientStore
  readonly codes: CodeStore
  readonly interactions: InteractionStore
  readonly pushedRequests: Pick<PushedRequestStore, 'spend'>
  readonly sessions: Pick<SessionStore, 'touch' | 'endedElsewhere'>
  readonly sessionPolicy: SessionPolicy
  readonly browser: Browser
  readonly admission: Admission
  readonly deliver: Deliver
  readonly devices: DeviceAnswers
  readonly subjectOf: SubjectOf
  readonly clock: Clock
  readonly random: Random
}): Dispatcher => {
  const steps = createSteps(deps)
  const { issuer, codes, interactions, sessions, sessionPolicy, browser, admission, deliver } = deps
  const { devices, pushedRequests, subjectOf, random } = deps

  const basePath = basePathOf(issuer)
  const pagePath: Dispatcher['pagePath'] = (page) => `${basePath}/${page}`
  const addressOf = (page: 'login' | 'consent', id: string) => `${pagePath(page)}?interaction=${id}`

  const decideFor = (
    asked: AuthorizationRequest,
    client: Client,
    at: Pick<Step, 'person' | 'consent' | 'now'>,
    receivedAt: Date,
  ) => {
    const isImitable = isPublic(client) && (asked.device !== undefined || !asked.redirectUri.startsWith('https:'))
    const subject = at.person && subjectOf(client, at.person.userId)
    return decide(asked, { ...at, subject, firstParty: client.first_party, isImitable, receivedAt })
  }

  /** A session lives on while its person uses it, without a write for each use. */
  const slide = async (person: Person, now: Date): Promise<void> => {
    const idleExpiresAt = touched(person, sessionPolicy, now)
    if (idleExpiresAt) await sessions.touch(person.sessionId, now, idleExpiresAt)
  }

  const granted = (
    request: FastifyRequest,
    reply: FastifyReply,
    asked: RedirectedRequest,
    code: string,
    client: Client,
  ) => {
    const salt = random.bytes(16).toString('base64url')
    const isLogin = asked.scope.includes('openid')
    const state = isLogin ? sessionState(asked, browser.state(request, reply), salt) : undefined
    return deliver(request, reply, codeResponse(asked, code, issuer, state), client)
  }

  const finish = async (
    request: FastifyRequest,
    reply: FastifyReply,
    step: Step,
    person: Person,
    consent: Consent | undefined,
  ) => {
    const { interaction, client, now } = step
    const asked = redirected(interaction.request)
    const { code, row } = newCode(asked, client, person, random, now)
    const spent = await interactions.complete(interaction.idHash, row, consent, now, pushedIn(asked))
    if (!spent) throw completed(client)
    admission.leave(request, now)
    return granted(request, reply, asked, code, client)
  }

  const refuse: Dispatcher['refuse'] = async (request, reply, step, error) => {
    const { interaction, client, now } = step
    const asked = interaction.request
    if (asked.device) return devices.deny(request, reply, step, asked)
    const spent = await interactions.complete(interaction.idHash, undefined, undefined, now, pushedIn(asked))
    if (!spent) throw completed(client)
    return deliver(request, reply, errorResponse(asked, error, issuer), client)
  }

  const decline: Dispatcher['decline'] = async (request, reply, { to, client, pushed, now }, error) => {
    if (pushed && !(await pushedRequests.spend(pushed, now))) throw answered(client)
    request.log.info({ error: error.code, reason: error.reason, client_id: client.client_id }, 'refused by redirect')
    return deliver(request, reply, errorResponse(to, error, issuer), client)
  }

  const decideStep: Dispatcher['decide'] = (step) =>
    decideFor(step.interaction.request, step.client, step, step.interaction.receivedAt)

  return {
    async begin(request, reply, asked, client, now) {
      const hash = sessionHash(browser.session(request))
      const standing = hash && (await interactions.person(hash, client.client_id, now))
      if (hash && !standing?.person) await clearEnded(hash, reply, deps)
      const at = { person: standing?.person, consent: standing?.consent, now }
      const decision = decideFor(asked, client, at, now)
      switch (decision.is) {
        case 'log-in':
        case 'consent': {
          admission.enter(request, reply, now)
          const id = await steps.open(request, reply, asked, { receivedAt: now, now })
          return reply.redirect(addressOf(decision.is === 'log-in' ? 'login' : 'consent', id), 303)
        }
        case 'refuse': {
          const to = redirected(asked)
          return decline(request, reply, { to, client, pushed: pushedIn(to), now }, refusal(decision.code))
        }
        case 'grant': {
          const to = redirected(asked)
          const { code, row } = newCode(to, client, decision.person, random, now)
          if (!(await codes.issue(row, pushedIn(to)))) throw answered(client)
          await slide(decision.person, now)
          return granted(request, reply, to, code, client)
        }
      }
    },

    decline,
    load: steps.load,
    decide: decideStep,
    pagePath,

    async proceed(request, reply, step) {
      const decision = decideStep(step)
      switch (decision.is) {
        case 'log-in':
          return reply.redirect(addressOf('login', step.id), 303)
        case 'consent':
          return reply.redirect(addressOf('consent', step.id), 303)
        case 'refuse':
          return refuse(request, reply, step, refusal(decision.code))
        case 'grant':
          return finish(request, reply, step, decision.person, undefined)
      }
    },

    async allow(request, reply, step, person) {
      const { scope, resources } = step.interaction.request
      const before = step.consent
      const consent: Consent = {
        scope: [...new Set([...(before?.scope ?? []), ...scope])],
        resources: [...new Set([...(before?.resources ?? []), ...resources])],
        grantedAt: step.now,
      }
      const asked = step.interaction.request
      if (asked.device) return devices.approve(request, reply, step, asked, { person, consent })
      return finish(request, reply, step, person, consent)
    },

    refuse,

    async selected(request, reply, step) {
      const { interaction, client, now } = step
      const prompt = interaction.request.prompt.filter((value) => value !== 'select_account')
      if (prompt.length === interaction.request.prompt.length) return this.proceed(request, reply, step)
      const { receivedAt } = interaction
      const id = await steps.open(request, reply, { ...interaction.request, prompt }, { receivedAt, now })
      // Its successor stands first: a database that fails in between leaves something to go on with.
      if (!(await interactions.complete(interaction.idHash, undefined, undefined, now))) throw completed(client)
      return reply.redirect(addressOf('consent', id), 303)
    },
  }
}

/** For answers that nobody gave on a page: `decide` lets no device have one. */
const redirected = (asked: AuthorizationRequest): RedirectedRequest => {
  if (asked.device) throw new Error('a device was answered without its person')
  return asked
}

const pushedIn = ({ pushedHash }: RedirectedRequest): Buffer | undefined =>
  pushedHash === undefined ? undefined : Buffer.from(pushedHash, 'base64url')
