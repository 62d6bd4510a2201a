import { userinfoClaims } from './claims.ts'
import { invalidToken, OAuthError } from './errors.ts'
import { activeAccessToken, type TokenDependencies } from './introspection.ts'

/** OIDC Core §5.3.2: `sub`, and what the scope and the `claims` parameter asked for. */
export const userinfo = async (token: string, deps: TokenDependencies): Promise<Record<string, unknown>> => {
  const active = await activeAccessToken(token, deps)
  if (!active?.standing) throw invalidToken("The access token is malformed, expired, revoked or not a person's.")
  const scope = (active.claims.scope ?? '').split(' ')
  if (!scope.includes('openid')) throw new OAuthError('insufficient_scope', 'userinfo needs the scope openid.')
  const { family, userClaims } = active.standing
  return { ...userinfoClaims(userClaims, scope, family.claims), sub: family.userId }
}
