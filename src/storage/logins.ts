import type { LoginStore } from '../identity/stores.ts'
import { type Database, statement } from './database.ts'
import { type UserRow, userColumns, userOf } from './user-row.ts'

type AttemptRow = { readonly points: number; readonly expires_at: Date } & ({ readonly user_id: null } | UserRow)

const countIn = (round: number, condition: string): string => `
    INSERT INTO login_attempts AS a (key, points, expires_at)
    SELECT key, 1, $4::timestamptz + make_interval(secs => max(seconds))
    FROM bucket WHERE round = ${round} AND ${condition} GROUP BY key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
      points = CASE WHEN a.expires_at <= $4 THEN 1 ELSE a.points + 1 END,
      expires_at = CASE WHEN a.expires_at <= $4 THEN excluded.expires_at ELSE a.expires_at END
    RETURNING key, points, expires_at`

/**
 * Rows are locked round by round and in the order of their keys: two logins that share two buckets would otherwise wait
 * for each other. The second round asks what became of the whole first, so that it begins when that is done. A bucket
 * that is named twice is counted once.
 */
const attempt = statement<AttemptRow>(
  'login_attempt',
  `WITH bucket AS (
    SELECT key, seconds, most, round, position
    FROM unnest($2::bytea[], $3::int[], $5::int[], $6::int[]) WITH ORDINALITY AS b (key, seconds, most, round, position)
  ), first AS (${countIn(1, 'true')}
  ), second AS (${countIn(2, '(SELECT bool_and(points <= most) FROM first JOIN bucket USING (key))')}
  ), counted AS (SELECT * FROM first UNION ALL SELECT * FROM second)
  SELECT counted.points, counted.expires_at, ${userColumns}
    FROM bucket JOIN counted USING (key) LEFT JOIN users u ON u.username_key = $1 ORDER BY position`,
)

/** PostgreSQL's largest integer. */
const unlimited = 2_147_483_647

export const createLogins = (database: Database): LoginStore => ({
  attempt: async (usernameKey, buckets, now, then = []) => {
    if (buckets.length === 0) throw new Error('a login that nobody counts may be guessed without end')
    const all = [...buckets, ...then]
    const rows = await database.rows(attempt, [
      usernameKey,
      all.map(({ key }) => key),
      all.map(({ windowSeconds }) => windowSeconds),
      now,
      all.map(({ attempts = unlimited }) => attempts),
      all.map((_, index) => (index < buckets.length ? 1 : 2)),
    ])
    const [first] = rows
    return {
      user: first && first.user_id !== null ? userOf(first) : undefined,
      counted: rows.map((row) => ({ points: row.points, expiresAt: row.expires_at })),
    }
  },
})
