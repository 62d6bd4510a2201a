import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { parseRequest, replyTo, Unredirectable } from '../../oauth/authorization/parse.ts'
import { checkPresentation } from '../../oauth/authorization/presentation.ts'
import { type PresentationDependencies, presented, SpentRequestUri } from '../../oauth/authorization/presented.ts'
import { isSigned, responseAlgorithm } from '../../oauth/authorization/response.ts'
import type { Client, SigningAlgorithm } from '../../oauth/client.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { type Parameters, parseParameters } from '../../oauth/parameters.ts'
import { requireKeys } from '../../oauth/signing.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import { asGet } from '../as-get.ts'
import { queryParameters } from '../form-body.ts'
import type { Dispatcher } from '../interaction/dispatcher.ts'
import { PageError } from '../page-error.ts'
import type { HintedSubject } from './id-token-hint.ts'

export type AuthorizeOptions = {
  readonly issuer: string
  readonly clients: ClientStore
  readonly presentation: Omit<PresentationDependencies, 'issuer' | 'now'>
  readonly dispatcher: Dispatcher
  readonly hintedSubject: HintedSubject
  readonly clock: Clock
  /** This server has a key for each. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** On loopback only: error pages say what was received and what is registered. */
  readonly explains: boolean
}

/** RFC 6749 §3.1, OIDC Core §3.1.2. */
export const authorize = async (app: FastifyInstance, options: AuthorizeOptions): Promise<void> => {
  const { issuer, clients, presentation, dispatcher, hintedSubject, clock, algorithms } = options

  const handle = async (request: FastifyRequest, reply: FastifyReply, sent: Parameters) => {
    const now = clock.now()
    const asker = await orPage(undefined, options, () => clientOf(sent, clients))
    const { parameters, how, pushed, to, client } = await orPage(asker, options, async () => {
      const found = await presented(sent, asker, { ...presentation, issuer, now })
      const { client, ...to } = replyTo(found.parameters, asker)
      // An answer that cannot be signed cannot be given, not even as an error.
      if (isSigned(to.responseMode)) requireKeys([responseAlgorithm(client)], algorithms)
      return { ...found, to, client }
    })
    try {
      checkPresentation(client, how)
      const hinted = await hintedSubject(parameters.optional('id_token_hint'), client.client_id)
      const asked = parseRequest(parameters, client, to, hinted, issuer)
      const whole = pushed
        ? { ...asked, dpopJkt: pushed.jkt ?? asked.dpopJkt, pushedHash: pushed.hash.toString('base64url') }
        : asked
      return await dispatcher.begin(request, reply, whole, client, now)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      return dispatcher.decline(request, reply, { to, client, pushed: pushed?.hash, now }, error)
    }
  }

  // HEAD is safe (RFC 9110 §9.2.1), and this may grant, or spend what was pushed.
  app.get(paths.authorize, { exposeHeadRoute: false }, async (request, reply) => {
    const sent = await orPage(undefined, options, async () => parseParameters(queryParameters(request)))
    return handle(request, reply, sent)
  })

  // OIDC Core §3.1.2.1: GET and POST.
  app.post(paths.authorize, async (request, reply) => asGet(request, reply, 'request'))
}

const clientOf = async (parameters: Parameters, clients: ClientStore): Promise<Client | undefined> => {
  if (parameters.repeats.includes('client_id')) return undefined
  const clientId = parameters.optional('client_id')
  const client = clientId === undefined ? undefined : await clients.find(clientId)
  return client?.disabledAt ? undefined : client
}

/** @throws PageError where nobody may be redirected to */
const orPage = async <T>(
  asker: Client | undefined,
  { explains }: AuthorizeOptions,
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const comparisons =
      error instanceof Unredirectable && error.subject === 'redirect_uri'
        ? [{ parameter: 'redirect_uri', received: error.received, registered: error.registered }]
        : []
    throw new PageError(400, kindOf(error), error.code, error.reason, {
      clientId: asker?.client_id,
      ...(explains && { developer: { check: error.description, comparisons } }),
    })
  }
}

const kindOf = (error: OAuthError) => {
  if (error instanceof SpentRequestUri) return 'completed'
  return error instanceof Unredirectable ? error.subject : 'request'
}
