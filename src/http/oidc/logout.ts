import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { sessionHash } from '../../identity/session.ts'
import type { SessionStore, SignedIn } from '../../identity/stores.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { decideEndSession, type EndSessionRequest } from '../../oauth/end-session.ts'
import { frontChannelUri } from '../../oauth/logout/front-channel.ts'
import type { ParticipantStore } from '../../oauth/logout/stores.ts'
import { paths } from '../../oauth/metadata.ts'
import { type Parameters, parseParameters } from '../../oauth/parameters.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import type { SidOf, SubjectOf } from '../../oauth/subject.ts'
import type { Presentation } from '../../pages/language.ts'
import { type LoggedOut, loggedOutPage, logoutPage } from '../../pages/logout.tsx'
import { asGet } from '../as-get.ts'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'

export type LogoutOptions = {
  readonly issuer: string
  readonly logouts: ParticipantStore
  readonly clients: ClientStore
  readonly sessions: SessionStore
  readonly browser: Browser
  readonly presenter: Presenter
  readonly keys: KeyRing
  readonly subjectOf: SubjectOf
  readonly sidOf: SidOf
  readonly clock: Clock
  readonly basePath: string
}

/** OpenID Connect RP-Initiated Logout 1.0, and the page by which a person logs out without any app. */
export const logout = async (app: FastifyInstance, options: LogoutOptions): Promise<void> => {
  const { issuer, logouts, clients, sessions, browser, presenter, keys, subjectOf, sidOf, clock, basePath } = options

  const signedIn = async (request: FastifyRequest, now: Date): Promise<SignedIn | undefined> => {
    const hash = sessionHash(browser.session(request))
    return hash && sessions.find(hash, now)
  }

  /** @returns what the browser loads so that the apps of the session hear of it (Front-Channel Logout §2) */
  const end = async (reply: FastifyReply, { session }: SignedIn, now: Date): Promise<readonly string[]> => {
    await sessions.end(session.id, 'logged_out', now)
    browser.clearSession(reply)
    const participants = await Promise.all((await logouts.participants(session.id)).map((id) => clients.find(id)))
    return participants.flatMap(
      (client) => (client && frontChannelUri(client, issuer, sidOf(client, session.id))) ?? [],
    )
  }

  const ask = (request: FastifyRequest, reply: FastifyReply, person: SignedIn, uiLocales: readonly string[]) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { person: person.user, csrf, action: `${basePath}/logout` }
    return presenter.send(request, reply, (presentation) => logoutPage(data, presentation), uiLocales)
  }

  const done = (
    request: FastifyRequest,
    reply: FastifyReply,
    { back, frames = [], uiLocales = [] }: LoggedOut & { readonly uiLocales?: readonly string[] },
  ) => {
    if (back && frames.length === 0) return reply.header('cache-control', 'no-store').redirect(back.uri, 303)
    if (back) reply.header('refresh', `2;url=${back.uri}`)
    const origins = [...new Set(frames.map((uri) => new URL(uri).origin))]
    const draw = (presentation: Presentation) => loggedOutPage({ back, frames }, presentation)
    return presenter.send(request, reply, draw, uiLocales, origins)
  }

  /** A hint that is none of ours proves nothing; the person is asked instead (§2). */
  const hintOf = async (parameters: Parameters, now: Date): Promise<EndSessionRequest['hint']> => {
    const token = parameters.optional('id_token_hint')
    const verified = token && (await keys.verify(token, { typ: 'JWT', now, requireUnexpired: false }))
    if (!verified || verified.is === 'invalid') return undefined
    const { aud, sub, sid } = verified.claims
    if (typeof aud !== 'string' || sub === undefined) return undefined
    return { clientId: aud, subject: sub, sid: typeof sid === 'string' ? sid : undefined }
  }

  app.get(paths.logout, async (request, reply) => {
    const now = clock.now()
    const parameters = parseParameters(queryParameters(request))
    parameters.refuseRepeats()
    const hint = await hintOf(parameters, now)
    const asked: EndSessionRequest = {
      hint,
      clientId: parameters.optional('client_id'),
      postLogoutRedirectUri: parameters.optional('post_logout_redirect_uri'),
      state: parameters.optional('state'),
    }
    const uiLocales = (parameters.optional('ui_locales') ?? '').split(' ')
    const person = await signedIn(request, now)
    const client = hint && (await clients.find(hint.clientId))
    const session = person && {
      subject: client ? subjectOf(client, person.user.id) : person.user.id,
      sid: client ? sidOf(client, person.session.id) : person.session.id,
    }
    const decision = decideEndSession(asked, client, session)
    if (decision.is === 'ask')
      return person ? ask(request, reply, person, uiLocales) : done(request, reply, { uiLocales })
    const frames = decision.is === 'end' && person ? await end(reply, person, now) : []
    const uri = decision.returnTo
    const back = client && uri !== undefined ? { app: client.client_name, uri } : undefined
    return done(request, reply, { back, frames, uiLocales })
  })

  // §2: GET and POST.
  app.post(paths.logout, async (request, reply) => asGet(request, reply, 'unreadable'))

  app.get('/logout', async (request, reply) => {
    const person = await signedIn(request, clock.now())
    return person ? ask(request, reply, person, []) : done(request, reply, {})
  })

  app.post('/logout', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const now = clock.now()
    const person = await signedIn(request, now)
    if (form.get('decision') === 'stay') return reply.redirect(`${basePath}/account`, 303)
    return done(request, reply, { frames: person ? await end(reply, person, now) : [] })
  })
}
