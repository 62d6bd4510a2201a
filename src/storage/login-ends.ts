import type { LoginEnd, LoginEndStore } from '../identity/account.ts'
import { type Database, statement } from './database.ts'
import { effective, standing } from './family-row.ts'

type EndRow = {
  readonly of: LoginEnd['of']
  readonly id: string
  readonly at: Date
  readonly reason: string
  readonly client_id: string | null
  readonly ip: string | null
  readonly user_agent: string | null
}

/** Whichever came first: what was dead when an act met it, the act did not end. */
const endOf = (acted: string, reason: string) => `least(${acted}, idle_expires_at, absolute_expires_at) AS at,
  CASE WHEN ${acted} <= least(idle_expires_at, absolute_expires_at) THEN ${reason}
    WHEN idle_expires_at < absolute_expires_at THEN 'idle' ELSE 'expired' END AS reason`

/** A login without a refresh token that ran out is no event: it was never meant to last. */
const ends = statement<EndRow>(
  'login_ends',
  `SELECT * FROM (
    SELECT 'session' AS "of", id, ${endOf('ended_at', 'end_reason')}, NULL AS client_id, ip, user_agent, true AS lasting
    FROM sessions WHERE user_id = $1
    UNION ALL
    SELECT 'family', id, ${endOf('revoked_at', 'revoke_reason')}, client_id, browser_ip, browser, refreshable
    FROM (SELECT ${effective}, coalesce(s.ip, f.ip) AS browser_ip, coalesce(s.user_agent, f.user_agent) AS browser
      ${standing} WHERE f.user_id = $1) AS family
  ) AS login WHERE at > $2 AND at <= $3 AND (lasting OR reason NOT IN ('idle', 'expired'))
  ORDER BY at DESC, "of", id LIMIT $4`,
)

export const createLoginEnds = (database: Database): LoginEndStore => ({
  list: async (userId, since, now, limit) =>
    (await database.rows(ends, [userId, since, now, limit])).map((row) => ({
      of: row.of,
      id: row.id,
      at: row.at,
      reason: row.reason,
      clientId: row.client_id ?? undefined,
      ip: row.ip ?? undefined,
      userAgent: row.user_agent ?? undefined,
    })),
})
