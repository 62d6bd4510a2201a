import type { Advance, Family, FamilyStore } from '../oauth/stores.ts'
import { theftEnds } from '../oauth/tokens/family-end.ts'
import type { HistoryStore, LedgerEntry } from '../oauth/tokens/history.ts'
import { type Database, json, statement, type Value } from './database.ts'
import { columns, effective, type FamilyRow, familyOf, standing } from './family-row.ts'
import { entered } from './revocations.ts'

export type FamilyFilter = {
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
  readonly sessionId?: string | undefined
  readonly limit: number
}

export type Families = FamilyStore &
  HistoryStore & {
    /** Those that are alive, the last used first. */
    list(filter: FamilyFilter, now: Date): Promise<readonly Family[]>
  }

/**
 * $1 to $10 are the same in both statements that redeem a refresh token; $9 and $10 are what the client is registered for.
 * A client that has lost nothing since, as nearly every one, costs no walk through the lists.
 */
const scopeLeft = `CASE WHEN f.scope <@ $9::text[] THEN f.scope
  ELSE ARRAY(SELECT v FROM unnest(f.scope) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($9) ORDER BY n) END`
const resourceLeft = `CASE WHEN f.resources[1] = ANY ($10::text[]) THEN f.resources[1:1]
  ELSE ARRAY(SELECT v FROM unnest(f.resources) WITH ORDINALITY AS one(v, n) WHERE v = ANY ($10) ORDER BY n LIMIT 1) END`

const honoured = `f.id = $1 AND f.client_id = $2 AND f.generation = $3 AND f.refreshable AND f.revoked_at IS NULL
  AND f.idle_expires_at > $4 AND f.absolute_expires_at > $4
  AND f.cookie_bound = $5 AND (f.jkt IS NULL OR f.jkt = $6)
  AND (f.scope <@ $9::text[] OR f.scope && array_remove($9::text[], 'offline_access'))
  AND ($7::text[] IS NULL OR ($7 <@ f.scope AND $7 <@ $9))
  AND CASE WHEN $8::text[] IS NOT NULL THEN $8 <@ f.resources AND $8 <@ $10::text[]
    WHEN cardinality(f.resources) > 0 THEN f.resources && $10
    ELSE 'openid' = ANY (f.scope) AND 'openid' = ANY ($9) END
  AND EXISTS (SELECT FROM users u WHERE u.id = f.user_id AND u.disabled_at IS NULL)
  AND EXISTS (SELECT FROM clients c WHERE c.id = f.client_id AND c.disabled_at IS NULL)
  AND ((f.offline AND 'offline_access' = ANY ($9)) OR EXISTS (SELECT FROM sessions s WHERE s.id = f.session_id AND s.ended_at IS NULL
    AND s.idle_expires_at > $4 AND s.absolute_expires_at > $4))`

/** As tokens/suspicion.ts has it: the access token has more than half of its life left, and is asked for again. */
const early = `(f.live_expires_at - $4::timestamptz) * 2 > f.live_expires_at - f.live_issued_at
  AND CASE WHEN $8::text[] IS NULL AND cardinality(f.resources) = 0 THEN true
    ELSE coalesce($8, ${resourceLeft}) @> f.live_audience AND coalesce($8, ${resourceLeft}) <@ f.live_audience END`

const seconds = (interval: string) => `floor(extract(epoch FROM ${interval}))::int`

/** What the request tells beside what it does. `a` is the family as the statement leaves it. */
const noted = (from: string, seen: string, { now, ip, userAgent }: { now: string; ip: string; userAgent: string }) =>
  `noted AS (
    INSERT INTO events (at, kind, user_id, client_id, session_id, family_id, ip, user_agent, detail)
    SELECT ${now}, seen.kind, a.user_id, a.client_id, a.session_id, a.id, ${ip}, ${userAgent},
      jsonb_build_object('generation', a.generation) || seen.detail
    FROM ${from} a CROSS JOIN LATERAL (${seen}) AS seen
  )`
