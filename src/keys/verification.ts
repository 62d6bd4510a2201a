import { type KeyObject, verify } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { numericDate } from '../clock.ts'
import type { SigningAlgorithm } from '../oauth/client.ts'
import { protectedHeader, schemes } from './signer.ts'

/** What a token of our own must be. */
export type Expectation = {
  /** RFC 8725 §3.11: one kind of JWT is never taken for another. */
  readonly typ: string
  readonly audience?: string | readonly string[] | undefined
  readonly now: Date
  /** An ID token is a hint even when it has expired (OIDC RP-Initiated Logout §2). */
  readonly requireUnexpired: boolean
}

/** @property reason for the log only */
export type Verified =
  | { readonly is: 'valid'; readonly claims: JWTPayload; readonly kid: string }
  | { readonly is: 'invalid'; readonly reason: string }

export type VerificationKey = { readonly alg: SigningAlgorithm; readonly publicKey: KeyObject }

/**
 * Verifies a token that this server signed. It must have the very header that our signer writes, so that a `crit`, a
 * `jwk`, a `jku` or another spelling is refused unread. RFC 8725 §3.1: the key, chosen by `kid`, brings its algorithm.
 *
 * On this thread: a public key takes microseconds, and the way to the thread pool and back takes longer.
 */
export const verifyOwn = (
  token: string,
  issuer: string,
  find: (kid: string) => VerificationKey | undefined,
  expectation: Expectation,
): Verified => {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0) return invalid('not a compact JWS')
  const kid = objectIn(header)?.kid
  const key = typeof kid === 'string' ? find(kid) : undefined
  if (typeof kid !== 'string' || !key) return invalid('no key of ours')
  if (header !== protectedHeader(key.alg, expectation.typ, kid)) return invalid('not the header of such a token')
  const bytes = Buffer.from(signature, 'base64url')
  // Decoding is lenient: a token would have more than one spelling.
  if (bytes.toString('base64url') !== signature) return invalid('the signature is not base64url')
  const { digest, options } = schemes[key.alg]
  if (!verify(digest, Buffer.from(`${header}.${payload}`), { key: key.publicKey, ...options }, bytes))
    return invalid('wrong signature')
  const claims = objectIn(payload)
  if (!claims) return invalid('the payload is not a JSON object')
  const fault = faultOf(claims, issuer, expectation)
  return fault === undefined ? { is: 'valid', claims, kid } : invalid(fault)
}

const invalid = (reason: string): Verified => ({ is: 'invalid', reason })

const objectIn = (part: string): JWTPayload | undefined => {
  try {
    const value: JWTPayload | null = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined // what is no JSON is no part of a token
  }
}

/** RFC 7519 §4.1. We sign no `nbf`. */
const faultOf = (
  { iss, aud, iat, exp }: JWTPayload,
  issuer: string,
  { audience, now, requireUnexpired }: Expectation,
): string | undefined => {
  if (iss !== issuer) return 'another issuer'
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'iat or exp is missing'
  if (requireUnexpired && exp <= numericDate(now)) return 'expired'
  if (audience !== undefined && ![audience].flat().some((name) => [aud].flat().includes(name)))
    return 'another audience'
  return undefined
}
