import { createHash } from 'node:crypto'
import { earlier, later } from '../../clock.ts'
import type { Client } from '../client.ts'
import { invalidGrant } from '../errors.ts'
import { proves } from '../pkce.ts'
import { audienceFor, parseResources } from '../resource.ts'
import type { AuthorizationCode, Bought, Family } from '../stores.ts'
import { livePair, nextPair } from '../tokens/pair.ts'
import type { GrantDependencies, GrantType } from './grant.ts'

/** RFC 6749 §4.1.3 with PKCE, RFC 7636. */
export const authorizationCode: GrantType = {
  name: 'authorization_code',

  async authorize(parameters, client, dependencies) {
    const { codes, families, now, origin } = dependencies
    const code = await codes.find(codeHash(parameters.required('code')))
    if (!code || code.clientId !== client.client_id) throw invalidGrant("the code is unknown, or another client's")
    const redirectUri = parameters.optional('redirect_uri')
    // OAuth 2.1 §4.1.3 dropped the parameter; who sends it must send what the authorization request said.
    if (redirectUri !== undefined && redirectUri !== code.redirectUri)
      throw invalidGrant('redirect_uri differs from the authorization request')
    if (!proves(parameters.optional('code_verifier'), code.codeChallenge)) throw invalidGrant('wrong code_verifier')
    if (code.revokedAt) throw invalidGrant('the code was revoked with its session, its person or its client')
    if (!code.spentAt && code.expiresAt <= now) throw invalidGrant('the code has expired')
    // A script could carry code and verifier away, but no cookie: elsewhere they buy nothing.
    if (client.refresh_token_delivery === 'cookie' && (await dependencies.sessionAtBrowser()) !== code.grant.sessionId)
      throw invalidGrant('the code is redeemed by another browser than the one that is logged in')

    const resources = parseResources(parameters.list('resource'), code.grant.resources)
    const audience = audienceFor(resources, code.grant.resources, code.grant.scope, dependencies.issuer)
    const family = newFamily(code, audience, client, dependencies)
    const bought = code.spentAt ? undefined : await codes.spend(code.hash, family, now, origin)
    if (!bought) {
      // RFC 6749 §4.1.2: a code redeemed twice has leaked, so what it bought must die.
      const leaked = code.familyId ?? (await codes.find(code.hash))?.familyId
      if (leaked) await families.revoke(leaked, 'code_replayed', now, origin)
      throw invalidGrant('the code was redeemed before; what it bought is revoked', leaked)
    }
    const standing = standingOf(family, bought)
    return { by: 'person', family: standing, pair: livePair(standing), nonce: code.grant.nonce }
  },
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

export const codeHash = (code: string): Buffer => createHash('sha256').update(code).digest()

const newFamily = (
  { grant, clientId }: AuthorizationCode,
  audience: readonly string[],
  client: Client,
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
    jkt: undefined,
    cookieBound: client.refresh_token_delivery === 'cookie',
    claims: grant.claims,
    authTime: grant.authTime,
    acr: grant.acr,
    amr: grant.amr,
    live: { ...pair, scope: grant.scope, audience },
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
