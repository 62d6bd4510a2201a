import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Random } from '../random.ts'
import type { Database } from '../storage/database.ts'
import type { Stores } from '../storage/stores.ts'
import type { Terminal } from './terminal.ts'

/** The database as the commands see it. Nothing is answered from memory: the changes of others are not listened for. */
export type Opened = {
  readonly stores: Omit<Stores, 'changes'>
  readonly database: Pick<Database, 'ping' | 'databaseNow'> & {
    version(): Promise<string>
    schemaIsCurrent(): Promise<boolean>
  }
  close(): Promise<void>
}

/** Whether missing migrations are applied first, as the server's start would, or nothing is touched. */
export type Schema = 'migrated' | 'untouched'

/** Everything a command reaches of the world. */
export type Context = Terminal & {
  /** Throws `ConfigurationError`. */
  config(): Config
  open(config: Config, schema: Schema): Promise<Opened>
  readonly clock: Clock
  readonly random: Random
  readonly fetch: typeof fetch
}

/** Opens the database for the time of one act. */
export const withStores = async <T>(
  context: Context,
  act: (stores: Opened['stores'], config: Config) => Promise<T>,
): Promise<T> => {
  const config = context.config()
  const opened = await context.open(config, 'migrated')
  try {
    return await act(opened.stores, config)
  } finally {
    await opened.close()
  }
}

/** Every page of a list. */
export const everything = async <T>(
  list: (page: { readonly after?: string | undefined; readonly limit: number }) => Promise<readonly T[]>,
  idOf: (item: T) => string,
): Promise<readonly T[]> => {
  const limit = 500
  const all: T[] = []
  for (;;) {
    const last = all.at(-1)
    const page = await list({ limit, ...(last && { after: idOf(last) }) })
    all.push(...page)
    if (page.length < limit) return all
  }
}
