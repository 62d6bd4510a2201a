import type { TokenStore } from '../oauth/stores.ts'
import { type Database, statement } from './database.ts'
import type { FamilyRow } from './family-row.ts'
import { entered } from './revocations.ts'

/** No more than is asked of it: each API call may come here, and a column costs as much as a table that is joined. */
type StandingRow = Pick<FamilyRow, 'user_id' | 'claims' | 'offline' | 'revoked_at' | 'revoke_reason'> & {
  readonly user_disabled: boolean
  readonly session_ended: boolean
  readonly token_revoked: boolean
  readonly username: string
  readonly user_claims: Readonly<Record<string, unknown>>
}

const standing = statement<StandingRow>(
  'token_standing',
  `SELECT f.user_id, f.claims, f.offline, f.revoked_at, f.revoke_reason, u.disabled_at IS NOT NULL AS user_disabled,
     s.id IS NULL OR s.ended_at IS NOT NULL AS session_ended,
     EXISTS (SELECT FROM revoked_tokens r WHERE r.jti = $2) AS token_revoked, u.username, u.claims AS user_claims
   FROM token_families f JOIN users u ON u.id = f.user_id LEFT JOIN sessions s ON s.id = f.session_id WHERE f.id = $1`,
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
    return (
      row && {
        family: {
          userId: row.user_id,
          claims: row.claims,
          offline: row.offline,
          revokedAt: row.revoked_at ?? undefined,
          revokeReason: row.revoke_reason ?? undefined,
        },
        userDisabled: row.user_disabled,
        sessionEnded: row.session_ended,
        tokenRevoked: row.token_revoked,
        username: row.username,
        userClaims: row.user_claims,
      }
    )
  },
  isRevoked: async (jti) => (await database.rows(isRevoked, [jti])).length > 0,
  revoke: async (jti, expiresAt, now) => {
    await database.count(revoke, [jti, expiresAt, now])
  },
})
