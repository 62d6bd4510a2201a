import type { KeyObject } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { SigningAlgorithm } from '../oauth/client.ts'

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
 * Verifies a token that this server signed.
 * RFC 8725 §3.1: the key and the algorithm are ours, chosen by `kid`; `jku`, `jwk`, `x5u` and `x5c` of the header are
 * not looked at, and jose refuses every `crit` (RFC 7515 §4.1.11).
 */
export const verifyOwn = async (
  token: string,
  issuer: string,
  find: (kid: string) => VerificationKey | undefined,
  { typ, audience, now, requireUnexpired }: Expectation,
): Promise<Verified> => {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      ({ kid, alg }) => {
        const key = kid === undefined ? undefined : find(kid)
        if (!key) throw new errors.JWKSNoMatchingKey()
        if (key.alg !== alg) throw new errors.JOSEAlgNotAllowed('another algorithm than the key is for')
        return key.publicKey
      },
      {
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        issuer,
        typ,
        currentDate: now,
        requiredClaims: ['exp', 'iat'],
        ...(audience === undefined ? {} : { audience: typeof audience === 'string' ? audience : [...audience] }),
        // We sign no `nbf`, so that a tolerance without end concerns `exp` alone.
        ...(requireUnexpired ? {} : { clockTolerance: Number.MAX_SAFE_INTEGER }),
      },
    )
    return { is: 'valid', claims: payload, kid: protectedHeader.kid ?? '' }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { is: 'invalid', reason: error.message }
    throw error
  }
}
