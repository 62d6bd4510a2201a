import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { deviceLifetime, deviceToken } from '../../identity/device.ts'
import { type LoginResult, logIn } from '../../identity/login.ts'
import { newSession, renewedSession, type SessionPolicy, sessionHash } from '../../identity/session.ts'
import type { SessionStore, User } from '../../identity/stores.ts'
import { parseUsername } from '../../identity/username.ts'
import { refusal } from '../../oauth/authorization/response.ts'
import { type LoginFailure, loginPage, selectAccountPage } from '../../pages/login.tsx'
import type { Random } from '../../random.ts'
import type { Browser } from '../browser.ts'
import { clientAddress } from '../client-address.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import { originOf } from '../origin.ts'
import type { Dispatcher, Step } from './dispatcher.ts'
import type { Presenter } from './presentation.ts'

export type LoginDependencies = Parameters<typeof logIn>[0]

export type LoginOptions = {
  readonly dispatcher: Dispatcher
  readonly browser: Browser
  readonly presenter: Presenter
  readonly sessions: SessionStore
  readonly policy: SessionPolicy
  readonly logIn: LoginDependencies
  readonly random: Random
}

const statuses = { refused: 401, wait: 429, busy: 503 } as const

/** The one authentication context there is so far: a password. ISO/IEC 29115 level 1. */
const acr = '1'

export const login = async (app: FastifyInstance, options: LoginOptions): Promise<void> => {
  const { dispatcher, browser, presenter } = options

  app.get('/login', async (request, reply) => {
    const query = queryParameters(request)
    const step = await dispatcher.load(request, query.get('interaction') ?? undefined)
    const decision = dispatcher.decide(step)
    if (decision.is !== 'log-in') return dispatcher.proceed(request, reply, step)
    const selects = decision.why === 'another' && step.interaction.request.prompt.includes('select_account')
    if (selects && step.person && query.get('account') !== 'other')
      return showAccounts(request, reply, step, step.person)
    const known = decision.why === 'confirm' && query.get('account') !== 'other' ? step.person : undefined
    return show(request, reply, step, { known })
  })

  app.post('/login', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const step = await dispatcher.load(request, form.get('interaction') ?? undefined)
    switch (form.get('decision')) {
      case 'cancel':
        return dispatcher.refuse(request, reply, step, refusal('access_denied'))
      case 'other':
        return reply.redirect(`${dispatcher.pagePath('login')}?interaction=${step.id}&account=other`, 303)
      case 'continue':
        if (!step.person) return dispatcher.proceed(request, reply, step)
        // S5: somebody else logged in after the page was shown, in another tab.
        if (form.get('person') !== step.person.userId) return showAccounts(request, reply, step, step.person)
        return dispatcher.selected(request, reply, step)
      default:
        return attempt(request, reply, step, form)
    }
  })

  const attempt = async (request: FastifyRequest, reply: FastifyReply, step: Step, form: URLSearchParams) => {
    const username = form.get('username') ?? ''
    const sent = {
      username,
      password: form.get('password') ?? '',
      ip: clientAddress(request),
      device: browser.device(request),
    }
    const result = await logIn(options.logIn, sent, step.now)
    if (result.is === 'authenticated') {
      await signIn(request, reply, step, result)
      // The dispatcher reads afresh who is at the browser: the page that follows is a request of its own.
      return reply.redirect(`${dispatcher.pagePath('consent')}?interaction=${step.id}`, 303)
    }
    reply.code(statuses[result.is])
    if (result.is !== 'refused') reply.header('retry-after', String(result.seconds))
    const failure: LoginFailure = result.is === 'refused' ? { is: 'wrong' } : result
    const decision = dispatcher.decide(step)
    const confirms = decision.is === 'log-in' && decision.why === 'confirm' && step.person?.username === username
    return show(request, reply, step, { failure, username, known: confirms ? step.person : undefined })
  }

  /** S1: a new cookie at each change of authority; the same person keeps the session, another one ends it. */
  const signIn = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { now }: Step,
    { user, amr, forgive }: Extract<LoginResult, { is: 'authenticated' }>,
  ): Promise<void> => {
    const { sessions, policy, random } = options
    const hash = sessionHash(browser.session(request))
    const current = hash && (await sessions.find(hash, now))
    const renewed =
      current?.user.id === user.id ? renewedSession(current.session, { amr, acr }, policy, random, now) : undefined
    if (current && renewed && (await sessions.renew(current.session.id, renewed.tokenHash, renewed.session, forgive))) {
      browser.setSession(reply, renewed.token)
    } else {
      if (current) await sessions.end(current.session.id, 'replaced', now)
      const fresh = newSession({ userId: user.id, amr, acr, ...originOf(request) }, policy, random, now)
      await sessions.create(fresh.session, fresh.tokenHash, forgive)
      browser.setSession(reply, fresh.token)
    }
    rememberDevice(reply, user, now)
  }

  const rememberDevice = (reply: FastifyReply, user: User, now: Date): void => {
    const key = parseUsername(user.username)?.key
    if (key === undefined) return
    browser.setDevice(reply, deviceToken(options.logIn.deviceSecrets, key, options.random, now), deviceLifetime)
  }

  const common = (request: FastifyRequest, reply: FastifyReply, { id, client }: Step) => ({
    app: client.client_name,
    logo: client.logo_uri,
    interaction: id,
    csrf: browser.csrf(browser.id(request, reply)),
    action: dispatcher.pagePath('login'),
  })

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    step: Step,
    more: {
      readonly known?: { readonly username: string } | undefined
      readonly failure?: LoginFailure
      readonly username?: string
    },
  ) => {
    const { loginHint, uiLocales } = step.interaction.request
    const data = { ...common(request, reply, step), username: loginHint, ...more }
    return presenter.send(request, reply, (presentation) => loginPage(data, presentation), uiLocales)
  }

  const showAccounts = (
    request: FastifyRequest,
    reply: FastifyReply,
    step: Step,
    person: { readonly username: string; readonly userId: string },
  ) =>
    presenter.send(
      request,
      reply,
      (presentation) => selectAccountPage({ ...common(request, reply, step), person }, presentation),
      step.interaction.request.uiLocales,
    )
}
