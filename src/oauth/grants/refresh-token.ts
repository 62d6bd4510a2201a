import type { Client } from '../client.ts'
import { entitled, registeredOf } from '../entitlement.ts'
import { AlarmingGrant, invalidGrant, invalidRequest, invalidScope, invalidTarget, Unavailable } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { audienceFor, parseResources } from '../resource.ts'
import { parseScope } from '../scope.ts'
import type { Advance, Family, Observation } from '../stores.ts'
import { endOf, judge, type Presented, type Verdict } from '../tokens/family.ts'
import { type Asked, type Half, isHalfOf, livePair, nextPair, type Pair, pairBeside } from '../tokens/pair.ts'
import { parseRefreshToken, type RefreshToken } from '../tokens/refresh-token.ts'
import { earlyRefresh, pairMismatch, retryElsewhere } from '../tokens/suspicion.ts'
import type { Authorization, GrantDependencies, GrantType } from './grant.ts'

/** RFC 6749 §6, with the verdicts of tokens/family.ts. */
export const refreshToken: GrantType = {
  name: 'refresh_token',

  async authorize(parameters, client, dependencies) {
    const token = parseRefreshToken(sentBy(parameters, client, dependencies), dependencies.refreshKeys.find)
    if (!token) throw invalidGrant('the refresh token was not minted here')
    const asked = await askedBy(parameters, token, client, dependencies)
    return (
      (await advance(token, asked, client, dependencies)) ??
      (await explain(token, asked, client, dependencies)) ??
      // What stopped the statement had passed when the state was read, for instance a session that was renewed: once more.
      (await advance(token, asked, client, dependencies)) ??
      gaveUp()
    )
  },
}

/** Of a client whose refresh token is a cookie the parameter is absent: nothing that a script could hold is taken. */
const sentBy = (parameters: Parameters, client: Client, { refreshCookie }: GrantDependencies): string => {
  if (client.refresh_token_delivery === 'body') return parameters.required('refresh_token')
  if (parameters.optional('refresh_token') !== undefined)
    throw invalidRequest('This client is registered for a refresh token in a cookie: the parameter must be absent.')
  if (refreshCookie === undefined) throw invalidGrant('the browser has no refresh token cookie for this client')
  return refreshCookie
}

const askedBy = async (
  parameters: Parameters,
  token: RefreshToken,
  client: Client,
  dependencies: GrantDependencies,
): Promise<Presented> => {
  const scope = parameters.optional('scope')
  const resources = parameters.list('resource')
  return {
    generation: token.generation,
    clientId: client.client_id,
    jkt: await dependencies.sender(),
    cookieBound: client.refresh_token_delivery === 'cookie',
    scope: scope === undefined ? undefined : parseScope(scope),
    resources: resources.length === 0 ? undefined : parseResources(resources, client.resources),
    half: client.pair_binding === 'off' ? undefined : await halfOf(parameters, token, client, dependencies),
    origin: dependencies.origin,
  }
}

const halfOf = async (
  parameters: Parameters,
  token: RefreshToken,
  client: Client,
  { recognizeAccessToken }: GrantDependencies,
): Promise<Half> => {
  const accessToken = parameters.optional('access_token')
  if (accessToken === undefined) return 'missing'
  const half = await recognizeAccessToken(accessToken)
  return half && isHalfOf(half, token, client.client_id) ? 'matched' : 'foreign'
}

/** The one statement of a refresh. It decides; nothing was read before it. */
const advance = async (
  { familyId, generation }: RefreshToken,
  presented: Presented,
  client: Client,
  dependencies: GrantDependencies,
): Promise<Authorization | undefined> => {
  const mismatch = pairMismatch(presented)
  if (mismatch && client.pair_binding === 'enforce') return undefined
  const { scope, resources, jkt, cookieBound } = presented
  const { families, refreshKeys, signingKid, issuer, now, origin, random } = dependencies
  const keys = { signingKid: signingKid(client), refreshKeyId: refreshKeys.minting().id }
  const request: Advance = {
    familyId,
    clientId: client.client_id,
    generation,
    next: { ...nextPair(generation + 1, client, keys, now), jkt },
    jkt,
    cookieBound,
    scope,
    resources,
    registered: registeredOf(client),
    issuer,
    earlyRefresh: client.early_refresh,
    observed: mismatch ? [{ kind: 'pair_mismatch', detail: mismatch }] : [],
    idleLifetime: client.refresh_token_idle_lifetime,
    now,
    origin,
  }
  if (client.rotation === 'rotate') {
    const family = await families.advance(request)
    return family && { by: 'person', family, pair: livePair(family), nonce: undefined }
  }
  const family = await families.touch(request)
  if (!family) return undefined
  const pair: Pair = {
    ...request.next,
    issuedAt: new Date(Math.max(request.next.issuedAt.getTime(), family.live.issuedAt.getTime())),
    ...askedOf(family, { scope, resources, jkt }, client, issuer),
    jti: `${familyId}.${generation}.${random.bytes(9).toString('base64url')}`,
  }
  return { by: 'person', family, pair, nonce: undefined }
}

