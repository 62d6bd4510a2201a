import t from 'tap'
import { Unavailable } from '../../src/oauth/errors.ts'
import { type Database, statement } from '../../src/storage/database.ts'
import { createMaintenance } from '../../src/storage/maintenance.ts'
import { createRefreshKeys } from '../../src/storage/refresh-keys.ts'
import { createSigningKeys } from '../../src/storage/signing-keys.ts'
import { aDatabase } from '../support/database.ts'
import { start } from '../support/records.ts'

const insert = statement('test_insert', 'INSERT INTO refresh_keys (id, created_at) VALUES ($1, $2)')
const ids = statement<{ id: string }>('test_ids', 'SELECT id FROM refresh_keys ORDER BY id')

t.test('what a server does by itself loads no query compiler, which would hold 45 MB', async (t) => {
  const { database } = await aDatabase(t)
  const loads = async () => {
    throw new Error('the query compiler would be loaded')
  }
  const bare: Database = { ...database, prisma: loads, transaction: loads }
  const warnings: object[] = []
  const maintenance = createMaintenance(bare, { warn: (fields) => warnings.push(fields) })
  const { made } = await maintenance.partition(new Date('2040-01-04T00:00:00Z'))
  t.equal(made.length, 5)
  const { dropped } = await maintenance.partition(new Date('2043-01-04T00:00:00Z'))
  t.same(
    made.filter((name) => !dropped.includes(name)),
    [],
  )
  t.equal(await maintenance.sweep(start), 0)
  t.same(warnings, [])

  const life = { createdAt: start, activatesAt: start, retiresAt: undefined, goneAt: undefined }
  const key = { kid: 'the-kid', alg: 'RS256', publicJwk: { kty: 'RSA', n: 'n', e: 'AQAB' }, ...life } as const
  const signingKeys = createSigningKeys(bare, 'tokens')
  t.same(await signingKeys.insertIfNone([key]), [key])
  t.same(await signingKeys.insertIfNone([{ ...key, kid: 'another' }]), [key])
  t.same(await signingKeys.list(), [key])
  const refreshKeys = createRefreshKeys(bare)
  const first = { id: 'a-refresh-key', createdAt: start, retiresAt: undefined }
  t.same(await refreshKeys.insertIfNone(first), [first])
  t.same(await refreshKeys.insertIfNone({ ...first, id: 'another' }), [first])
})

t.test('statements together: all of them or none, and a lost connection is no end of the process', async (t) => {
  const { database } = await aDatabase(t, { poolSize: 1 })
  const failed = new Error('the fault of an act')
  const failing = database.together(async (rows) => {
    await rows(insert, ['a', start])
    throw failed
  })
  await t.rejects(failing, failed)
  t.same(await database.rows(ids, []), [], 'nothing is left of it')

  const again = database.together(async (rows) => {
    await rows(insert, ['b', start])
    await rows(insert, ['b', start])
  })
  await t.rejects(again, { code: '23505' })
  const end = statement('test_end', 'SELECT FROM (SELECT pg_terminate_backend(pg_backend_pid())) AS ended')
  await t.rejects(
    database.together(async (rows) => {
      await rows(insert, ['c', start])
      await rows(end, [])
    }),
    Unavailable,
  )
  t.same(await database.rows(ids, []), [], 'the only place of the pool is free again')
  await database.together((rows) => rows(insert, ['d', start]))
  t.same(await database.rows(ids, []), [{ id: 'd' }])
})
