import type { ClientMetadata } from '../client.ts'
import { methods } from '../client-authentication/index.ts'
import type { Method } from '../client-authentication/method.ts'

/**
 * How the certificates of clients can arrive here.
 * @property url where the endpoints are that ask for one, in place of the issuer; undefined: at the issuer's own
 * @property authorities whether any are named that vouch for them
 */
export type MutualTls = { readonly url: string | undefined; readonly authorities: boolean }

/** Whether a way to authenticate can work at all. */
export const works =
  (mutualTls: MutualTls | undefined) =>
  ({ needs }: Pick<Method, 'needs'>): boolean =>
    needs === undefined || (mutualTls !== undefined && (needs === 'certificates' || mutualTls.authorities))

/** What a client is registered for and cannot have here: it could never get a token. */
export const missingFor = (client: ClientMetadata, mutualTls: MutualTls | undefined): Method['needs'] => {
  const method = methods.find(({ name }) => name === client.token_endpoint_auth_method)
  const needs = method?.needs ?? (client.tls_client_certificate_bound_access_tokens ? 'certificates' : undefined)
  if (needs === undefined || works(mutualTls)({ needs })) return undefined
  return mutualTls ? needs : 'certificates'
}

/** RFC 8705 §5: those that a client calls, not a person's browser. */
const aliased = [
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
]

/** RFC 8705 §3.3, §5, of the endpoints that `document` names below `issuer`. */
export const mutualTlsMetadata = (
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  mutualTls: MutualTls | undefined,
) =>
  mutualTls && {
    tls_client_certificate_bound_access_tokens: true,
    ...(mutualTls.url !== undefined && {
      mtls_endpoint_aliases: Object.fromEntries(
        aliased.flatMap((name) => {
          const endpoint = document[name]
          return typeof endpoint === 'string' ? [[name, mutualTls.url + endpoint.slice(issuer.length)]] : []
        }),
      ),
    }),
  }
