import type { Client } from '../client.ts'
import { invalidClient, invalidRequest } from '../errors.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'
import { none } from './none.ts'
import { privateKeyJwt } from './private-key-jwt.ts'

export { createKeysOf, type KeysOf, type RemoteKeys } from './keys.ts'
export type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'

/** Discovery lists these. */
export const methods: readonly Method[] = [clientSecretBasic, clientSecretPost, privateKeyJwt, none]

const longestHeader = 8 * 1024

/**
 * Who calls a back-channel endpoint: RFC 6749 §2.3, §3.2.1.
 * @throws OAuthError invalid_client with one text for whatever failed, or invalid_request when the request is malformed
 */
export const authenticateClient = async (request: ClientRequest, deps: AuthenticationDependencies): Promise<Client> => {
  const method = presented(request)
  const claimed = request.parameters.optional('client_id')
  const clientIds = method
    .clientIds(request)
    .filter((id) => isPlausible(id) && (claimed === undefined || id === claimed))
  const client = await find(clientIds, method, deps)
  await method.authenticate(request, client, deps)
  if (!client) throw invalidClient(`${method.name} let an unknown client pass`)
  return client
}

/** RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request." */
const presented = (request: ClientRequest): Method => {
  const { authorization, repeated } = request
  if (repeated) throw invalidRequest('More than one Authorization header was sent.')
  if (authorization !== undefined && authorization.length > longestHeader)
    throw invalidRequest('The Authorization header is too long.')
  const [method, ...others] = methods.filter((each) => each.recognizes(request))
  if (others.length > 0) throw invalidRequest('The client used more than one authentication method (RFC 6749 §2.3).')
  if (authorization !== undefined && method !== clientSecretBasic)
    throw invalidClient('the Authorization header has a scheme other than Basic')
  if (!method) throw invalidClient('the request has no client authentication')
  return method
}

/** Disabled, or registered for another method, is the same as unknown: the answer says nothing of which it was. */
const find = async (
  clientIds: readonly string[],
  method: Method,
  { clients }: AuthenticationDependencies,
): Promise<Client | undefined> => {
  for (const clientId of clientIds) {
    const client = await clients.find(clientId)
    if (client && !client.disabledAt && client.token_endpoint_auth_method === method.name) return client
  }
  return undefined
}

/** What no client id is, storage is not asked about: a NUL is an error to PostgreSQL. */
const isPlausible = (clientId: string): boolean => clientId.length <= 256 && !/[\p{Cc}\p{Cs}\u{fffd}]/u.test(clientId)
