import type { ClientMetadata, SigningAlgorithm } from './client.ts'
import { unauthorizedClient } from './errors.ts'

/** What this server signs for a client, by the field that says with which algorithm. */
const signed = [
  'id_token_signed_response_alg',
  'access_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
] as const

type Unsignable = { readonly field: (typeof signed)[number]; readonly algorithm: SigningAlgorithm }

/** What a client is registered for although this server could not sign it. @param algorithms those with a key */
export const unsignable = (client: ClientMetadata, algorithms: readonly SigningAlgorithm[]): readonly Unsignable[] =>
  signed.flatMap((field) => {
    const algorithm = client[field]
    return algorithm === undefined || algorithms.includes(algorithm) ? [] : [{ field, algorithm }]
  })

/**
 * Before anything is spent or anybody logs in: a client must not lose a code to a setting.
 * @throws OAuthError unauthorized_client
 */
export const requireKeys = (
  wanted: readonly (SigningAlgorithm | undefined)[],
  algorithms: readonly SigningAlgorithm[],
): void => {
  if (!wanted.every((algorithm) => algorithm === undefined || algorithms.includes(algorithm)))
    throw unauthorizedClient('This client is registered for a signing algorithm that SIGNING_ALGORITHMS does not name.')
}
