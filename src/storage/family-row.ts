import type { RequestedClaims } from '../oauth/claims.ts'
import type { Family } from '../oauth/stores.ts'

export type FamilyRow = {
  readonly id: string
  readonly client_id: string
  readonly user_id: string
  readonly session_id: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly offline: boolean
  readonly refreshable: boolean
  readonly jkt: string | null
  readonly cookie_bound: boolean
  readonly claims: RequestedClaims
  readonly auth_time: Date
  readonly acr: string
  readonly amr: readonly string[]
  readonly generation: number
  readonly live_issued_at: Date
  readonly live_expires_at: Date
  readonly live_scope: readonly string[]
  readonly live_audience: readonly string[]
  readonly live_jkt: string | null
  readonly signing_kid: string
  readonly refresh_key_id: string
  readonly tokens_expire_at: Date
  readonly retries: number
  readonly idle_expires_at: Date
  readonly absolute_expires_at: Date
  readonly created_at: Date
  readonly last_used_at: Date
  readonly ip: string | null
  readonly user_agent: string | null
  readonly revoked_at: Date | null
  readonly revoke_reason: string | null
}

/** Every column but those that `effective` has to say, of `f`. */
const told = `f.id, f.client_id, f.user_id, f.session_id, f.scope, f.resources, f.refreshable, f.jkt, f.cookie_bound, f.claims,
  f.auth_time, f.acr, f.amr, f.generation, f.live_issued_at, f.live_expires_at, f.live_scope, f.live_audience,
  f.live_jkt, f.signing_kid, f.refresh_key_id, f.tokens_expire_at, f.retries, f.created_at, f.last_used_at, f.ip, f.user_agent`

const sessionEnds = (column: string) => `(SELECT ${column} FROM sessions s WHERE s.id = f.session_id)`

/** A row as a statement that has just honoured it leaves it. One without offline_access expires with its session. */
export const columns = `${told}, f.offline, f.revoked_at, f.revoke_reason,
  CASE WHEN f.offline THEN f.idle_expires_at
    ELSE least(f.idle_expires_at, ${sessionEnds('least(s.idle_expires_at, s.absolute_expires_at)')}) END AS idle_expires_at,
  CASE WHEN f.offline THEN f.absolute_expires_at
    ELSE least(f.absolute_expires_at, ${sessionEnds('s.absolute_expires_at')}) END AS absolute_expires_at`

/** Whether it outlives its session: its client must still be registered for that. */
const offline = `(f.offline AND coalesce('offline_access' = ANY (string_to_array(c.metadata->>'scope', ' ')), false))`

/**
 * A family as it counts, given `s` its session, `u` its person and `c` its client: one without offline_access ends and
 * expires with its session.
 */
export const effective = `${told}, ${offline} AS offline,
  CASE WHEN ${offline} THEN f.idle_expires_at
    ELSE least(f.idle_expires_at, s.idle_expires_at, s.absolute_expires_at) END AS idle_expires_at,
  CASE WHEN ${offline} THEN f.absolute_expires_at ELSE least(f.absolute_expires_at, s.absolute_expires_at) END
    AS absolute_expires_at,
  coalesce(f.revoked_at, CASE WHEN NOT ${offline} THEN s.ended_at END, u.disabled_at, c.disabled_at,
    CASE WHEN c.id IS NULL OR (s.id IS NULL AND NOT ${offline}) THEN f.created_at END) AS revoked_at,
  coalesce(f.revoke_reason, CASE WHEN NOT ${offline} THEN s.end_reason END, CASE WHEN u.disabled_at IS NOT NULL THEN 'user_disabled' END,
    CASE WHEN c.id IS NULL OR c.disabled_at IS NOT NULL THEN 'client_disabled' END) AS revoke_reason`

export const standing = `FROM token_families f JOIN users u ON u.id = f.user_id
  LEFT JOIN sessions s ON s.id = f.session_id LEFT JOIN clients c ON c.id = f.client_id`

export const familyOf = (row: FamilyRow): Family => ({
  id: row.id,
  clientId: row.client_id,
  userId: row.user_id,
  sessionId: row.session_id,
  scope: row.scope,
  resources: row.resources,
  offline: row.offline,
  refreshable: row.refreshable,
  jkt: row.jkt ?? undefined,
  cookieBound: row.cookie_bound,
  claims: row.claims,
  authTime: row.auth_time,
  acr: row.acr,
  amr: row.amr,
  live: {
    generation: row.generation,
    issuedAt: row.live_issued_at,
    expiresAt: row.live_expires_at,
    scope: row.live_scope,
    audience: row.live_audience,
    jkt: row.live_jkt ?? undefined,
    signingKid: row.signing_kid,
    refreshKeyId: row.refresh_key_id,
  },
  tokensExpireAt: row.tokens_expire_at,
  retries: row.retries,
  idleExpiresAt: row.idle_expires_at,
  absoluteExpiresAt: row.absolute_expires_at,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  ip: row.ip ?? undefined,
  userAgent: row.user_agent ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  revokeReason: row.revoke_reason ?? undefined,
})
