import { earlier, later } from '../../clock.ts'
import type { Client } from '../client.ts'
import { entitled, leavesNothing } from '../entitlement.ts'
import { invalidGrant } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { audienceFor, parseResources } from '../resource.ts'
import { refreshBinding, type Sender } from '../sender-constraint/index.ts'
import type { AuthorizationCode, Bought, Family, LivePair } from '../stores.ts'
import { livePair, nextPair } from '../tokens/pair.ts'
import type { Authorization, GrantDependencies } from './grant.ts'

/** What a person granted buys one family, once: RFC 6749 §4.1.3, RFC 8628 §3.4. Its code was checked before. */
export const buy = async (
  code: AuthorizationCode,
  parameters: Parameters,
  client: Client,
  dependencies: GrantDependencies,
): Promise<Authorization> => {
  const { codes, families, now, origin } = dependencies
  const sender = await dependencies.sender()
  // RFC 9449 §10: "the authorization server MUST check that the key in the DPoP proof matches the dpop_jkt".
  if (code.grant.dpopJkt !== undefined && code.grant.dpopJkt !== sender)
    throw invalidGrant('the proof is not of the key that dpop_jkt named')
  // A refresh gives what the registration has left of the grant; the first pair is no exception.
  const left = entitled(code.grant, client)
  if (!code.spentAt && leavesNothing(code.grant.scope, left.scope))
    throw invalidGrant('the client is registered for nothing of it any more')
  const resources = parseResources(parameters.list('resource'), left.resources)
  const audience = audienceFor(resources, left.resources, left.scope, dependencies.issuer)
  const family = newFamily(code, { scope: left.scope, audience }, client, sender, dependencies)
  const bought = code.spentAt ? undefined : await codes.spend(code.hash, family, now, origin)
  if (!bought) {
    // RFC 6749 §4.1.2: a code redeemed twice has leaked, so what it bought must die. Also when another key shows it than the
    // family is bound to: a thief may have been the first, and then this is the owner, who has nothing else to betray him by.
    const leaked = code.familyId ?? (await codes.find(code.hash))?.familyId
    if (leaked) await families.revoke(leaked, 'code_replayed', now, origin)
    throw invalidGrant('the code was redeemed before; what it bought is revoked', leaked)
  }
  const standing = standingOf(family, bought)
  return { by: 'person', family: standing, pair: livePair(standing), nonce: code.grant.nonce }
}

/** The family as the database has it now: one without offline_access is over with its session. */
const standingOf = (family: Family, { issuedAt, session }: Bought): Family => ({
  ...family,
  live: { ...family.live, issuedAt },
  ...(!family.offline && {
    idleExpiresAt: earlier(family.idleExpiresAt, session.idleExpiresAt),
    absoluteExpiresAt: earlier(family.absoluteExpiresAt, session.absoluteExpiresAt),
  }),
})

const newFamily = (
  { grant, clientId }: AuthorizationCode,
  ofPair: Pick<LivePair, 'scope' | 'audience'>,
  client: Client,
  sender: Sender,
  { random, refreshKeys, signingKid, now, origin }: GrantDependencies,
): Family => {
  const keys = { signingKid: signingKid(client), refreshKeyId: refreshKeys.minting().id }
  const absoluteExpiresAt = later(now, client.refresh_token_lifetime)
  const idleExpiresAt = later(now, Math.min(client.refresh_token_idle_lifetime, client.refresh_token_lifetime))
  const pair = nextPair(1, client, keys, now)
  return {
    id: random.uuid(),
    clientId,
    userId: grant.userId,
    sessionId: grant.sessionId,
    scope: grant.scope,
    resources: grant.resources,
    offline: grant.scope.includes('offline_access'),
    refreshable: client.grant_types.includes('refresh_token'),
    jkt: refreshBinding(client, sender),
    cookieBound: client.refresh_token_delivery === 'cookie',
    claims: grant.claims,
    authTime: grant.authTime,
    acr: grant.acr,
    amr: grant.amr,
    live: { ...pair, ...ofPair, jkt: sender },
    tokensExpireAt: pair.expiresAt,
    retries: 0,
    idleExpiresAt,
    absoluteExpiresAt,
    createdAt: now,
    lastUsedAt: now,
    ip: origin.ip,
    userAgent: origin.userAgent,
    revokedAt: undefined,
    revokeReason: undefined,
  }
}
