import type { KeyRing } from '../../keys/key-ring.ts'
import type { VerifiedAccessToken } from '../../oauth/introspection.ts'

/** RFC 9068 §4, by the server's own keys: an ID token or a logout token is never taken for an access token. */
export const accessTokenVerifier =
  (keys: KeyRing) =>
  async (token: string, now: Date): Promise<VerifiedAccessToken | undefined> => {
    const verified = await keys.verify(token, { typ: 'at+jwt', now, requireUnexpired: true })
    if (verified.is === 'invalid') return undefined
    const { claims } = verified
    const { iss, sub, aud, jti, iat, exp, client_id, scope, sid } = claims
    if (!iss || !sub || !aud || !jti || !iat || !exp || typeof client_id !== 'string') return undefined
    return { ...claims, iss, sub, aud, client_id, jti, iat, exp, scope: textOf(scope), sid: textOf(sid) }
  }

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)
