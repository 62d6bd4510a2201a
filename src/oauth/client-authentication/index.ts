import type { Client } from '../client.ts'
import { invalidClient, invalidRequest, refusedTo } from '../errors.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'
import { none } from './none.ts'
import { privateKeyJwt } from './private-key-jwt.ts'
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.ts'
import { tlsClientAuth } from './tls-client-auth.ts'

export { createKeysOf, type KeysOf, type RemoteKeys } from './keys.ts'
export type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'

/** Discovery lists these, but for what cannot work here. */
export const methods: readonly Method[] = [
  clientSecretBasic,
  clientSecretPost,
  privateKeyJwt,
  tlsClientAuth,
  selfSignedTlsClientAuth,
  none,
]

const longestHeader = 8 * 1024

/**
 * Who calls a back-channel endpoint: RFC 6749 §2.3, §3.2.1.
 * @throws OAuthError invalid_client with one text for whatever failed, or invalid_request when the request is malformed
 */
export const authenticateClient = async (request: ClientRequest, deps: AuthenticationDependencies): Promise<Client> => {
  const [first, ...others] = presented(request)
  const claimed = request.parameters.optional('client_id')
  const clientIds = first
    .clientIds(request)
    .filter((id) => isPlausible(id) && (claimed === undefined || id === claimed))
  const { client, method } = (await find(clientIds, [first, ...others], deps)) ?? { client: undefined, method: first }
  const prove = async () => method.authenticate(request, client, deps)
  await (client ? refusedTo(client, prove) : prove())
  if (!client) throw invalidClient(`${method.name} let an unknown client pass`)
  return client
}

/**
 * RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request." There are several only
 * where the request does not tell them apart.
 */
const presented = (request: ClientRequest): readonly [Method, ...Method[]] => {
  const { authorization, repeated } = request
  if (repeated) throw invalidRequest('More than one Authorization header was sent.')
  if (authorization !== undefined && authorization.length > longestHeader)
    throw invalidRequest('The Authorization header is too long.')
  const [method, ...others] = methods.filter((each) => each.recognizes(request))
  if (others.some(({ byRegistration }) => !byRegistration))
    throw invalidRequest('The client used more than one authentication method (RFC 6749 §2.3).')
  if (authorization !== undefined && method !== clientSecretBasic)
    throw invalidClient('the Authorization header has a scheme other than Basic')
  if (!method) throw invalidClient('the request has no client authentication')
  return [method, ...others]
}

/** Disabled, or registered for another method, is the same as unknown: the answer says nothing of which it was. */
const find = async (
  clientIds: readonly string[],
  presented: readonly Method[],
  { clients }: AuthenticationDependencies,
): Promise<{ readonly client: Client; readonly method: Method } | undefined> => {
  for (const clientId of clientIds) {
    const client = await clients.find(clientId)
    const method = presented.find(({ name }) => name === client?.token_endpoint_auth_method)
    if (client && method && !client.disabledAt) return { client, method }
  }
  return undefined
}

/** What no client id is, storage is not asked about: a NUL is an error to PostgreSQL. */
const isPlausible = (clientId: string): boolean => clientId.length <= 256 && !/[\p{Cc}\p{Cs}\u{fffd}]/u.test(clientId)
