import { earlier } from '../clock.ts'
import type { Advance, HonouredFamily, Observation } from '../oauth/stores.ts'
import { checked, type Statement, statement, type Value } from './database.ts'
import { columns, type FamilyRow } from './family-row.ts'

/** $1 to $14 are the same in all statements that redeem a refresh token. Each neighbour is one row, read by its key. */
const standing = `f.id = $1 AND ${checked('f.client_id', '$2')} AND f.generation = $3 AND f.refreshable AND f.revoked_at IS NULL
  AND f.idle_expires_at > $4 AND f.absolute_expires_at > $4
  AND f.cookie_bound = $5 AND (f.jkt IS NULL OR f.jkt = $6)
  AND (SELECT u.disabled_at IS NULL FROM users u WHERE u.id = f.user_id)
  AND (SELECT c.disabled_at IS NULL FROM clients c WHERE c.id = $2)
  AND ((f.offline AND 'offline_access' = ANY ($9)) OR (SELECT s.ended_at IS NULL AND s.idle_expires_at > $4
    AND s.absolute_expires_at > $4 FROM sessions s WHERE s.id = f.session_id))`

/** What is asked for in $7 and $8, and what is left of the family: $9 and $10 are what its client is registered for. */
type Share = { readonly condition: string; readonly scope: string; readonly resources: string }

const some: Share = {
  condition: `(f.scope <@ $9::text[] OR f.scope && array_remove($9::text[], 'offline_access'))
    AND ($7::text[] IS NULL OR ($7 <@ f.scope AND $7 <@ $9))
    AND CASE WHEN $8::text[] IS NOT NULL THEN $8 <@ f.resources AND $8 <@ $10::text[]
      WHEN cardinality(f.resources) > 0 THEN f.resources && $10
      ELSE 'openid' = ANY (f.scope) AND 'openid' = ANY ($9) END`,
  scope:
    'coalesce($7, ARRAY(SELECT v FROM unnest(f.scope) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($9) ORDER BY n))',
  resources: `coalesce($8,
    ARRAY(SELECT v FROM unnest(f.resources) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($10) ORDER BY n LIMIT 1))`,
}

/** Nothing is asked for and nothing was lost, as nearly always. It honours nothing that `some` does not. */
const all: Share = {
  condition: `$7::text[] IS NULL AND $8::text[] IS NULL AND f.scope <@ $9::text[] AND f.resources <@ $10::text[]
    AND (cardinality(f.resources) > 0 OR 'openid' = ANY (f.scope))`,
  scope: 'f.scope',
  resources: 'f.resources[1:1]',
}

/** $14 is when the token expires that this buys. */
const used = `idle_expires_at = least($11, f.absolute_expires_at), last_used_at = $4, ip = $12, user_agent = $13,
  tokens_expire_at = greatest(f.tokens_expire_at, $14)`

/** As tokens/suspicion.ts has it: the access token has more than half of its life left, and is asked for again. */
const early = ({ family, asked }: { readonly family: string; readonly asked: string }) =>
  `(${family}.live_expires_at - $4::timestamptz) * 2 > ${family}.live_expires_at - ${family}.live_issued_at
  AND CASE WHEN $8::text[] IS NULL AND cardinality(f.resources) = 0 THEN true
    ELSE ${asked} @> ${family}.live_audience AND ${asked} <@ ${family}.live_audience END`

const seconds = (interval: string) => `floor(extract(epoch FROM ${interval}))::int`

/**
 * All parts of a statement share its snapshot, so this reads the family as it was. It is of generation $3: what was
 * advanced had that generation both in the snapshot and, where somebody else wrote meanwhile, when it was looked at
 * again; and what is compared here is the same for as long as the generation is.
 */
const earlyRefresh = `(SELECT jsonb_build_object('presented', $3::int, 'remaining', ${seconds('b.live_expires_at - $4')},
    'lifetime', ${seconds('b.live_expires_at - b.live_issued_at')})
  FROM token_families b WHERE b.id = $1 AND b.generation = $3 AND ${early({ family: 'b', asked: 'f.live_audience' })})`

/** What the caller does not know of the family. A column costs its name and its value on both sides, at each refresh. */
type AdvancedRow = Pick<
  FamilyRow,
  | 'user_id'
  | 'session_id'
  | 'claims'
  | 'auth_time'
  | 'acr'
  | 'amr'
  | 'live_issued_at'
  | 'live_scope'
  | 'live_audience'
  | 'idle_expires_at'
  | 'absolute_expires_at'
