import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { parseRequest, replyTo, Unredirectable } from '../../oauth/authorization/parse.ts'
import { errorResponse } from '../../oauth/authorization/response.ts'
import type { Client } from '../../oauth/client.ts'
import { invalidRequest, OAuthError } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { type Parameters, parseParameters } from '../../oauth/parameters.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import { asGet } from '../as-get.ts'
import { queryParameters } from '../form-body.ts'
import type { Deliver } from '../interaction/delivery.ts'
import type { Dispatcher } from '../interaction/dispatcher.ts'
import { PageError } from '../page-error.ts'

export type AuthorizeOptions = {
  readonly issuer: string
  readonly clients: ClientStore
  readonly dispatcher: Dispatcher
  readonly deliver: Deliver
  readonly keys: KeyRing
  readonly clock: Clock
  /** On loopback only: error pages say what was received and what is registered. */
  readonly explains: boolean
}

/** RFC 6749 §3.1, OIDC Core §3.1.2. */
export const authorize = async (app: FastifyInstance, options: AuthorizeOptions): Promise<void> => {
  const { issuer, clients, dispatcher, deliver, keys, clock } = options

  const handle = async (request: FastifyRequest, reply: FastifyReply, parameters: Parameters) => {
    const now = clock.now()
    const { client, ...to } = whereTo(parameters, await clientOf(parameters, clients), options)
    try {
      const hint = await verifyHint(parameters.optional('id_token_hint'), to.clientId, keys, now)
      const asked = parseRequest(parameters, client, to, hint, issuer)
      return await dispatcher.begin(request, reply, asked, client, now)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      request.log.info({ error: error.code, reason: error.reason, client_id: to.clientId }, 'refused by redirect')
      return deliver(request, reply, errorResponse(to, error, issuer), client)
    }
  }

  app.get(paths.authorize, async (request, reply) => handle(request, reply, parseParameters(queryParameters(request))))

  // OIDC Core §3.1.2.1: GET and POST.
  app.post(paths.authorize, async (request, reply) => asGet(request, reply))
}

const clientOf = async (parameters: Parameters, clients: ClientStore): Promise<Client | undefined> => {
  if (parameters.repeats.includes('client_id')) return undefined
  const clientId = parameters.optional('client_id')
  return clientId === undefined ? undefined : clients.find(clientId)
}

/** @throws PageError where nobody may be redirected to */
const whereTo = (parameters: Parameters, client: Client | undefined, { explains }: AuthorizeOptions) => {
  try {
    return replyTo(parameters, client)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const subject = error instanceof Unredirectable ? error.subject : 'request'
    const comparisons =
      error instanceof Unredirectable && error.subject === 'redirect_uri'
        ? [{ parameter: 'redirect_uri', received: error.received, registered: error.registered }]
        : []
    throw new PageError(400, subject, error.code, error.reason, {
      ...(explains && { developer: { check: error.description, comparisons } }),
    })
  }
}

/** R20: an ID token of ours for this client, expired or not. Anything else is refused rather than ignored. */
const verifyHint = async (
  hint: string | undefined,
  clientId: string,
  keys: KeyRing,
  now: Date,
): Promise<string | undefined> => {
  if (hint === undefined) return undefined
  const verified = await keys.verify(hint, { typ: 'JWT', audience: clientId, now, requireUnexpired: false })
  if (verified.is === 'invalid' || verified.claims.sub === undefined)
    throw invalidRequest('id_token_hint is not an ID token that this server issued to this client.')
  return verified.claims.sub
}
