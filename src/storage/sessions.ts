import type { Session, SessionStore } from '../identity/stores.ts'
import { type Database, statement } from './database.ts'
import { forgiven } from './logins.ts'
import type { Session as StoredSession } from './prisma/client.ts'
import { enter } from './revocations.ts'
import { markedWith } from './session-end.ts'
import { createWithin, mayBegin } from './session-limit.ts'
import { type UserRow, userColumns, userOf } from './user-row.ts'

export type SessionRow = {
  readonly id: string
  readonly user_id: string
  readonly authenticated_at: Date
  readonly amr: readonly string[]
  readonly acr: string
  readonly created_at: Date
  readonly last_used_at: Date
  readonly idle_expires_at: Date
  readonly absolute_expires_at: Date
  readonly ip: string | null
  readonly user_agent: string | null
}

const find = statement<SessionRow & UserRow>(
  'session_find',
  `SELECT s.id, s.authenticated_at, s.amr, s.acr, s.created_at, s.last_used_at, s.idle_expires_at, s.absolute_expires_at,
     s.ip, s.user_agent, ${userColumns}
   FROM sessions s JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
   WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.absolute_expires_at > $2`,
)

const endedElsewhere = statement(
  'session_ended_elsewhere',
  `SELECT FROM sessions WHERE token_hash = $1 AND (end_reason IS NULL OR end_reason NOT IN ('replaced', 'logged_out'))`,
)

/** The person is locked: a login that a new password, a wish for one, or a closed account overtook starts nothing. */
const create = statement(
  'session_create',
  `WITH ${forgiven}, person AS (
    SELECT id FROM users WHERE id = $4 AND ${mayBegin('$5')} FOR SHARE
  ) INSERT INTO sessions (id, token_hash, user_id, authenticated_at, amr, acr, created_at, last_used_at, idle_expires_at,
      absolute_expires_at, ip, user_agent)
    SELECT $2, $3, id, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM person`,
)

const renew = statement(
  'session_renew',
  `WITH ${forgiven}
   UPDATE sessions SET token_hash = $3, authenticated_at = $4, amr = $5, acr = $6, idle_expires_at = least($7, absolute_expires_at),
     last_used_at = $4
   WHERE id = $2 AND ended_at IS NULL AND idle_expires_at > $4 AND absolute_expires_at > $4
     AND EXISTS (SELECT FROM users u WHERE u.id = user_id AND ${mayBegin('$4')})`,
)

const touch = statement(
  'session_touch',
  `UPDATE sessions SET last_used_at = $2, idle_expires_at = least($3, absolute_expires_at)
   WHERE id = $1 AND ended_at IS NULL AND idle_expires_at > $2`,
)

export const sessionOf = (row: SessionRow): Session => ({
  id: row.id,
  userId: row.user_id,
  authenticatedAt: row.authenticated_at,
  amr: row.amr,
  acr: row.acr,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  idleExpiresAt: row.idle_expires_at,
  absoluteExpiresAt: row.absolute_expires_at,
  ip: row.ip ?? undefined,
  userAgent: row.user_agent ?? undefined,
})

const listed = ({ tokenHash: _, endedAt: __, endReason: ___, ip, userAgent, ...session }: StoredSession): Session => ({
  ...session,
  ip: ip ?? undefined,
  userAgent: userAgent ?? undefined,
})

export const createSessions = (database: Database): SessionStore => ({
  find: async (tokenHash, now) => {
    const [row] = await database.rows(find, [tokenHash, now])
    return row && { session: sessionOf(row), user: userOf(row) }
  },
  endedElsewhere: async (tokenHash) => (await database.count(endedElsewhere, [tokenHash])) === 1,
  create: async (session, tokenHash, forgive, limit) => {
    if (limit) return createWithin(database, limit, session, tokenHash, forgive)
    const created = await database.count(create, [
      forgive,
      session.id,
      tokenHash,
      session.userId,
      session.authenticatedAt,
      session.amr,
      session.acr,
      session.createdAt,
      session.lastUsedAt,
      session.idleExpiresAt,
      session.absoluteExpiresAt,
      session.ip,
      session.userAgent,
    ])
    return created === 1 ? 'created' : 'overtaken'
  },
  renew: async (id, tokenHash, { authenticatedAt, amr, acr, idleExpiresAt }, forgive) =>
    (await database.count(renew, [forgive, id, tokenHash, authenticatedAt, amr, acr, idleExpiresAt])) === 1,
  touch: async (id, now, idleExpiresAt) => {
    await database.count(touch, [id, now, idleExpiresAt])
  },
  end: (id, reason, now) =>
    database.transaction(async (tx) => {
      const { count } = await tx.session.updateMany({
        where: { id, endedAt: null },
        data: { endedAt: now, endReason: reason },
      })
      if (count === 0) return false
      await enter(tx, (await markedWith(tx, id, reason, now)).told, now)
      return true
    }),
  list: async ({ userId, limit }, now) => {
    const rows = await database.prisma((prisma) =>
      prisma.session.findMany({
        where: {
          ...(userId ? { userId } : {}),
          endedAt: null,
          idleExpiresAt: { gt: now },
          absoluteExpiresAt: { gt: now },
        },
        orderBy: [{ lastUsedAt: 'desc' }, { id: 'asc' }],
        take: limit,
      }),
    )
    return rows.map(listed)
  },
})
