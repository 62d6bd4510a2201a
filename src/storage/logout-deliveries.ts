import type { Delivery, DeliveryStore, ParticipantStore, SeenDelivery } from '../oauth/logout/stores.ts'
import { type Database, statement } from './database.ts'

type DeliveryRow = {
  readonly id: string
  readonly client_id: string
  readonly user_id: string
  readonly session_id: string
  readonly created_at: Date
  readonly attempts: number
}
type SeenRow = DeliveryRow & {
  readonly client_name: string | null
  readonly username: string | null
  readonly next_attempt_at: Date | null
  readonly delivered_at: Date | null
  readonly last_outcome: string | null
}

const columns = ['id', 'client_id', 'user_id', 'session_id', 'created_at', 'attempts'].map((name) => `d.${name}`).join()

/** Of so many that are due the clients are known by reading them; of more, PostgreSQL is led from client to client. */
const few = 1000

/**
 * What another server is taking is passed over, and what it has taken is due no longer when its row is looked at again.
 * Clients that fail have a queue of their own, and in both each client has its first before any has its second: among
 * equals the instant decides. The hundred thousand of one are not read on the way to the next; and it is planned anew,
 * since what was planned for the few of a quiet week would read them.
 */
const claim = statement<DeliveryRow>(
  'logout_claim',
  `WITH RECURSIVE first AS (
    SELECT client_id FROM logout_deliveries WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT ${few}
  ), waiting AS (
    (SELECT client_id FROM logout_deliveries WHERE next_attempt_at IS NOT NULL AND (SELECT count(*) FROM first) = ${few}
     ORDER BY client_id LIMIT 1)
    UNION ALL
    SELECT (SELECT client_id FROM logout_deliveries
      WHERE client_id > waiting.client_id AND next_attempt_at IS NOT NULL ORDER BY client_id LIMIT 1)
    FROM waiting WHERE client_id IS NOT NULL
  ), asked AS (
    SELECT client_id, coalesce(own.count, 0) AS under_way, failing.id IS NOT NULL AS failing,
      hashtextextended(client_id, (extract(epoch FROM $1::timestamptz) * 1000)::bigint) AS luck
    FROM (SELECT client_id FROM first UNION SELECT client_id FROM waiting) AS known
      LEFT JOIN unnest($2::text[], $3::int[]) AS own (id, count) ON own.id = client_id
      LEFT JOIN unnest($4::text[]) AS failing (id) ON failing.id = client_id
    WHERE client_id IS NOT NULL AND coalesce(own.count, 0) < $5
  ), placed AS (
    SELECT due.id, failing, luck,
      under_way + row_number() OVER (PARTITION BY client_id ORDER BY next_attempt_at) AS place
    FROM asked CROSS JOIN LATERAL (
      SELECT id, next_attempt_at FROM logout_deliveries d WHERE d.client_id = asked.client_id AND next_attempt_at <= $1
      ORDER BY next_attempt_at LIMIT $5
    ) AS due
  ), fair AS (
    SELECT id FROM (
      SELECT *, row_number() OVER (PARTITION BY failing ORDER BY place, luck) AS share FROM placed WHERE place <= $5
    ) AS shared WHERE NOT failing OR share <= $6 ORDER BY failing, place, luck
  ), taken AS (
    SELECT free.id FROM fair CROSS JOIN LATERAL (
      SELECT id FROM logout_deliveries WHERE id = fair.id AND next_attempt_at <= $1 FOR UPDATE SKIP LOCKED
    ) AS free LIMIT $7
  ) UPDATE logout_deliveries d SET attempts = d.attempts + 1, next_attempt_at = $8 FROM taken WHERE d.id = taken.id
    RETURNING ${columns}`,
  'each time',
)

const record = statement(
  'logout_record',
  `UPDATE logout_deliveries SET last_outcome = $3, delivered_at = $4, next_attempt_at = $5
   WHERE id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL`,
)

const again = statement<{ told: string }>(
  'logout_again',
  `UPDATE logout_deliveries SET next_attempt_at = $2, delivered_at = NULL WHERE id = $1
   RETURNING pg_notify('tessera_changes', 'logouts')::text AS told`,
)

const list = statement<SeenRow>(
  'logout_list',
  `SELECT ${columns}, d.next_attempt_at, d.delivered_at, d.last_outcome, c.metadata->>'client_name' AS client_name, u.username
   FROM logout_deliveries d LEFT JOIN clients c ON c.id = d.client_id LEFT JOIN users u ON u.id = d.user_id
   WHERE d.id < $1 ORDER BY d.id DESC LIMIT $2`,
)

const participants = statement<{ client_id: string }>(
  'session_participants',
  'SELECT DISTINCT client_id FROM token_families WHERE session_id = $1 ORDER BY client_id',
)

const deliveryOf = (row: DeliveryRow): Delivery => ({
  id: row.id,
  clientId: row.client_id,
  userId: row.user_id,
  sessionId: row.session_id,
  createdAt: row.created_at,
  attempts: row.attempts,
})

const seen = (row: SeenRow): SeenDelivery => ({
  ...deliveryOf(row),
  clientName: row.client_name ?? undefined,
  username: row.username ?? undefined,
  nextAttemptAt: row.next_attempt_at ?? undefined,
  deliveredAt: row.delivered_at ?? undefined,
  outcome: row.last_outcome ?? undefined,
})

const isId = (id: string): boolean => /^\d{1,18}$/.test(id)
const newest = '9223372036854775807'

export const createLogoutDeliveries = (database: Database): DeliveryStore & ParticipantStore => ({
  claim: async (most, { underWay, failing }, now, leasedUntil) => {
    const own = [[...underWay.keys()], [...underWay.values()]] as const
    const values = [now, ...own, [...failing], most.perClient, most.failing, most.all, leasedUntil]
    return (await database.rows(claim, values)).map(deliveryOf)
  },
  record: async ({ id, attempts }, { outcome, deliveredAt, nextAttemptAt }) =>
    (await database.count(record, [id, attempts, outcome, deliveredAt, nextAttemptAt])) === 1,
  again: async (id, now) => isId(id) && (await database.count(again, [id, now])) === 1,
  list: async ({ before, limit }) =>
    (await database.rows(list, [before !== undefined && isId(before) ? before : newest, limit])).map(seen),
  participants: async (sessionId) =>
    (await database.rows(participants, [sessionId])).map(({ client_id: clientId }) => clientId),
})
