import type { LoginStore } from '../identity/stores.ts'
import { type Database, statement } from './database.ts'
import { type UserRow, userColumns, userOf } from './user-row.ts'

type AttemptRow = { readonly points: number; readonly expires_at: Date } & ({ readonly user_id: null } | UserRow)

/**
 * Rows are locked in the order of their keys: two logins that share two buckets would otherwise wait for each other. A
 * bucket that is named twice is counted once.
 */
const attempt = statement<AttemptRow>(
  'login_attempt',
  `WITH bucket AS (
    SELECT key, seconds, position FROM unnest($2::bytea[], $3::int[]) WITH ORDINALITY AS b (key, seconds, position)
  ), counted AS (
    INSERT INTO login_attempts AS a (key, points, expires_at)
    SELECT key, 1, $4::timestamptz + make_interval(secs => max(seconds)) FROM bucket GROUP BY key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
      points = CASE WHEN a.expires_at <= $4 THEN 1 ELSE a.points + 1 END,
      expires_at = CASE WHEN a.expires_at <= $4 THEN excluded.expires_at ELSE a.expires_at END
    RETURNING key, points, expires_at
  ) SELECT counted.points, counted.expires_at, ${userColumns}
    FROM bucket JOIN counted USING (key) LEFT JOIN users u ON u.username_key = $1 ORDER BY position`,
)

export const createLogins = (database: Database): LoginStore => ({
  attempt: async (usernameKey, buckets, now) => {
    if (buckets.length === 0) throw new Error('a login that nobody counts may be guessed without end')
    const keys = buckets.map(({ key }) => key)
    const windows = buckets.map(({ windowSeconds }) => windowSeconds)
    const rows = await database.rows(attempt, [usernameKey, keys, windows, now])
    const [first] = rows
    return {
      user: first && first.user_id !== null ? userOf(first) : undefined,
      counted: rows.map((row) => ({ points: row.points, expiresAt: row.expires_at })),
    }
  },
})
