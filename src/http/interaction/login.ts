import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../../oauth/authorization/response.ts'
import { type LoginFailure, loginPage, selectAccountPage } from '../../pages/login.tsx'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Presenter } from './presentation.ts'
import type { SignIn } from './sign-in.ts'
import type { Step } from './step.ts'

export type LoginOptions = {
  readonly dispatcher: Dispatcher
  readonly browser: Browser
  readonly presenter: Presenter
  readonly signIn: SignIn
  /** Where who has to choose another password does it. */
  readonly newPassword: string
}

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
    const typed = { username, password: form.get('password') ?? '' }
    const result = await options.signIn.attempt(request, reply, typed, step.now)
    // The dispatcher reads afresh who is at the browser: the page that follows is a request of its own.
    if (result.is === 'signed-in')
      return reply.redirect(`${dispatcher.pagePath('consent')}?interaction=${step.id}`, 303)
    if (result.is === 'choose') return reply.redirect(`${options.newPassword}?interaction=${step.id}`, 303)
    const { status, failure } = result
    reply.code(status)
    const decision = dispatcher.decide(step)
    const confirms = decision.is === 'log-in' && decision.why === 'confirm' && step.person?.username === username
    return show(request, reply, step, { failure, username, known: confirms ? step.person : undefined })
  }

  const common = (request: FastifyRequest, reply: FastifyReply, { id, client, interaction }: Step) => ({
    app: client.client_name,
    logo: client.logo_uri,
    ...(client.registration && {
      unverified: { redirectUri: interaction.request.device ? undefined : interaction.request.redirectUri },
    }),
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
    const { policy_uri: policy, tos_uri: terms } = step.client
    const data = { ...common(request, reply, step), links: { policy, terms }, username: loginHint, ...more }
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
