import { LRUCache } from 'lru-cache'
import type { Advance, Family, FamilyStore, Observation } from '../oauth/stores.ts'
import { theftEnds } from '../oauth/tokens/family-end.ts'
import type { HistoryStore, LedgerEntry } from '../oauth/tokens/history.ts'
import { type Database, json, statement } from './database.ts'
import { advanced, advances, type EarlyRefresh, honouredOf, touch, touched } from './family-refresh.ts'
import { effective, type FamilyRow, familyOf, standing } from './family-row.ts'
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
 * What a request tells beside what it did: rarely anything, so it is a statement of its own. A crash between the two loses
 * the event and nothing else; what ends a family is one statement with its event.
 */
const note = statement(
  'family_note',
  `INSERT INTO events (at, kind, user_id, client_id, session_id, family_id, ip, user_agent, detail)
   SELECT $2, seen.kind, f.user_id, f.client_id, f.session_id, f.id, $3, $4,
     jsonb_build_object('generation', $5::int) || seen.detail
   FROM token_families f CROSS JOIN jsonb_to_recordset($6::jsonb) AS seen(kind text, detail jsonb) WHERE f.id = $1
     -- Another server may have seen the next one before this one was told.
     AND NOT (seen.kind = 'early_refresh'
       AND EXISTS (SELECT FROM events e WHERE e.family_id = f.id AND e.kind = 'early_refresh'))`,
)

const find = statement<FamilyRow>('family_find', `SELECT ${effective} ${standing} WHERE f.id = $1`)

const countRetry = statement<{ generation: number }>(
  'family_count_retry',
  `WITH retried AS (
    UPDATE token_families SET retries = retries + 1, last_used_at = greatest(last_used_at, $2) WHERE id = $1
    RETURNING id, generation, live_issued_at
  ), ledger AS (
    UPDATE token_pairs p SET retries = p.retries + 1 FROM retried r
    WHERE p.family_id = r.id AND p.generation = r.generation AND p.issued_at = r.live_issued_at
  ) SELECT generation FROM retried`,
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

const sessionIdle = statement<{ at: Date }>(
  'family_session',
  'SELECT idle_expires_at AS at FROM sessions WHERE id = $1',
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

export const createFamilies = (database: Database): Families => {
  const one = async (...asked: Parameters<typeof database.rows<FamilyRow>>): Promise<Family | undefined> => {
    const [row] = await database.rows(...asked)
    return row && familyOf(row)
  }
  const tell = async (
    { id, generation }: Pick<FamilyRow, 'id' | 'generation'>,
    { now, origin }: Pick<Advance, 'now' | 'origin'>,
    observed: readonly (Observation | EarlyRefresh)[],
  ) => {
    if (observed.length === 0) return
    await database.count(note, [id, now, origin.ip, origin.userAgent, generation, json(observed)])
  }
  /** Once: an app that refreshes early does so a thousand times, and the ledger has each. */
  const toldEarly = new LRUCache<string, true>({ max: 10_000 })
  return {
    find: (id) => one(find, [id]),
    advance: async (asked) => {
      const { familyId: id, generation, earlyRefresh } = asked
      const policy = earlyRefresh === 'observe' && toldEarly.has(id) ? 'allow' : earlyRefresh
      for (const statement of advances(asked, policy)) {
        const [row] = await database.rows(statement, advanced(asked))
        if (!row) continue
        const { early_refresh: detail } = row
        const early = detail ? [{ kind: 'early_refresh' as const, detail }] : []
        await tell({ id, generation: generation + 1 }, asked, [...early, ...asked.observed])
        if (detail) toldEarly.set(id, true)
        return honouredOf(row, asked)
      }
      return undefined
    },
    touch: async (asked) => {
      const [row] = await database.rows(touch, touched(asked))
      if (row) await tell(row, asked, asked.observed)
      return row && familyOf(row)
    },
    countRetry: async (id, now, origin, observed) => {
      const [row] = await database.rows(countRetry, [id, now])
      if (row) await tell({ id, ...row }, { now, origin }, observed)
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
      const [session] = await database.rows(sessionIdle, [family.sessionId])
      return {
        family,
        pairs: (await database.rows(pairs, [id, end?.presented, family.live.generation - newest])).map(pairOf),
        ending: end && {
          presented: end.presented ?? undefined,
          ip: end.ip ?? undefined,
          userAgent: end.user_agent ?? undefined,
        },
        sessionIdleExpiresAt: session?.at,
      }
    },
  }
}
