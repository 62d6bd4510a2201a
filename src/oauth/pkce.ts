import { createHash, timingSafeEqual } from 'node:crypto'
import { type Client, isPublic } from './client.ts'
import { invalidRequest } from './errors.ts'

/** Discovery lists these. `plain` protects nothing that was not protected before (RFC 9700 §2.1.1). */
export const challengeMethods = ['S256'] as const

/** SHA-256 in base64url, RFC 7636 §4.2. */
const challengeForm = /^[\w-]{43}$/
/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const verifierForm = /^[\w\-.~]{43,128}$/

/**
 * The challenge of an authorization request, RFC 7636 §4.3, when there is one.
 * @throws invalid_request; a challenge without a method too, because it would mean `plain`
 */
export const checkChallenge = (challenge: string | undefined, method: string | undefined): string | undefined => {
  if (challenge === undefined && method === undefined) return undefined
  if (challenge === undefined) throw invalidRequest('code_challenge_method is sent without code_challenge.')
  if (method !== 'S256') throw invalidRequest('code_challenge_method must be S256 (RFC 7636 §4.2).')
  if (!challengeForm.test(challenge))
    throw invalidRequest('code_challenge must be 43 base64url characters (RFC 7636 §4.2).')
  return challenge
}

/**
 * RFC 9700 §2.1.1: public clients must use PKCE, whatever they registered; others unless they switched it off.
 * @throws invalid_request
 */
export const requireChallenge = (client: Client, challenge: string | undefined): void => {
  if (challenge !== undefined) return
  if (isPublic(client)) throw invalidRequest('code_challenge is missing: public clients must use PKCE (RFC 7636).')
  if (client.pkce === 'optional') return
  throw invalidRequest('code_challenge is missing. A client that cannot send one needs the setting pkce=optional.')
}

/**
 * RFC 7636 §4.6. Both ways (RFC 9700 §4.8.2): a challenge wants its verifier, and a verifier without a challenge means
 * that somebody took the challenge out of the request.
 * @throws invalid_request when the verifier could never be one
 */
export const proves = (verifier: string | undefined, challenge: string | undefined): boolean => {
  if (verifier !== undefined && !verifierForm.test(verifier))
    throw invalidRequest('code_verifier must be 43 to 128 unreserved characters (RFC 7636 §4.1).')
  if (verifier === undefined || challenge === undefined) return verifier === challenge

  const proof = Buffer.from(createHash('sha256').update(verifier).digest('base64url'))
  const expected = Buffer.from(challenge)
  return proof.length === expected.length && timingSafeEqual(proof, expected)
}
