import type { Config } from '../config.ts'
import type { Database } from '../storage/database.ts'
import type { Opened, Schema } from './context.ts'
import { Refusal } from './refusal.ts'

const silent = { info: () => {}, warn: () => {} }

/** An open database as the commands see it. */
export const opened = async (database: Database, close: () => Promise<void>): Promise<Opened> => {
  const [{ createStores }, { createSchemaCheck }, { statement }] = await Promise.all([
    import('../storage/stores.ts'),
    import('../storage/schema.ts'),
    import('../storage/database.ts'),
  ])
  const version = statement<{ version: string }>(
    'server_version',
    "SELECT current_setting('server_version') AS version",
  )
  return {
    stores: createStores(database, { log: silent }),
    database: {
      ping: database.ping,
      databaseNow: database.databaseNow,
      version: async () => (await database.rows(version, []))[0]?.version ?? '',
      schemaIsCurrent: createSchemaCheck(database),
    },
    close,
  }
}

/**
 * The database of the configuration, or the embedded one: borrowed while the server runs, else started for the time of
 * the command.
 */
export const openConfigured = async (config: Config, schema: Schema): Promise<Opened> => {
  const [{ openDatabase }, { migrate }] = await Promise.all([
    import('../storage/database.ts'),
    import('../storage/migrate.ts'),
  ])
  const embedded = config.databaseUrl === undefined ? await borrow(config.dataDir) : undefined
  try {
    const url = config.databaseUrl ?? embedded?.url ?? ''
    if (schema === 'migrated') await migrate({ url, log: silent })
    const database = openDatabase({ url, poolSize: 2, statementTimeoutMs: 10_000, onError: () => {} })
    return await opened(database, async () => {
      await database.close()
      await embedded?.stop()
    })
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

const borrow = async (dataDir: string) => {
  const { startEmbedded } = await import('../storage/embedded.ts')
  try {
    return await startEmbedded({ dataDir, log: silent })
  } catch (error) {
    // Its messages are written for whoever starts it: a missing package, a missing account, PostgreSQL's last words.
    throw new Refusal(error instanceof Error ? error.message : 'The embedded PostgreSQL does not start.')
  }
}
