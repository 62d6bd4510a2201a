import { isRecord } from '../record.ts'
import { administratorScope } from './administrator-scope.ts'
import { type ClaimsOfScope, claimName, standardClaimsOfScope } from './claims.ts'

/** Scopes with a meaning of their own. */
const reservedScopes = ['openid', 'offline_access', administratorScope]

/** What tokens and answers say for the protocol (RFC 7519, RFC 9068, RFC 7662, OIDC Core §2): never about a person. */
const reservedClaims = new Set(
  `iss sub aud exp nbf iat jti auth_time nonce acr amr azp at_hash c_hash s_hash sid cnf act may_act client_id scope events
  active token_type username token_introspection sub_jwk _claim_names _claim_sources __proto__`.split(/\s+/),
)

export const isProtocolClaim = (name: string): boolean => reservedClaims.has(name)

/**
 * The scopes an operator describes, beside the standard ones; a standard scope that is described gives what is named here
 * too.
 * @param described as it was read: scope → list of claims
 * @param refusal of what cannot be: it is thrown
 */
export const configuredClaims = (described: unknown, refusal: (problem: string) => Error): ClaimsOfScope => {
  if (!isRecord(described)) throw refusal('must hold an object of scopes')
  const claimsOfScope = new Map(standardClaimsOfScope)
  for (const [scope, claims] of Object.entries(described)) {
    if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope))
      throw refusal('holds something that is no scope (RFC 6749 §3.3)')
    if (reservedScopes.includes(scope)) throw refusal(`must not describe the scope ${scope}`)
    if (!Array.isArray(claims) || claims.length === 0 || !claims.every(isClaimName))
      throw refusal(`must give ${scope} a list of names of claims`)
    const reserved = claims.find(isProtocolClaim)
    if (reserved !== undefined) throw refusal(`must not give ${scope} the claim ${reserved}, which is the protocol's`)
    claimsOfScope.set(scope, [...new Set([...(claimsOfScope.get(scope) ?? []), ...claims])])
  }
  return claimsOfScope
}

const isClaimName = (value: unknown): value is string => typeof value === 'string' && claimName.test(value)
