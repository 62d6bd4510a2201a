import { numericDate } from '../clock.ts'
import type { Client, SigningAlgorithm } from './client.ts'
import type { Introspection } from './introspection.ts'
import { isOfProfile, usualFapiAlgorithm } from './profile.ts'

/** RFC 9701 §5. */
export const signedIntrospectionType = 'application/token-introspection+jwt'

export type IntrospectionSigning = {
  readonly issuer: string
  signer(algorithm: SigningAlgorithm): { sign(typ: string, claims: object): Promise<string> }
  readonly now: Date
}

/**
 * RFC 9701 §4 and §6: signed for whoever asks for it by `Accept`, and for whoever registered an algorithm, so that nobody
 * can talk such a client out of its signature.
 * @returns undefined where the answer is plain
 */
export const introspectionAlgorithm = (client: Client, accept: string | undefined): SigningAlgorithm | undefined => {
  const registered = client.introspection_signed_response_alg
  return registered ?? (accepts(accept) ? usual(client) : undefined)
}

/** RFC 9701 §6: "The default, if omitted, is RS256", where the client's profile does not forbid it. */
const usual = (client: Client): SigningAlgorithm => (isOfProfile(client) ? usualFapiAlgorithm : 'RS256')

/** RFC 9110 §12.5.1: named, and not with a weight of zero. Any type at all is not enough: plain JSON is one too. */
const accepts = (accept = ''): boolean =>
  accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === signedIntrospectionType && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter))
  })

/** RFC 9701 §5: without `sub` and `exp` of its own, so that it is never taken for an access token. */
export const signedIntrospection = (
  introspection: Introspection,
  client: Client,
  algorithm: SigningAlgorithm,
  { issuer, signer, now }: IntrospectionSigning,
): Promise<string> =>
  signer(algorithm).sign('token-introspection+jwt', {
    iss: issuer,
    aud: client.client_id,
    iat: numericDate(now),
    token_introspection: introspection,
  })
