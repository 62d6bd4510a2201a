import { earlier, numericDate } from '../clock.ts'
import type { Client } from './client.ts'
import { entitled, isOffline, leavesNothing, scopeLeft } from './entitlement.ts'
import { formatScope, parseScope } from './scope.ts'
import { confirmationOf, tokenTypeOf } from './sender-constraint/confirmation.ts'
import type { ClientStore, FamilyStore, Standing, TokenStore } from './stores.ts'
import type { SidOf, SubjectOf } from './subject.ts'
import { familyOf } from './tokens/access-token.ts'
import { parseRefreshToken, type RefreshKey } from './tokens/refresh-token.ts'

/** An access token of ours whose signature, type and times were verified. */
export type VerifiedAccessToken = {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly scope?: string | undefined
  readonly sid?: string | undefined
  readonly auth_time?: number | undefined
  /** RFC 7800 §3.1: what it is bound to. */
  readonly cnf?: unknown
}

export type TokenDependencies = {
  readonly issuer: string
  readonly clients: ClientStore
  readonly tokens: TokenStore
  readonly families: Pick<FamilyStore, 'find' | 'revoke'>
  readonly refreshKeys: { find(id: string): RefreshKey | undefined }
  readonly subjectOf: SubjectOf
  readonly sidOf: SidOf
  /** undefined for whatever is not an unexpired access token of this server. */
  verifyAccessToken(token: string, now: Date): Promise<VerifiedAccessToken | undefined>
  readonly now: Date
}

/** RFC 7662 §2.2. An inactive token has no other member: not even why. */
export type Introspection =
  | { readonly active: false }
  | ({ readonly active: true; readonly token_type?: string } & Readonly<Record<string, unknown>>)

const inactive: Introspection = { active: false }

/** RFC 7662. What a client is not entitled to see is inactive, like what does not exist. */
export const introspect = async (token: string, client: Client, deps: TokenDependencies): Promise<Introspection> => {
  const refresh = parseRefreshToken(token, deps.refreshKeys.find)
  if (refresh) return introspectRefreshToken(refresh, client, deps)
  const active = await activeAccessToken(token, deps)
  if (!active || !isEntitled(client, active.claims.client_id, [active.claims.aud].flat())) return inactive
  return {
    active: true,
    // RFC 9449 §6.2, RFC 8705 §3.2: `cnf` is among the claims.
    token_type: tokenTypeOf(confirmationOf(active.claims.cnf)),
    ...active.claims,
    ...usernameOf(active),
  }
}

/** A pairwise client knows its people by no name that others know too: RFC 7662 §5, OIDC Core §8.1 and §5.4. */
const usernameOf = ({ claims, owner, standing }: ActiveAccessToken): { readonly username?: string } => {
  const isTold = owner.subject_type === 'public' && parseScope(claims.scope).includes('profile')
  return standing && isTold ? { username: standing.username } : {}
}

/**
 * @property claims with the scope that its owner is still registered for: the signed token may say more than that
 * @property owner as it is registered now
 */
export type ActiveAccessToken = {
  readonly claims: VerifiedAccessToken
  readonly owner: Client
  readonly standing: Standing | undefined
}

/**
 * An access token that is still honoured: verified, and nothing it hangs on was revoked. One statement.
 * Also what userinfo asks.
 */
export const activeAccessToken = async (
  token: string,
  deps: TokenDependencies,
): Promise<ActiveAccessToken | undefined> => {
  const signed = await deps.verifyAccessToken(token, deps.now)
  if (!signed) return undefined
  const owner = await deps.clients.find(signed.client_id)
  if (!owner || owner.disabledAt || isBefore(signed.iat, owner.notBefore)) return undefined
  // A client that was deleted and created again under its id does not inherit what the first one was given.
  if (signed.iat < numericDate(owner.createdAt)) return undefined
  const granted = parseScope(signed.scope)
  const scope = scopeLeft(granted, owner)
  if (leavesNothing(granted, scope)) return undefined
  const claims = { ...signed, ...(granted.length > 0 && { scope: formatScope(scope) }) }
  const familyId = familyOf(claims.jti)
  if (familyId === undefined)
    return (await deps.tokens.isRevoked(claims.jti)) ? undefined : { claims, owner, standing: undefined }

  const standing = await deps.tokens.standing(familyId, claims.jti)
  if (!standing || standing.tokenRevoked || standing.family.revokedAt || standing.userDisabled) return undefined
  if (standing.sessionEnded && !isOffline(standing.family, owner)) return undefined
  return { claims, owner, standing }
}

const introspectRefreshToken = async (
  { familyId, generation }: { readonly familyId: string; readonly generation: number },
  client: Client,
  { families, subjectOf, sidOf, issuer, now }: TokenDependencies,
): Promise<Introspection> => {
  const family = await families.find(familyId)
  if (!family || family.clientId !== client.client_id || !family.refreshable) return inactive
  if (family.revokedAt || generation !== family.live.generation) return inactive
  if (family.idleExpiresAt <= now || family.absoluteExpiresAt <= now) return inactive
  const { scope } = entitled(family, client)
  if (leavesNothing(family.scope, scope)) return inactive
  return {
    active: true,
    token_type: 'refresh_token',
    iss: issuer,
    sub: subjectOf(client, family.userId),
    client_id: family.clientId,
    sid: sidOf(client, family.sessionId),
    scope: formatScope(scope),
    iat: numericDate(family.live.issuedAt),
    exp: numericDate(earlier(family.idleExpiresAt, family.absoluteExpiresAt)),
  }
}

const isEntitled = (client: Client, ownerId: string, audience: readonly string[]): boolean =>
  ownerId === client.client_id ||
  client.introspect === 'all' ||
  (client.introspect === 'resources' && audience.some((resource) => client.resources.includes(resource)))

const isBefore = (iat: number, notBefore: Date | undefined): boolean =>
  notBefore !== undefined && iat * 1000 < notBefore.getTime()
