import type { Config } from '../config.ts'
import type { Opened } from './context.ts'
import { Refusal } from './refusal.ts'

const silent = { info: () => {}, warn: () => {} }

/**
 * The database of the configuration, or the embedded one: borrowed while the server runs, else started for the time of
 * the command. Migrations that are missing are applied, as the server's start would.
 */
export const openConfigured = async (config: Config): Promise<Opened> => {
  const [{ openDatabase }, { createStores }, { migrate }] = await Promise.all([
    import('../storage/database.ts'),
    import('../storage/stores.ts'),
    import('../storage/migrate.ts'),
  ])
  const embedded = config.databaseUrl === undefined ? await borrow(config.dataDir) : undefined
  try {
    const url = config.databaseUrl ?? embedded?.url ?? ''
    await migrate({ url, log: silent })
    const database = openDatabase({ url, poolSize: 2, statementTimeoutMs: 10_000, onError: () => {} })
    return {
      stores: createStores(database, { log: silent }),
      database,
      close: async () => {
        await database.close()
        await embedded?.stop()
      },
    }
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