> & {
  /** Of a family that ends with its session: when that is idle for too long, and when it is over. */
  readonly session_ends: readonly [Date, Date] | null
  readonly early_refresh: Observation['detail'] | null
}
const returned = `f.user_id, f.session_id, f.claims, f.auth_time, f.acr, f.amr, f.live_issued_at, f.live_scope, f.live_audience,
  f.idle_expires_at, f.absolute_expires_at, (SELECT ARRAY[s.idle_expires_at, s.absolute_expires_at] FROM sessions s
    WHERE s.id = f.session_id AND NOT f.offline) AS session_ends`

export type EarlyRefresh = { readonly kind: 'early_refresh'; readonly detail: Observation['detail'] }
type Policy = Advance['earlyRefresh']

const advancing = (name: string, share: Share, { condition = 'true', observed = 'NULL::jsonb' }) =>
  statement<AdvancedRow>(
    `family_advance_${name}`,
    `WITH advanced AS (
      UPDATE token_families f SET generation = $3 + 1, ${used},
        -- The first pair may be stamped later than the clock, after an act on its person: no later one goes back before it.
        live_issued_at = greatest($15, f.live_issued_at), live_expires_at = $14, live_scope = ${share.scope},
        live_audience = CASE WHEN cardinality(f.resources) > 0 THEN ${share.resources} ELSE ARRAY[$16::text] END,
        live_jkt = $17, signing_kid = $18, refresh_key_id = $19
      WHERE ${standing} AND ${share.condition} AND ${condition} RETURNING ${returned}, ${observed} AS early_refresh
    ), ledger AS (
      INSERT INTO token_pairs (family_id, generation, jti, issued_at, expires_at, verdict, ip, user_agent)
      SELECT $1, $3 + 1, $1 || '.' || ($3 + 1), live_issued_at, $14, 'rotated', $12, $13 FROM advanced
      -- No decision reads the ledger, and none may fail by it: after a restore it may know this pair already.
      ON CONFLICT DO NOTHING
    ) SELECT * FROM advanced`,
  )

/** Most of what a short statement costs is its length: each policy has its own, and none pays for another's. */
const byPolicy = (name: string, share: Share): Readonly<Record<Policy, Statement<AdvancedRow>>> => ({
  allow: advancing(`allow_${name}`, share, {}),
  observe: advancing(`observe_${name}`, share, { observed: earlyRefresh }),
  revoke: advancing(`revoke_${name}`, share, { condition: `NOT (${early({ family: 'f', asked: share.resources })})` }),
})
const advance = { all: byPolicy('all', all), some: byPolicy('some', some) }

/** In this order: the second does all that the first does, and is needed where that advances nothing. */
export const advances = ({ scope, resources }: Advance, policy: Policy): readonly Statement<AdvancedRow>[] =>
  scope || resources ? [advance.some[policy]] : [advance.all[policy], advance.some[policy]]

export const touch = statement<FamilyRow>(
  'family_touch',
  `UPDATE token_families f SET ${used} WHERE ${standing} AND ${some.condition} RETURNING ${columns}`,
)

/** The values of `touch`. */
export const touched = (asked: Advance): readonly Value[] => [
  asked.familyId,
  asked.clientId,
  asked.generation,
  asked.now,
  asked.cookieBound,
  asked.jkt,
  asked.scope,
  asked.resources,
  asked.registered.scope,
  asked.registered.resources,
  new Date(asked.now.getTime() + asked.idleLifetime * 1000),
  asked.origin.ip,
  asked.origin.userAgent,
  asked.next.expiresAt,
]

/** The values of `advance`. */
export const advanced = (asked: Advance): readonly Value[] => {
  const { issuedAt, jkt, signingKid, refreshKeyId } = asked.next
  return [...touched(asked), issuedAt, asked.issuer, jkt, signingKid, refreshKeyId]
}

export const honouredOf = (row: AdvancedRow, { familyId, clientId, cookieBound, next }: Advance): HonouredFamily => {
  const [idle, absolute] = row.session_ends ?? [row.absolute_expires_at, row.absolute_expires_at]
  const absoluteExpiresAt = earlier(row.absolute_expires_at, absolute)
  return {
    id: familyId,
    clientId,
    userId: row.user_id,
    sessionId: row.session_id,
    refreshable: true,
    cookieBound,
    claims: row.claims,
    authTime: row.auth_time,
    acr: row.acr,
    amr: row.amr,
    live: { ...next, issuedAt: row.live_issued_at, scope: row.live_scope, audience: row.live_audience },
    idleExpiresAt: earlier(earlier(row.idle_expires_at, idle), absoluteExpiresAt),
    absoluteExpiresAt,
  }
}
