import type { PushedRequestStore } from '../oauth/authorization/stores.ts'
import { spendPushed } from './codes.ts'
import { type Database, statement } from './database.ts'

type Row = {
  readonly client_id: string
  readonly parameters: string
  readonly jkt: string | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly spent_at: Date | null
}

const create = statement(
  'pushed_create',
  `INSERT INTO pushed_requests (hash, client_id, parameters, jkt, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
)

const find = statement<Row>(
  'pushed_find',
  'SELECT client_id, parameters, jkt, created_at, expires_at, spent_at FROM pushed_requests WHERE hash = $1',
)

const spend = statement('pushed_spend', spendPushed('$1', '$2'))

/** RFC 9126. What answers one otherwise spends it in its own statement: interactions.ts and codes.ts. */
export const createPushedRequests = (database: Database): PushedRequestStore => ({
  create: async ({ hash, clientId, parameters, jkt, createdAt, expiresAt }) => {
    await database.count(create, [hash, clientId, parameters, jkt, createdAt, expiresAt])
  },
  find: async (hash) => {
    const [row] = await database.rows(find, [hash])
    return (
      row && {
        hash,
        clientId: row.client_id,
        parameters: row.parameters,
        jkt: row.jkt ?? undefined,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        spentAt: row.spent_at ?? undefined,
      }
    )
  },
  spend: async (hash, now) => (await database.rows(spend, [hash, now])).length === 1,
})
