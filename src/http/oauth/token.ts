import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { sessionHash } from '../../identity/session.ts'
import type { InteractionStore } from '../../oauth/authorization/stores.ts'
import type { Client, SigningAlgorithm } from '../../oauth/client.ts'
import { OAuthError, unauthorizedClient } from '../../oauth/errors.ts'
import type { GrantDependencies } from '../../oauth/grants/grant.ts'
import { grantTypes } from '../../oauth/grants/index.ts'
import { paths } from '../../oauth/metadata.ts'
import type { RegistrationStore } from '../../oauth/registration/stores.ts'
import type { Sender } from '../../oauth/sender-constraint/index.ts'
import { requireKeys } from '../../oauth/signing.ts'
import { type IssueDependencies, issue } from '../../oauth/tokens/issue.ts'
import type { Browser } from '../browser.ts'
import { originOf } from '../origin.ts'
import type { ClientDoor } from './client-door.ts'
import { clientEndpoint } from './client-endpoint.ts'
import { createRefreshCookies } from './refresh-cookie.ts'
import type { SenderDoor } from './sender-door.ts'

export type TokenOptions = {
  readonly door: ClientDoor
  readonly senders: SenderDoor
  readonly clock: Clock
  readonly grants: Omit<GrantDependencies, 'now' | 'origin' | 'refreshCookie' | 'sessionAtBrowser' | 'sender'>
  readonly issuing: Omit<IssueDependencies, 'now'>
  readonly browser: Pick<Browser, 'session'>
  readonly interactions: Pick<InteractionStore, 'person'>
  /** This server has a key for each. */
  readonly algorithms: readonly SigningAlgorithm[]
  readonly registrations: Pick<RegistrationStore, 'markUsed'>
}

/** RFC 6749 §3.2. The endpoint owns the steps that every grant shares, so that none can forget one. */
export const token = async (app: FastifyInstance, options: TokenOptions): Promise<void> => {
  const { door, senders, clock, grants, issuing, browser, interactions, algorithms, registrations } = options
  const cookies = createRefreshCookies(grants.issuer)
  await app.register(fastifyCookie)

  clientEndpoint(app, paths.token, { door, senders, clock }, async (call) => {
    const { request, reply, parameters, client, proof, now } = call
    const name = parameters.required('grant_type')
    const grant = grantTypes.find((known) => known.name === name)
    if (!grant) {
      const served = grantTypes.map((known) => known.name).join(', ')
      throw new OAuthError('unsupported_grant_type', `This server serves the grant types ${served}.`)
    }
    if (!client.grant_types.includes(grant.name)) {
      throw unauthorizedClient(`This client is not registered for the grant type ${grant.name}.`)
    }
    // Before a code is spent for what cannot be signed.
    requireKeys(signedWith(client), algorithms)
    issuing.algorithmFor(parameters.list('resource'))
    const refreshCookie = cookies.read(request, client)
    const sessionAtBrowser = async () => {
      const hash = sessionHash(browser.session(request))
      return hash && (await interactions.person(hash, client.client_id, now))?.person.sessionId
    }
    let proven: Promise<Sender> | undefined
    const sender = () => {
      proven ??= senders.senderOf(request, client, proof, now)
      return proven
    }
    const presented = { now, origin: originOf(request), refreshCookie, sessionAtBrowser, sender }
    const authorization = await grant.authorize(parameters, client, { ...grants, ...presented })
    const response = await issue(authorization, client, { ...issuing, now })
    // Of clients that registered themselves, once a day. The tokens are good whether it could be written or not.
    if (client.registration)
      await registrations.markUsed(client.client_id, now).catch((err: unknown) => {
        request.log.warn({ err }, 'that a client is used was not written down; its next login tries again')
      })
    return cookies.deliver(reply, response, authorization, now)
  })
}

/** The tokens, and what they are for. */
const signedWith = (client: Client) => [
  client.access_token_signed_response_alg,
  client.id_token_signed_response_alg,
  client.userinfo_signed_response_alg,
]
