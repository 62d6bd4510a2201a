import type { TokenStore } from '../oauth/stores.ts'
import { type Database, statement } from './database.ts'
import type { FamilyRow } from './family-row.ts'
import { entered } from './revocations.ts'

/** No more than is asked of it: each API call may come here, and a column costs its name and its value on both sides. */
type StandingRow = Pick<FamilyRow, 'user_id' | 'claims' | 'offline' | 'revoked_at' | 'revoke_reason'> & {
  readonly person: {
    readonly username: string
    readonly disabled: boolean
    readonly claims: Readonly<Record<string, unknown>>
  } | null
  readonly session_stands: boolean | null
  readonly token_revoked: boolean
}

/** Each neighbour is one row, read by its key. As joins they would cost the statement half as much again. */
const standing = statement<StandingRow>(
  'token_standing',
  `SELECT f.user_id, f.claims, f.offline, f.revoked_at, f.revoke_reason,
     (SELECT jsonb_build_object('username', u.username, 'disabled', u.disabled_at IS NOT NULL, 'claims', u.claims)
      FROM users u WHERE u.id = f.user_id) AS person,
     (SELECT s.ended_at IS NULL FROM sessions s WHERE s.id = f.session_id) AS session_stands,
     EXISTS (SELECT FROM revoked_tokens r WHERE r.jti = $2) AS token_revoked
   FROM token_families f WHERE f.id = $1`,
)

const isRevoked = statement<{ jti: string }>('token_is_revoked', 'SELECT jti FROM revoked_tokens WHERE jti = $1')

const revoke = statement(
  'token_revoke',
  `WITH ended AS (
    INSERT INTO revoked_tokens (jti, expires_at) SELECT $1, $2 WHERE $2 > $3::timestamptz ON CONFLICT (jti) DO NOTHING
    RETURNING jti AS id, expires_at AS tokens_expire_at
  ), ${entered('token', { reason: "'revoked_by_client'", now: '$3' })}`,
)

export const createTokens = (database: Database): TokenStore => ({
  standing: async (familyId, jti) => {
    const [row] = await database.rows(standing, [familyId, jti])
    if (!row?.person) return undefined
    const { person } = row
    return {
      family: {
        userId: row.user_id,
        claims: row.claims,
        offline: row.offline,
        revokedAt: row.revoked_at ?? undefined,
        revokeReason: row.revoke_reason ?? undefined,
      },
      userDisabled: person.disabled,
      sessionEnded: row.session_stands !== true,
      tokenRevoked: row.token_revoked,
      username: person.username,
      userClaims: person.claims,
    }
  },
  isRevoked: async (jti) => (await database.rows(isRevoked, [jti])).length > 0,
  revoke: async (jti, expiresAt, now) => {
    await database.count(revoke, [jti, expiresAt, now])
  },
})
