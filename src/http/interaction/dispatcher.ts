import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, later } from '../../clock.ts'
import { type SessionPolicy, sessionHash, touched } from '../../identity/session.ts'
import type { SessionStore } from '../../identity/stores.ts'
import { type Decision, decide } from '../../oauth/authorization/decide.ts'
import type { AuthorizationRequest } from '../../oauth/authorization/request.ts'
import { type AuthorizationResponse, codeResponse, errorResponse, refusal } from '../../oauth/authorization/response.ts'
import { type Client, isPublic } from '../../oauth/client.ts'
import type { OAuthError } from '../../oauth/errors.ts'
import type { ClientStore, CodeStore, Consent, Interaction, InteractionStore, Person } from '../../oauth/stores.ts'
import { formPostPage } from '../../pages/form-post.tsx'
import { type Random, secret } from '../../random.ts'
import { type Browser, hashOf } from '../browser.ts'
import { PageError } from '../page-error.ts'
import type { Admission } from './admission.ts'
import { newCode } from './new-code.ts'
import type { Presenter } from './presentation.ts'

/** Ten minutes to log in and to consent. */
const interactionLifetime = 600

/** An interaction with who is at the browser now, and the client that waits for it. */
export type Step = {
  readonly id: string
  readonly interaction: Interaction
  readonly client: Client
  readonly person: Person | undefined
  readonly consent: Consent | undefined
  readonly now: Date
}

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
  /** @throws PageError for an interaction that is unknown, over, done, or another browser's */
  load(request: FastifyRequest, id: string | undefined): Promise<Step>
  decide(step: Step): Decision
  /** Below the issuer's own path. */
  pagePath(page: 'login' | 'consent'): string
  /** Sends the browser to the page that `decide` asks for, or back to the client. */
  proceed(request: FastifyRequest, reply: FastifyReply, step: Step): Promise<FastifyReply>
  /** The person allowed what was asked. */
  allow(request: FastifyRequest, reply: FastifyReply, step: Step, person: Person): Promise<FastifyReply>
  refuse(request: FastifyRequest, reply: FastifyReply, step: Step, error: OAuthError): Promise<FastifyReply>
  /** The same request without the account page, which the person has just answered. */
  selected(request: FastifyRequest, reply: FastifyReply, step: Step): Promise<FastifyReply>
  deliver(request: FastifyRequest, reply: FastifyReply, response: AuthorizationResponse, app: string): FastifyReply
}

