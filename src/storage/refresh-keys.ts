import type { RefreshKeyRecord, RefreshKeyStore } from '../keys/stores.ts'
import { announce } from './changes.ts'
import { type Database, statement } from './database.ts'
import type { Prisma, RefreshKey } from './prisma/client.ts'

const lock = (tx: Prisma.TransactionClient) => tx.$executeRaw`LOCK TABLE refresh_keys IN SHARE ROW EXCLUSIVE MODE`
const list = statement<RefreshKey>(
  'refresh_keys_list',
  'SELECT id, created_at AS "createdAt", retires_at AS "retiresAt" FROM refresh_keys ORDER BY created_at, id',
)
const order = { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] } satisfies Prisma.RefreshKeyFindManyArgs
const recordOf = ({ id, createdAt, retiresAt }: RefreshKey): RefreshKeyRecord => ({
  id,
  createdAt,
  retiresAt: retiresAt ?? undefined,
})
const dataOf = ({ id, createdAt, retiresAt }: RefreshKeyRecord) => ({ id, createdAt, retiresAt: retiresAt ?? null })

export const createRefreshKeys = (database: Database): RefreshKeyStore => ({
  list: async () => (await database.rows(list, [])).map(recordOf),
  insertIfNone: (key) =>
    database.transaction(async (tx) => {
      await lock(tx)
      if ((await tx.refreshKey.count()) === 0) {
        await tx.refreshKey.create({ data: dataOf(key) })
        await announce(tx, { of: 'keys' })
      }
      return (await tx.refreshKey.findMany(order)).map(recordOf)
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
      await lock(tx)
      await tx.refreshKey.deleteMany({ where: { NOT: { id: key.id } } })
      await tx.refreshKey.create({ data: dataOf(key) })
      await announce(tx, { of: 'keys' })
    }),
})