const observed = (value: string) =>
  `SELECT kind, detail FROM jsonb_to_recordset(${value}::jsonb) AS o(kind text, detail jsonb)`

/** $14 is when the token expires that this buys. */
const used = `idle_expires_at = least($11, f.absolute_expires_at), last_used_at = $4, ip = $12, user_agent = $13,
  tokens_expire_at = greatest(f.tokens_expire_at, $14)`

const advance = statement<FamilyRow>(
  'family_advance',
  `WITH advanced AS (
    UPDATE token_families f SET generation = $3 + 1, ${used},
      -- The first pair may be stamped later than the clock, after an act on its person: no later one goes back before it.
      live_issued_at = greatest($15, f.live_issued_at), live_expires_at = $14, live_scope = coalesce($7, ${scopeLeft}),
      live_audience = coalesce($8, CASE WHEN cardinality(f.resources) > 0 THEN ${resourceLeft} ELSE ARRAY[$16::text] END),
      live_jkt = $17, signing_kid = $18, refresh_key_id = $19
    WHERE ${honoured} AND CASE WHEN $20::text = 'revoke' THEN NOT (${early}) ELSE true END RETURNING ${columns}
  ), ledger AS (
    INSERT INTO token_pairs (family_id, generation, jti, issued_at, expires_at, verdict, ip, user_agent)
    SELECT id, generation, id || '.' || generation, live_issued_at, live_expires_at, 'rotated', ip, user_agent FROM advanced
    -- No decision reads the ledger, and none may fail by it: after a restore it may know this pair already.
    ON CONFLICT DO NOTHING
  ), ${noted(
    'advanced',
    // All parts of a statement share its snapshot, so this reads the family as it was. It is of generation $3: what was
    // advanced had that generation both in the snapshot and, where somebody else wrote meanwhile, when it was looked at
    // again; and what is compared here is the same for as long as the generation is.
    `SELECT 'early_refresh' AS kind, jsonb_build_object('presented', $3::int, 'remaining', ${seconds('f.live_expires_at - $4')},
       'lifetime', ${seconds('f.live_expires_at - f.live_issued_at')}) AS detail
     FROM token_families f WHERE $20 = 'observe' AND f.id = a.id AND f.generation = $3 AND ${early}
       -- Once: an app that refreshes early does so a thousand times, and the ledger has each.
       AND NOT EXISTS (SELECT FROM events e WHERE e.family_id = a.id AND e.kind = 'early_refresh')
     UNION ALL ${observed('$21')}`,
    { now: '$4', ip: '$12', userAgent: '$13' },
  )} SELECT * FROM advanced`,
)

const touch = statement<FamilyRow>(
  'family_touch',
  `WITH touched AS (UPDATE token_families f SET ${used} WHERE ${honoured} RETURNING ${columns}),
   ${noted('touched', observed('$15'), { now: '$4', ip: '$12', userAgent: '$13' })} SELECT * FROM touched`,
)

const find = statement<FamilyRow>('family_find', `SELECT ${effective} ${standing} WHERE f.id = $1`)

const countRetry = statement(
  'family_count_retry',
  `WITH retried AS (
    UPDATE token_families SET retries = retries + 1, last_used_at = greatest(last_used_at, $2) WHERE id = $1
    RETURNING id, user_id, client_id, session_id, generation, live_issued_at
  ), ${noted('retried', observed('$5'), { now: '$2', ip: '$3', userAgent: '$4' })} UPDATE token_pairs p SET retries = p.retries + 1 FROM retried r
    WHERE p.family_id = r.id AND p.generation = r.generation AND p.issued_at = r.live_issued_at`,
)

