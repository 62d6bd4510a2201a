import type { FastifyInstance } from 'fastify'
import { networkShown } from '../../network.ts'
import type { AuthorizationRequest } from '../../oauth/authorization/request.ts'
import { refusal } from '../../oauth/authorization/response.ts'
import { type Asked, consentPage, type Next } from '../../pages/consent.tsx'
import { deviceParts } from '../../user-agent.ts'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Presenter } from './presentation.ts'

export type ConsentOptions = {
  readonly dispatcher: Dispatcher
  readonly browser: Browser
  readonly presenter: Presenter
}

export const consent = async (
  app: FastifyInstance,
  { dispatcher, browser, presenter }: ConsentOptions,
): Promise<void> => {
  app.get('/consent', async (request, reply) => {
    const step = await dispatcher.load(request, queryParameters(request).get('interaction') ?? undefined)
    const decision = dispatcher.decide(step)
    if (decision.is !== 'consent') return dispatcher.proceed(request, reply, step)
    const { client, interaction } = step
    const { request: question } = interaction
    const { scope, resources, uiLocales } = question
    const data = {
      client: {
        name: client.client_name,
        uri: client.client_uri,
        logo: client.logo_uri,
        policy: client.policy_uri,
        terms: client.tos_uri,
        unverified: client.registration !== undefined,
      },
      person: decision.person,
      scope: asked(scope, step.consent?.scope),
      resources: asked(resources, step.consent?.resources),
      next: nextOf(question),
      interaction: step.id,
      csrf: browser.csrf(browser.id(request, reply)),
      action: dispatcher.pagePath('consent'),
    }
    return presenter.send(request, reply, (presentation) => consentPage(data, presentation), uiLocales)
  })

  app.post('/consent', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const step = await dispatcher.load(request, form.get('interaction') ?? undefined)
    // A no is a no, whatever was allowed in another tab since the page was shown.
    if (form.get('decision') !== 'allow') return dispatcher.refuse(request, reply, step, refusal('access_denied'))
    const decision = dispatcher.decide(step)
    // S5: who is logged in may have changed in another tab: then that comes first again, or that other person is asked.
    if (decision.is !== 'consent' || form.get('person') !== decision.person.userId)
      return dispatcher.proceed(request, reply, step)
    return dispatcher.allow(request, reply, step, decision.person)
  })
}

const asked = (names: readonly string[], before: readonly string[] | undefined): readonly Asked[] =>
  names.map((name) => ({ name, added: before !== undefined && !before.includes(name) }))

const nextOf = (asked: AuthorizationRequest): Next => {
  if (!asked.device) return { is: 'redirect', uri: asked.redirectUri }
  const { userCode, userAgent, ip, askedAt } = asked.device
  return { is: 'device', userCode, name: deviceParts(userAgent), network: networkShown(ip), at: new Date(askedAt) }
}
