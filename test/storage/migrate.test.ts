import t from 'tap'
import { MigrationError, migrate, readMigrations } from '../../src/storage/migrate.ts'
import { aDatabase, anEmptyDatabase, withClient } from '../support/database.ts'
import { schemaDiff } from '../support/schema-engine.ts'

const log = { info: () => {} }

t.test('the migrated schema is prisma/schema.prisma, the ledger apart', async (t) => {
  const { url } = await aDatabase(t)
  const script = await schemaDiff(url, ['public.token_pairs', 'public.token_pairs_default'])
  t.match(script, /^(-- This is an empty migration\.\s*)?$/)
})

t.test('two servers that migrate an empty database at once end with one schema', async (t) => {
  const url = await anEmptyDatabase(t)
  const applied = await Promise.all([1, 2, 3].map(() => migrate({ url, log })))
  const names = (await readMigrations()).map(({ name }) => name)
  t.same(applied.flat().sort(), names)
  await withClient(url, async (client) => {
    const { rows } = await client.query(
      'SELECT migration_name, applied_steps_count, finished_at FROM _prisma_migrations',
    )
    t.same(
      rows.map((row) => row.migration_name),
      names,
    )
    t.ok(rows.every((row) => row.finished_at && row.applied_steps_count === 1))
  })
})

t.test('a migration that was changed after it was applied stops the start', async (t) => {
  const { url } = await aDatabase(t)
  const migrations = (await readMigrations()).map((one) => ({ ...one, sql: `${one.sql}\n-- tampered` }))
  await t.rejects(migrate({ url, log, migrations }), { name: 'MigrationError', message: /was changed after/ })
})

t.test('a migration that fails leaves nothing, says which, and can be tried again', async (t) => {
  const { url } = await aDatabase(t)
  const before = await readMigrations()
  const bad = { name: '2099_bad', sql: 'CREATE TABLE half (id int); SELECT nonsense' }
  await t.rejects(migrate({ url, log, migrations: [...before, bad] }), {
    name: 'MigrationError',
    message: /2099_bad failed/,
  })
  const good = { ...bad, sql: 'CREATE TABLE half (id int)' }
  t.same(await migrate({ url, log, migrations: [...before, good] }), ['2099_bad'])
})

t.test('a migration that another tool left unfinished stops the start', async (t) => {
  const { url } = await aDatabase(t)
  await withClient(url, (client) => client.query("UPDATE _prisma_migrations SET finished_at = NULL, logs = 'boom'"))
  await t.rejects(migrate({ url, log }), MigrationError)
})
