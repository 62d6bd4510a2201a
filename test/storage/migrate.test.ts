import t from 'tap'
import { MigrationError, migrate, readMigrations } from '../../src/storage/migrate.ts'
import { aDatabase, anEmptyDatabase, withClient } from '../support/database.ts'
import { deploy, schemaScript } from '../support/schema-engine.ts'

const log = { info: () => {} }

/** Everything the catalogue says of tables, their columns, indexes and constraints. */
const described = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(`
      SELECT format('%s.%s %s %s %s', table_name, column_name, udt_name || coalesce(datetime_precision::text, ''), is_nullable,
        coalesce(column_default, '-')) AS line FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
      ORDER BY 1`)
    return rows
      .map(({ line }) => line)
      .filter((line) => !/token_pairs|_prisma_migrations|_alive_idx|_waiting_idx/.test(line))
  })

t.test('the migrated schema is prisma/schema.prisma, the ledger and the indexes of what is alive apart', async (t) => {
  const [{ url: migrated }, wanted] = [await aDatabase(t), await anEmptyDatabase(t)]
  const script = await schemaScript(wanted)
  await withClient(wanted, (client) => client.query(script))
  const expected = await described(wanted)
  t.ok(expected.length > 100)
  t.same(await described(migrated), expected)
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

t.test('`prisma migrate deploy` finds our migrations as it expects them, and we find its', async (t) => {
  const migrations = await readMigrations()
  const names = migrations.map(({ name }) => name)
  const [ours, theirs] = [await anEmptyDatabase(t), await anEmptyDatabase(t)]

  t.same(await migrate({ url: ours, log }), names)
  t.same(await deploy(ours, migrations), [], 'nothing is left for it to do')

  t.same(await deploy(theirs, migrations), names)
  t.same(await migrate({ url: theirs, log }), [], 'nor for us')
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
