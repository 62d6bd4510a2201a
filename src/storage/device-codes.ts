import type { Asked } from '../oauth/authorization/request.ts'
import type { DeviceCodeStore, DeviceState } from '../oauth/device/stores.ts'
import { checked, type Database, json, statement } from './database.ts'
import { grantedBy, grantedValues } from './interactions.ts'

type ClaimedRow = {
  readonly hash: Buffer
  readonly request: Asked
  readonly created_at: Date
  readonly expires_at: Date
  readonly ip: string | null
  readonly user_agent: string | null
}

const create = statement(
  'device_code_create',
  `INSERT INTO device_codes (hash, user_code_hash, client_id, request, created_at, expires_at, poll_interval, ip, user_agent)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_code_hash) DO NOTHING`,
)

const claim = statement<ClaimedRow>(
  'device_code_claim',
  `UPDATE device_codes d SET browser_hash = $2 FROM clients c
   WHERE d.user_code_hash = ANY($1::bytea[]) AND d.decision IS NULL AND d.expires_at > $3
     AND (d.browser_hash IS NULL OR d.browser_hash = $2) AND c.id = d.client_id AND c.disabled_at IS NULL
   RETURNING d.hash, d.request, d.created_at, d.expires_at, d.ip, d.user_agent`,
)

/** Both rows are locked before anything is written, so that of two answers one alone finds them undecided. */
const decide = statement<{ completed: boolean }>(
  'device_code_decide',
  `WITH completed AS (
    SELECT i.id_hash, i.client_id, d.hash FROM interactions i JOIN device_codes d ON d.browser_hash = i.browser_hash
    WHERE i.id_hash = $1 AND i.completed_at IS NULL AND i.expires_at > $2
      AND d.hash = $16 AND d.client_id = i.client_id AND d.decision IS NULL AND d.expires_at > $2
    FOR UPDATE OF i, d
  ), done AS (
    UPDATE interactions i SET completed_at = $2 FROM completed c WHERE i.id_hash = c.id_hash
  ), decided AS (
    UPDATE device_codes d SET decided_at = $2, decision = CASE WHEN $3::bytea IS NULL THEN 'denied' ELSE 'approved' END
    FROM completed c WHERE d.hash = c.hash
  ), ${grantedBy('completed')}
  SELECT true AS completed FROM completed`,
)

const known = statement(
  'device_code_known',
  `SELECT FROM device_codes WHERE hash = $1 AND ${checked('client_id', '$2')}`,
)

/**
 * RFC 8628 §3.5. Half a second of the interval is the network's: a device that waited as it was told is not to be told
 * to wait longer.
 */
const poll = statement<{ decision: string | null; expired: boolean; too_fast: boolean }>(
  'device_code_poll',
  `WITH asked AS (
    SELECT hash, decision, expires_at <= $3::timestamptz AS expired,
      coalesce(polled_at > $3::timestamptz - make_interval(secs => poll_interval - 0.5), false) AS too_fast
    FROM device_codes WHERE hash = $1 AND ${checked('client_id', '$2')} FOR UPDATE
  ), counted AS (
    UPDATE device_codes d SET polled_at = $3,
      poll_interval = d.poll_interval + CASE WHEN a.too_fast THEN 5 ELSE 0 END
    FROM asked a WHERE d.hash = a.hash AND a.decision IS NULL AND NOT a.expired
  ) SELECT decision, expired, too_fast FROM asked`,
)

const stateOf = (row: { decision: string | null; expired: boolean; too_fast: boolean } | undefined): DeviceState => {
  if (!row) return 'unknown'
  if (row.decision !== null) return row.decision === 'approved' ? 'approved' : 'denied'
  if (row.expired) return 'expired'
  return row.too_fast ? 'too_fast' : 'pending'
}

export const createDeviceCodes = (database: Database): DeviceCodeStore => ({
  create: async ({ hash, userCodeHash, asked, createdAt, expiresAt, interval, origin }) => {
    const { ip, userAgent } = origin
    const values = [hash, userCodeHash, asked.clientId, json(asked), createdAt, expiresAt, interval, ip, userAgent]
    return (await database.count(create, values)) === 1
  },
  claim: async (userCodeHashes, browserHash, now) => {
    const [row] = await database.rows(claim, [userCodeHashes, browserHash, now])
    return (
      row && {
        hash: row.hash,
        asked: row.request,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        origin: { ip: row.ip ?? undefined, userAgent: row.user_agent ?? undefined },
      }
    )
  },
  decide: async (idHash, hash, granted, now) =>
    (await database.rows(decide, [idHash, now, ...grantedValues(granted?.code, granted?.consent), hash])).length === 1,
  isKnown: async (hash, clientId) => (await database.count(known, [hash, clientId])) === 1,
  poll: async (hash, clientId, now) => {
    const [row] = await database.rows(poll, [hash, clientId, now])
    return stateOf(row)
  },
})
