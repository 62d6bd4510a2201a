import type { Advance, Observation } from '../oauth/stores.ts'
import { type Statement, statement, type Value } from './database.ts'
import { columns, type FamilyRow } from './family-row.ts'

/**
 * $1 to $14 are the same in all statements that redeem a refresh token; $9 and $10 are what the client is registered for.
 * A client that has lost nothing since, as nearly every one, costs no walk through the lists.
 */
const scopeLeft = `CASE WHEN f.scope <@ $9::text[] THEN f.scope
  ELSE ARRAY(SELECT v FROM unnest(f.scope) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($9) ORDER BY n) END`
const resourceLeft = `CASE WHEN f.resources[1] = ANY ($10::text[]) THEN f.resources[1:1]
  ELSE ARRAY(SELECT v FROM unnest(f.resources) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($10) ORDER BY n LIMIT 1) END`

/** Each neighbour is one row, read by its key when all else holds. As joins they cost the statement a third more. */
const honoured = `f.id = $1 AND f.client_id = $2 AND f.generation = $3 AND f.refreshable AND f.revoked_at IS NULL
  AND f.idle_expires_at > $4 AND f.absolute_expires_at > $4
  AND f.cookie_bound = $5 AND (f.jkt IS NULL OR f.jkt = $6)
  AND (f.scope <@ $9::text[] OR f.scope && array_remove($9::text[], 'offline_access'))
  AND ($7::text[] IS NULL OR ($7 <@ f.scope AND $7 <@ $9))
  AND CASE WHEN $8::text[] IS NOT NULL THEN $8 <@ f.resources AND $8 <@ $10::text[]
    WHEN cardinality(f.resources) > 0 THEN f.resources && $10
    ELSE 'openid' = ANY (f.scope) AND 'openid' = ANY ($9) END
  AND (SELECT u.disabled_at IS NULL FROM users u WHERE u.id = f.user_id)
  AND (SELECT c.disabled_at IS NULL FROM clients c WHERE c.id = $2)
  AND ((f.offline AND 'offline_access' = ANY ($9)) OR (SELECT s.ended_at IS NULL AND s.idle_expires_at > $4
    AND s.absolute_expires_at > $4 FROM sessions s WHERE s.id = f.session_id))`

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
  FROM token_families b WHERE b.id = $1 AND b.generation = $3 AND ${early({ family: 'b', asked: 'f.live_audience' })}
    -- Once: an app that refreshes early does so a thousand times, and the ledger has each.
    AND NOT EXISTS (SELECT FROM events e WHERE e.family_id = $1 AND e.kind = 'early_refresh'))`

type AdvancedRow = FamilyRow & { readonly early_refresh?: Observation['detail'] | null }
export type EarlyRefresh = { readonly kind: 'early_refresh'; readonly detail: Observation['detail'] }
type Policy = Advance['earlyRefresh']

/** Most of what a short statement costs is its length: each policy has its own, and none pays for another's. */
const advancing = (policy: Policy, { condition = 'true', observed = 'NULL' }) =>
  statement<AdvancedRow>(
    `family_advance_${policy}`,
    `WITH advanced AS (
      UPDATE token_families f SET generation = $3 + 1, ${used},
        -- The first pair may be stamped later than the clock, after an act on its person: no later one goes back before it.
        live_issued_at = greatest($15, f.live_issued_at), live_expires_at = $14, live_scope = coalesce($7, ${scopeLeft}),
        live_audience = coalesce($8, CASE WHEN cardinality(f.resources) > 0 THEN ${resourceLeft} ELSE ARRAY[$16::text] END),
        live_jkt = $17, signing_kid = $18, refresh_key_id = $19
      WHERE ${honoured} AND ${condition} RETURNING ${columns}, ${observed} AS early_refresh
    ), ledger AS (
      INSERT INTO token_pairs (family_id, generation, jti, issued_at, expires_at, verdict, ip, user_agent)
      SELECT id, generation, id || '.' || generation, live_issued_at, live_expires_at, 'rotated', ip, user_agent FROM advanced
      -- No decision reads the ledger, and none may fail by it: after a restore it may know this pair already.
      ON CONFLICT DO NOTHING
    ) SELECT * FROM advanced`,
  )

export const advance: Readonly<Record<Policy, Statement<AdvancedRow>>> = {
  allow: advancing('allow', {}),
  observe: advancing('observe', { observed: earlyRefresh }),
  revoke: advancing('revoke', {
    condition: `NOT (${early({ family: 'f', asked: `coalesce($8, ${resourceLeft})` })})`,
  }),
}

export const touch = statement<FamilyRow>(
  'family_touch',
  `UPDATE token_families f SET ${used} WHERE ${honoured} RETURNING ${columns}`,
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
