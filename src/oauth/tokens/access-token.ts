import { numericDate } from '../../clock.ts'
import { formatScope } from '../scope.ts'
import { type Confirmation, cnfOf } from '../sender-constraint/confirmation.ts'

/** What one access token says; the issuer signs nothing that is not written here. */
export type AccessToken = {
  readonly jti: string
  readonly subject: string
  readonly clientId: string
  readonly audience: readonly string[]
  readonly scope: readonly string[]
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly jkt: Confirmation | undefined
  /** RFC 9068 §2.2.3: of the person, for the API to decide by. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Of the person's login; undefined where no person is involved. */
  readonly login: { readonly sid: string; readonly authTime: Date; readonly acr: string } | undefined
}

/**
 * RFC 9068 §2.2; `cnf` is RFC 9449 §6.1 or RFC 8705 §3.1, `auth_time` and `acr` RFC 9470 §6. The protocol's own claims
 * come last, so that none about a person can take their place.
 */
export const accessTokenClaims = (issuer: string, token: AccessToken) => ({
  ...token.claims,
  iss: issuer,
  sub: token.subject,
  aud: token.audience.length === 1 ? token.audience[0] : token.audience,
  client_id: token.clientId,
  jti: token.jti,
  iat: numericDate(token.issuedAt),
  exp: numericDate(token.expiresAt),
  ...(token.scope.length > 0 && { scope: formatScope(token.scope) }),
  ...(token.login && {
    sid: token.login.sid,
    auth_time: numericDate(token.login.authTime),
    acr: token.login.acr,
  }),
  ...(token.jkt && { cnf: cnfOf(token.jkt) }),
})

/** The `jti` of a token that has a family names it; one that has none contains no dot. */
export const familyOf = (jti: string): string | undefined => {
  const dot = jti.indexOf('.')
  return dot < 0 ? undefined : jti.slice(0, dot)
}