export const createDispatcher = (deps: {
  readonly issuer: string
  readonly clients: ClientStore
  readonly codes: CodeStore
  readonly interactions: InteractionStore
  readonly sessions: Pick<SessionStore, 'touch'>
  readonly sessionPolicy: SessionPolicy
  readonly browser: Browser
  readonly admission: Admission
  readonly presenter: Presenter
  readonly clock: Clock
  readonly random: Random
}): Dispatcher => {
  const {
    issuer,
    clients,
    codes,
    interactions,
    sessions,
    sessionPolicy,
    browser,
    admission,
    presenter,
    clock,
    random,
  } = deps

  const basePath = new URL(issuer).pathname.replace(/\/$/, '')
  const pagePath: Dispatcher['pagePath'] = (page) => `${basePath}/${page}`
  const addressOf = (page: 'login' | 'consent', id: string) => `${pagePath(page)}?interaction=${id}`

  const decideFor = (
    asked: AuthorizationRequest,
    client: Client,
    at: Pick<Step, 'person' | 'consent' | 'now'>,
    receivedAt: Date,
  ) => {
    const isImitable = isPublic(client) && !asked.redirectUri.startsWith('https:')
    return decide(asked, { ...at, firstParty: client.first_party, isImitable, receivedAt })
  }

  const store = async (
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    at: { readonly receivedAt: Date; readonly now: Date },
  ): Promise<string> => {
    const id = secret(random, 'tsi_')
    await interactions.create({
      idHash: hashOf(id),
      browserHash: hashOf(browser.id(request, reply)),
      clientId: asked.clientId,
      request: asked,
      receivedAt: at.receivedAt,
      expiresAt: later(at.now, interactionLifetime),
      completedAt: undefined,
    })
    return id
  }

  /** A session lives on while its person uses it, without a write for each use. */
  const slide = async (person: Person, now: Date): Promise<void> => {
    const idleExpiresAt = touched(person, sessionPolicy, now)
    if (idleExpiresAt) await sessions.touch(person.sessionId, now, idleExpiresAt)
  }

  const deliver: Dispatcher['deliver'] = (request, reply, response, app) => {
    // R14: 303, so that no browser sends a password on; R15: the address must not travel further.
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
    if (response.mode === 'query') return reply.redirect(response.location, 303)
    const { action, fields } = response
    return presenter.send(request, reply, (presentation) =>
      formPostPage({ app, redirectUri: action, parameters: Object.entries(fields) }, presentation),
    )
  }

  const finish = async (
    request: FastifyRequest,
    reply: FastifyReply,
    step: Step,
    person: Person,
    consent: Consent | undefined,
  ) => {
    const { interaction, client, now } = step
    const { code, row } = newCode(interaction.request, client, person, random, now)
    if (!(await interactions.complete(interaction.idHash, row, consent, now))) throw completed(client)
    admission.leave(request, now)
    return deliver(request, reply, codeResponse(interaction.request, code, issuer), client.client_name)
  }

  const refuse: Dispatcher['refuse'] = async (request, reply, { interaction, client, now }, error) => {
    if (!(await interactions.complete(interaction.idHash, undefined, undefined, now))) throw completed(client)
    return deliver(request, reply, errorResponse(interaction.request, error, issuer), client.client_name)
  }

  const decideStep: Dispatcher['decide'] = (step) =>
    decideFor(step.interaction.request, step.client, step, step.interaction.receivedAt)

  return {
    async begin(request, reply, asked, client, now) {
      const hash = sessionHash(browser.session(request))
      const standing = hash && (await interactions.person(hash, client.client_id, now))
      const at = { person: standing?.person, consent: standing?.consent, now }
      const decision = decideFor(asked, client, at, now)
      switch (decision.is) {
        case 'log-in':
        case 'consent': {
          admission.enter(request, reply, now)
          const id = await store(request, reply, asked, { receivedAt: now, now })
          return reply.redirect(addressOf(decision.is === 'log-in' ? 'login' : 'consent', id), 303)
        }
        case 'refuse':
          return deliver(request, reply, errorResponse(asked, refusal(decision.code), issuer), client.client_name)
        case 'grant': {
          const { code, row } = newCode(asked, client, decision.person, random, now)
          await codes.issue(row)
          await slide(decision.person, now)
          return deliver(request, reply, codeResponse(asked, code, issuer), client.client_name)
        }
      }
    },

    async load(request, id) {
      const now = clock.now()
      if (id === undefined || !/^tsi_[\w-]{43}$/.test(id))
        throw new PageError(400, 'expired', 'invalid_request', 'no interaction')
      const found = await interactions.find(hashOf(id), sessionHash(browser.session(request)), now)
      if (!found) throw new PageError(400, 'expired', 'invalid_request', 'the interaction is unknown, or swept')
      const { interaction, person, consent } = found
      if (!browser.hash(request)?.equals(interaction.browserHash))
        throw new PageError(403, 'other_browser', 'access_denied', 'the interaction belongs to another browser')
      const client = await clients.find(interaction.clientId)
      if (!client || client.disabledAt)
        throw new PageError(400, 'client', 'invalid_request', 'the client is gone since')
      if (interaction.completedAt) throw completed(client)
      if (interaction.expiresAt <= now)
        throw new PageError(400, 'expired', 'invalid_request', 'the interaction expired', appOf(client))
      return { id, interaction, client, person, consent, now }
    },

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
      return finish(request, reply, step, person, consent)
    },

    refuse,

    async selected(request, reply, step) {
      const { interaction, client, now } = step
      const prompt = interaction.request.prompt.filter((value) => value !== 'select_account')
      if (prompt.length === interaction.request.prompt.length) return this.proceed(request, reply, step)
      const { receivedAt } = interaction
      const id = await store(request, reply, { ...interaction.request, prompt }, { receivedAt, now })
      // Its successor stands first: a database that fails in between leaves something to go on with.
      if (!(await interactions.complete(interaction.idHash, undefined, undefined, now))) throw completed(client)
      return reply.redirect(addressOf('consent', id), 303)
    },

    deliver,
  }
}

const appOf = ({ client_name: name, client_uri: uri }: Client) => ({ app: { name, uri } })

const completed = (client: Client): PageError =>
  new PageError(400, 'completed', 'invalid_request', 'the interaction was completed before', appOf(client))
