import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../../oauth/client.ts'
import { type AuthenticationDependencies, authenticateClient } from '../../oauth/client-authentication/index.ts'
import { paths } from '../../oauth/metadata.ts'
import type { Parameters } from '../../oauth/parameters.ts'
import type { CertificateOf } from '../client-certificate.ts'
import { valuesOf } from '../header.ts'
import { allowOriginOf } from './cors.ts'

/** Where a client proves who it is, the same at each endpoint. */
export type ClientDoor = {
  /** @throws OAuthError `invalid_client`, `invalid_request` */
  enter(request: FastifyRequest, reply: FastifyReply, parameters: Parameters, path: string, now: Date): Promise<Client>
}

export const createClientDoor = (
  dependencies: Omit<AuthenticationDependencies, 'now'> & {
    readonly certificateOf: CertificateOf
    /** Where certificates are asked for, in place of the issuer. */
    readonly mutualTlsUrl: string | undefined
  },
): ClientDoor => ({
  async enter(request, reply, parameters, path, now) {
    // Before anything can fail: a browser app must be able to read its errors too. A public client names itself here.
    const clientId = parameters.optional('client_id')
    const claimed = clientId === undefined ? undefined : await dependencies.clients.find(clientId)
    allowOriginOf(claimed, request, reply)

    const { authorization, repeated } = authorizationOf(request)
    const certificate = dependencies.certificateOf(request)
    const sent = { authorization, repeated, parameters, certificate, endpoints: endpointsFor(path, dependencies) }
    const client = await authenticateClient(sent, { ...dependencies, now })
    if (!claimed) allowOriginOf(client, request, reply)
    return client
  },
})

/** RFC 7523 §3, RFC 9126 §2: the token endpoint stands for the whole server. RFC 8705 §5: each may go by an alias. */
const endpointsFor = (
  path: string,
  { issuer, mutualTlsUrl }: { readonly issuer: string; readonly mutualTlsUrl: string | undefined },
): readonly string[] =>
  [issuer, ...(mutualTlsUrl === undefined ? [] : [mutualTlsUrl])].flatMap((base) => [base + path, base + paths.token])

/** Node keeps the first of two Authorization headers and drops the other: only the raw list shows both. */
export const authorizationOf = (request: FastifyRequest): { authorization: string | undefined; repeated: boolean } => {
  const { length } = valuesOf(request.raw.rawHeaders, 'authorization')
  return { authorization: request.headers.authorization, repeated: length > 1 }
}
