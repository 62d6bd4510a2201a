import type { AuthorizationCode, CodeStore, Family, Grant, Origin } from '../oauth/stores.ts'
import { checked, type Database, json, statement, type Value } from './database.ts'

/** A grant as JSON: its one instant is text there. */
type StoredGrant = Omit<Grant, 'authTime' | 'nonce' | 'dpopJkt'> & {
  readonly authTime: string
  readonly nonce?: string
  readonly dpopJkt?: string
}

type CodeRow = {
  readonly hash: Buffer
  readonly client_id: string
  readonly grant: StoredGrant
  readonly redirect_uri: string
  readonly code_challenge: string | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly kept_until: Date
  readonly spent_at: Date | null
  readonly revoked_at: Date | null
  readonly family_id: string | null
}

export const codeColumns =
  'hash, client_id, user_id, session_id, "grant", redirect_uri, code_challenge, created_at, expires_at, kept_until'

export const codeValues = (code: AuthorizationCode): readonly Value[] => [
  code.hash,
  code.clientId,
  code.grant.userId,
  code.grant.sessionId,
  json(code.grant),
  code.redirectUri,
  code.codeChallenge,
  code.createdAt,
  code.expiresAt,
  code.keptUntil,
]

const issue = statement(
  'code_issue',
  `INSERT INTO authorization_codes (${codeColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
)

/** RFC 9126 §4: a pushed request buys one answer. Of two at once, the second waits for the first and finds it spent. */
export const spendPushed = (hash: string, now: string) => `UPDATE pushed_requests SET spent_at = ${now}
    WHERE hash = ${hash} AND spent_at IS NULL RETURNING hash`

const issuePushed = statement(
  'code_issue_pushed',
  `WITH pushed AS (${spendPushed('$11', '$8')})
   INSERT INTO authorization_codes (${codeColumns})
   SELECT $1::bytea, $2::text, $3::uuid, $4::uuid, $5::jsonb, $6::text, $7::text, $8::timestamptz, $9::timestamptz,
     $10::timestamptz FROM pushed`,
)

const find = statement<CodeRow>(
  'code_find',
  `SELECT hash, client_id, "grant", redirect_uri, code_challenge, created_at, expires_at, kept_until, spent_at, revoked_at,
     family_id FROM authorization_codes WHERE hash = $1`,
)

/**
 * The session is locked before anything else, as the acts that end one lock it first: either they see the family, or
 * this sees that the session has ended.
 */
const spend = statement<{ issued_at: Date; session_idles_at: Date; session_ends_at: Date }>(
  'code_spend',
  `WITH alive AS (
    SELECT greatest($18::timestamptz, u.not_before, k.not_before, (SELECT not_before FROM revocation_counter)) AS issued_at,
      least(s.idle_expires_at, s.absolute_expires_at) AS session_idles_at, s.absolute_expires_at AS session_ends_at
    FROM sessions s, users u, clients k
    WHERE s.id = (SELECT session_id FROM authorization_codes WHERE hash = $1) AND u.id = $6 AND k.id = $5
      AND s.ended_at IS NULL AND u.disabled_at IS NULL AND k.disabled_at IS NULL FOR SHARE OF s
  ), spent AS (
    UPDATE authorization_codes c SET spent_at = $2, family_id = $3, kept_until = greatest(c.kept_until, $4::timestamptz)
    FROM alive WHERE c.hash = $1 AND ${checked('c.client_id', '$5')} AND ${checked('c.user_id', '$6')}
      AND c.spent_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > $2
    RETURNING c.session_id, alive.issued_at, alive.session_idles_at, alive.session_ends_at
  ), family AS (
    INSERT INTO token_families (id, client_id, user_id, session_id, scope, resources, offline, refreshable, jkt, cookie_bound,
      claims, auth_time, acr, amr, generation, live_issued_at, live_expires_at, live_scope, live_audience, live_jkt,
      signing_kid, refresh_key_id, tokens_expire_at, idle_expires_at, absolute_expires_at, created_at, last_used_at, ip, user_agent)
    SELECT $3, $5, $6, session_id, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, issued_at, $19, $20, $21, $22, $23, $24, $19, $25,
      $4, $26, $2, $27, $28 FROM spent
  ), ledger AS (
    INSERT INTO token_pairs (family_id, generation, jti, issued_at, expires_at, verdict, ip, user_agent)
    SELECT $3, $17, $3::uuid || '.' || $17::int, issued_at, $19, 'issued', $27, $28 FROM spent
  ) SELECT issued_at, session_idles_at, session_ends_at FROM spent`,
)

const spendValues = (hash: Buffer, family: Family, now: Date, { ip, userAgent }: Origin): readonly Value[] => [
  hash,
  now,
  family.id,
  family.absoluteExpiresAt,
  family.clientId,
  family.userId,
  family.scope,
  family.resources,
  family.offline,
  family.refreshable,
  family.jkt,
  family.cookieBound,
  json(family.claims),
  family.authTime,
  family.acr,
  family.amr,
  family.live.generation,
  family.live.issuedAt,
  family.live.expiresAt,
  family.live.scope,
  family.live.audience,
  family.live.jkt,
  family.live.signingKid,
  family.live.refreshKeyId,
  family.idleExpiresAt,
  family.createdAt,
  ip,
  userAgent,
]

const codeOf = (row: CodeRow): AuthorizationCode => ({
  hash: row.hash,
  clientId: row.client_id,
  grant: {
    ...row.grant,
    nonce: row.grant.nonce,
    dpopJkt: row.grant.dpopJkt,
    authTime: new Date(row.grant.authTime),
  },
  redirectUri: row.redirect_uri,
  codeChallenge: row.code_challenge ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  keptUntil: row.kept_until,
  spentAt: row.spent_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  familyId: row.family_id ?? undefined,
})

export const createCodes = (database: Database): CodeStore => ({
  issue: async (code, pushed) =>
    (await (pushed
      ? database.count(issuePushed, [...codeValues(code), pushed])
      : database.count(issue, codeValues(code)))) === 1,
  find: async (hash) => {
    const [row] = await database.rows(find, [hash])
    return row && codeOf(row)
  },
  spend: async (hash, family, now, origin) => {
    const [row] = await database.rows(spend, spendValues(hash, family, now, origin))
    return (
      row && {
        issuedAt: row.issued_at,
        session: { idleExpiresAt: row.session_idles_at, absoluteExpiresAt: row.session_ends_at },
      }
    )
  },
})
