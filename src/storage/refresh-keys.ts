import type { RefreshKeyRecord, RefreshKeyStore } from '../keys/stores.ts'
import { announce, announcement, payloadOf } from './changes.ts'
import { type Database, statement } from './database.ts'
import type { RefreshKey } from './prisma/client.ts'

const locking = 'LOCK TABLE refresh_keys IN SHARE ROW EXCLUSIVE MODE'
const lock = statement('refresh_keys_lock', locking)
const insert = statement(
  'refresh_keys_insert',
  'INSERT INTO refresh_keys (id, created_at, retires_at) VALUES ($1, $2, $3)',
)
const list = statement<RefreshKey>(
  'refresh_keys_list',
  'SELECT id, created_at AS "createdAt", retires_at AS "retiresAt" FROM refresh_keys ORDER BY created_at, id',
)
const recordOf = ({ id, createdAt, retiresAt }: RefreshKey): RefreshKeyRecord => ({
  id,
  createdAt,
  retiresAt: retiresAt ?? undefined,
})
const dataOf = ({ id, createdAt, retiresAt }: RefreshKeyRecord) => ({ id, createdAt, retiresAt: retiresAt ?? null })

export const createRefreshKeys = (database: Database): RefreshKeyStore => ({
  list: async () => (await database.rows(list, [])).map(recordOf),
  insertIfNone: (key) =>
    database.together(async (rows) => {
      await rows(lock, [])
      if ((await rows(list, [])).length === 0) {
        await rows(insert, [key.id, key.createdAt, key.retiresAt])
        await rows(announcement, [payloadOf({ of: 'keys' })])
      }
      return (await rows(list, [])).map(recordOf)
    }),
  succeed: (successor, { id, retiresAt }) =>
    database.transaction(async (tx) => {
      const { count } = await tx.refreshKey.updateMany({ where: { id, retiresAt: null }, data: { retiresAt } })
      if (count === 0) return false
      await tx.refreshKey.create({ data: dataOf(successor) })
      await announce(tx, { of: 'keys' })
      return true
    }),
  replaceAll: (key) =>
    database.transaction(async (tx) => {
      await tx.$executeRawUnsafe(locking)
      await tx.refreshKey.deleteMany({ where: { NOT: { id: key.id } } })
      await tx.refreshKey.create({ data: dataOf(key) })
      await announce(tx, { of: 'keys' })
    }),
})
