import { type ClaimsOfScope, userinfoClaims } from './claims.ts'
import type { SigningAlgorithm } from './client.ts'
import { invalidToken, OAuthError } from './errors.ts'
import { activeAccessToken, type TokenDependencies } from './introspection.ts'
import { requireKeys } from './signing.ts'

export type UserinfoDependencies = TokenDependencies & {
  readonly claimsOfScope: ClaimsOfScope
  /** This server has a key for each. */
  readonly algorithms: readonly SigningAlgorithm[]
  signer(algorithm: SigningAlgorithm): { sign(typ: string, claims: object): Promise<string> }
}

/** `signed` is a compact JWT. */
export type Userinfo =
  | { readonly is: 'plain'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly is: 'signed'; readonly jwt: string }

/** OIDC Core §5.3.2: `sub`, and what the scope and the `claims` parameter asked for. */
export const userinfo = async (token: string, deps: UserinfoDependencies): Promise<Userinfo> => {
  const active = await activeAccessToken(token, deps)
  if (!active?.standing) throw invalidToken("The access token is malformed, expired, revoked or not a person's.")
  const scope = (active.claims.scope ?? '').split(' ')
  if (!scope.includes('openid')) throw new OAuthError('insufficient_scope', 'userinfo needs the scope openid.')
  const { family, userClaims } = active.standing
  const { owner } = active
  const claims = {
    ...userinfoClaims(userClaims, scope, family.claims, deps.claimsOfScope),
    sub: deps.subjectOf(owner, family.userId),
  }
  const algorithm = owner.userinfo_signed_response_alg
  if (algorithm === undefined) return { is: 'plain', claims }
  requireKeys([algorithm], deps.algorithms)
  // §5.3.2: "If signed, the UserInfo Response MUST contain the Claims iss and aud". It has no exp: it is no ID token.
  const signed = { ...claims, iss: deps.issuer, aud: owner.client_id }
  return { is: 'signed', jwt: await deps.signer(algorithm).sign('JWT', signed) }
}
