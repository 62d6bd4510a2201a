import type { KeyRing } from '../../keys/key-ring.ts'
import type { VerifiedAccessToken } from '../../oauth/introspection.ts'
import type { AccessHalf } from '../../oauth/tokens/pair.ts'

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

/** Whatever this server ever signed as an access token: for matching the halves of a pair, and for nothing else. */
export const accessTokenRecognizer =
  (keys: KeyRing) =>
  async (token: string): Promise<AccessHalf | undefined> => {
    const verified = await keys.recognize(token, 'at+jwt')
    if (verified.is === 'invalid') return undefined
    const { jti, client_id } = verified.claims
    return jti !== undefined && typeof client_id === 'string' ? { jti, clientId: client_id } : undefined
  }

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)