/**
 * Reads the state afresh: under READ COMMITTED the statement that lost would still see its old snapshot, and give a
 * wrong verdict beside a winner.
 * @returns undefined where nothing speaks against the token any more
 */
const explain = async (
  { familyId }: RefreshToken,
  presented: Presented,
  client: Client,
  { families, issuer, now, origin }: GrantDependencies,
): Promise<Authorization | undefined> => {
  const family = await families.find(familyId)
  const verdict = judge(family, presented, client, now)
  // A wrong presenter hears what junk hears: not even that there is such a family.
  if (!family || verdict.is === 'unknown') throw invalidGrant(`unknown: family ${familyId}, or not the presenter's`)

  const end = endOf(verdict, family, client)
  // Committed before the refusal is thrown: the revocation must outlive the error response.
  if (end) await families.revoke(familyId, end, now, origin, detailOf(verdict, family, presented, client, now))

  const { generation } = presented
  const said = `${verdict.is}: generation ${generation} of family ${familyId}, ${family.live.generation} is live`
  switch (verdict.is) {
    case 'live':
      return undefined
    case 'retried': {
      await families.countRetry(familyId, now, origin, observedIn(family, presented))
      const pair = pairBeside(family, askedOf(family, presented, client, issuer))
      return { by: 'person', family, pair, nonce: undefined }
    }
    case 'exceeds_scope':
      throw invalidScope(
        'The scope asked for exceeds what was granted, or what the client is still registered for (RFC 6749 §6).',
      )
    case 'exceeds_resources':
      throw invalidTarget(
        'The resource asked for was not granted, or the client is no longer registered for it (RFC 8707 §2.2).',
      )
    case 'ahead':
      // A restored backup, or a failover that lost writes: tokens are out that the database does not know.
      throw new AlarmingGrant(said, familyId)
    default:
      throw invalidGrant(said, familyId)
  }
}

/** Of a retry. Whether a rotation was early, its statement saw. */
const observedIn = (family: Family, presented: Presented): readonly Observation[] => {
  const mismatch = pairMismatch(presented)
  const elsewhere = retryElsewhere(family, presented)
  return [
    ...(mismatch ? [{ kind: 'pair_mismatch' as const, detail: mismatch }] : []),
    ...(elsewhere ? [{ kind: 'retried_elsewhere' as const, detail: elsewhere }] : []),
  ]
}

/** For the event of an end: what was presented, and what gave it away. */
const detailOf = (
  { is }: Verdict,
  family: Family,
  presented: Presented,
  client: Client,
  now: Date,
): Observation['detail'] => ({
  presented: presented.generation,
  ...(is === 'pair_mismatch' && pairMismatch(presented)),
  ...(is === 'retry_elsewhere' && retryElsewhere(family, presented)),
  ...(is === 'early_refresh' && earlyRefresh(family, presented, client, now)),
})

/** What is not asked for is the whole scope and the default resource that are left, as the statement has it too. */
const askedOf = (
  family: Family,
  asked: Pick<Presented, 'scope' | 'resources' | 'jkt'>,
  client: Client,
  issuer: string,
): Asked => {
  const left = entitled(family, client)
  return {
    scope: asked.scope ?? left.scope,
    audience: audienceFor(asked.resources ?? [], left.resources, left.scope, issuer),
    jkt: asked.jkt,
  }
}

const gaveUp = (): never => {
  throw new Unavailable(new Error('the family changed twice while it was read'))
}
