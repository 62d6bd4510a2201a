import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { translated } from './unavailable.ts'

/** The same from src/storage and from dist/storage. */
const migrationsFolder = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url))

/** The number that `prisma migrate deploy` locks, so that it and we wait for each other. */
const lockNumber = 72707369

export type Migration = { readonly name: string; readonly sql: string }

/** A migration that was changed after it was applied, or that failed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** @returns the migrations in their order */
export const readMigrations = async (folder: string = migrationsFolder): Promise<readonly Migration[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(`${folder}/${name}/migration.sql`, 'utf8') })),
  )
}

export type MigrateOptions = {
  readonly url: string
  readonly log: { info(fields: object, message: string): void }
  readonly migrations?: readonly Migration[]
}

/**
 * Applies what is new, and records it where `prisma migrate` looks for it. Any number of servers may start at once.
 * @returns the names of what was applied now
 * @throws MigrationError; `Unavailable` when the database is away
 */
export const migrate = async ({ url, log, migrations }: MigrateOptions): Promise<readonly string[]> => {
  const wanted = migrations ?? (await readMigrations())
  const client = new pg.Client({
    connectionString: url,
    application_name: 'tessera migrate',
    connectionTimeoutMillis: 10_000,
  })
  // A connection that breaks says so here too; the statement that was under way fails by itself.
  client.on('error', () => {})
  try {
    await client.connect()
    // The session's lock: it ends with the connection, however that ends.
    await client.query('SELECT pg_advisory_lock($1)', [lockNumber])
    return await applyNew(client, wanted, log)
  } catch (error) {
    throw translated(error)
  } finally {
    await client.end()
  }
}

const applyNew = async (
  client: pg.Client,
  wanted: readonly Migration[],
  log: MigrateOptions['log'],
): Promise<readonly string[]> => {
  await client.query(createTable)
  const { rows: recorded } = await client.query<Recorded>(
    'SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  const byName = new Map(recorded.map((row) => [row.migration_name, row]))
  const applied: string[] = []
  for (const migration of wanted) {
    const before = byName.get(migration.name)
    if (before) {
      verify(migration, before)
      continue
    }
    await apply(client, migration)
    log.info({ migration: migration.name }, 'migration applied')
    applied.push(migration.name)
  }
  return applied
}

type Recorded = {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
  readonly logs: string | null
}

const checksumOf = ({ sql }: Migration): string => createHash('sha256').update(sql).digest('hex')

const verify = (migration: Migration, { checksum, finished_at, logs }: Recorded): void => {
  if (!finished_at)
    throw new MigrationError(
      `Migration ${migration.name} was begun and not finished. Repair the database, then mark it with ` +
        `\`prisma migrate resolve\`.${logs ? ` It said: ${logs}` : ''}`,
    )
  if (checksum !== checksumOf(migration))
    throw new MigrationError(
      `Migration ${migration.name} was changed after it was applied. Restore the file as it was, and make the change in a new one.`,
    )
}

/** The migration and its record in one transaction: one that fails leaves nothing behind. */
const apply = async (client: pg.Client, migration: Migration): Promise<void> => {
  try {
    await client.query('BEGIN')
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES (gen_random_uuid()::text, $1, $2, now(), clock_timestamp(), 1)`,
      [checksumOf(migration), migration.name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    if (translated(cause) !== cause) throw cause
    await client.query('ROLLBACK')
    throw new MigrationError(
      `Migration ${migration.name} failed and was undone: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}

/** Prisma's own definition. */
const createTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`