const revoke = statement<{ ended: number }>(
  'family_revoke',
  `WITH ended AS (
    UPDATE token_families SET revoked_at = $3, revoke_reason = $2 WHERE id = $1 AND revoked_at IS NULL
    RETURNING id, user_id, client_id, session_id, generation, tokens_expire_at
  ), told AS (
    INSERT INTO events (at, kind, user_id, client_id, session_id, family_id, ip, user_agent, detail)
    SELECT $3, 'family_revoked', user_id, client_id, session_id, id, $4, $5,
      jsonb_build_object('reason', $2::text, 'generation', generation) || $6::jsonb FROM ended
  ), noticed AS (
    INSERT INTO notices (user_id, at, kind, client_id, session_id, family_id)
    SELECT user_id, $3, $2, client_id, session_id, id FROM ended WHERE $2 = ANY ($7::text[])
  ), ${entered('family', { reason: '$2', now: '$3' })}`,
)

const list = statement<FamilyRow>(
  'family_list',
  `SELECT * FROM (SELECT ${effective} ${standing}
    WHERE ($1::uuid IS NULL OR f.user_id = $1) AND ($2::text IS NULL OR f.client_id = $2)
      AND ($3::uuid IS NULL OR f.session_id = $3) AND f.absolute_expires_at > $4) AS family
  WHERE revoked_at IS NULL AND idle_expires_at > $4 ORDER BY last_used_at DESC, id LIMIT $5`,
)

type PairRow = {
  readonly generation: number
  readonly jti: string
  readonly issued_at: Date
  readonly expires_at: Date
  readonly verdict: string
  readonly retries: number
  readonly ip: string | null
  readonly user_agent: string | null
}
/** The first, the one that came back, and the newest: nobody reads a hundred thousand. */
const pairs = statement<PairRow>(
  'family_pairs',
  `SELECT generation, jti, issued_at, expires_at, verdict, retries, ip, user_agent FROM token_pairs
   WHERE family_id = $1 AND (generation <= 1 OR generation = $2 OR generation > $3) ORDER BY generation, issued_at LIMIT 250`,
)
const newest = 200

const ending = statement<{ presented: number | null; ip: string | null; user_agent: string | null }>(
  'family_ending',
  `SELECT (detail->>'presented')::int AS presented, ip, user_agent FROM events
   WHERE family_id = $1 AND kind = 'family_revoked' ORDER BY id LIMIT 1`,
)

const pairOf = (row: PairRow): LedgerEntry => ({
  generation: row.generation,
  jti: row.jti,
  issuedAt: row.issued_at,
  expiresAt: row.expires_at,
  verdict: row.verdict,
  retries: row.retries,
  ip: row.ip ?? undefined,
  userAgent: row.user_agent ?? undefined,
})

const presented = (asked: Advance): readonly Value[] => [
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

export const createFamilies = (database: Database): Families => {
  const one = async (...asked: Parameters<typeof database.rows<FamilyRow>>): Promise<Family | undefined> => {
    const [row] = await database.rows(...asked)
    return row && familyOf(row)
  }
  return {
    find: (id) => one(find, [id]),
    advance: (asked) => {
      const { next, issuer } = asked
      const pair = [next.issuedAt, issuer, next.jkt, next.signingKid, next.refreshKeyId]
      return one(advance, [...presented(asked), ...pair, asked.earlyRefresh, json(asked.observed)])
    },
    touch: (asked) => one(touch, [...presented(asked), json(asked.observed)]),
    countRetry: async (id, now, { ip, userAgent }, observed) => {
      await database.count(countRetry, [id, now, ip, userAgent, json(observed)])
    },
    revoke: async (id, reason, now, { ip, userAgent }, detail = {}) => {
      const [row] = await database.rows(revoke, [id, reason, now, ip, userAgent, json(detail), theftEnds])
      return row?.ended === 1
    },
    list: async ({ userId, clientId, sessionId, limit }, now) =>
      (await database.rows(list, [userId, clientId, sessionId, now, limit])).map(familyOf),
    show: async (id) => {
      const family = await one(find, [id])
      if (!family) return undefined
      const [end] = await database.rows(ending, [id])
      return {
        family,
        pairs: (await database.rows(pairs, [id, end?.presented, family.live.generation - newest])).map(pairOf),
        ending: end && {
          presented: end.presented ?? undefined,
          ip: end.ip ?? undefined,
          userAgent: end.user_agent ?? undefined,
        },
      }
    },
  }
}
