import type { Bucket, LoginStore } from '../identity/stores.ts'
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

/** Nothing, which is no pass, where the round before was not counted. */
const passed = (round: string): string => `(SELECT bool_and(points <= most) FROM ${round} JOIN bucket USING (key))`

/**
 * Rows are locked round by round and in the order of their keys: two logins that share two buckets would otherwise wait
 * for each other. A round asks what became of the whole one before, so that it begins when that is done. A bucket that
 * is named twice is counted once.
 */
const attempt = statement<AttemptRow>(
  'login_attempt',
  `WITH bucket AS (
    SELECT key, seconds, most, round, position
    FROM unnest($2::bytea[], $3::int[], $5::int[], $6::int[]) WITH ORDINALITY AS b (key, seconds, most, round, position)
  ), first AS (${countIn(1, 'true')}
  ), second AS (${countIn(2, passed('first'))}
  ), third AS (${countIn(3, passed('second'))}
  ), counted AS (SELECT * FROM first UNION ALL SELECT * FROM second UNION ALL SELECT * FROM third)
  SELECT counted.points, counted.expires_at, ${userColumns}
    FROM bucket JOIN counted USING (key) LEFT JOIN users u ON u.username_key = $1 ORDER BY position`,
)

/** Parts of a statement whose $1 are the keys. Locked in their order, as an attempt locks them. */
export const forgiven = `locked AS (SELECT key FROM login_attempts WHERE key = ANY($1::bytea[]) ORDER BY key FOR UPDATE),
  forgiven AS (UPDATE login_attempts SET points = greatest(points - 1, 0) WHERE key = ANY(ARRAY(SELECT key FROM locked)))`

const forgive = statement('login_forgive', `WITH ${forgiven} SELECT`)

const rehash = statement(
  'login_rehash',
  'UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL',
)

/** PostgreSQL's largest integer. */
const unlimited = 2_147_483_647

const checkOrder = (rounds: readonly (readonly Bucket[])[]): void => {
  if (rounds.length === 0 || rounds.length > 3 || rounds.some(({ length }) => length === 0))
    throw new Error('a login that nobody counts may be guessed without end')
  const sorted = rounds.map((round) => round.map(({ key }) => key).sort(Buffer.compare))
  for (const [index, [least]] of sorted.entries()) {
    const before = sorted[index - 1]?.at(-1)
    if (least && before && before.compare(least) >= 0) throw new Error('two logins may wait for each other for ever')
  }
}

export const createLogins = (database: Database): LoginStore => ({
  attempt: async (usernameKey, rounds, now) => {
    checkOrder(rounds)
    const all = rounds.flat()
    const rows = await database.rows(attempt, [
      usernameKey,
      all.map(({ key }) => key),
      all.map(({ windowSeconds }) => windowSeconds),
      now,
      all.map(({ attempts = unlimited }) => attempts),
      rounds.flatMap((round, index) => round.map(() => index + 1)),
    ])
    const [first] = rows
    return {
      user: first && first.user_id !== null ? userOf(first) : undefined,
      counted: rows.map((row) => ({ points: row.points, expiresAt: row.expires_at })),
    }
  },
  forgive: async (keys) => {
    await database.rows(forgive, [keys])
  },
  rehash: async (userId, from, to) => (await database.count(rehash, [userId, from, to])) === 1,
})
