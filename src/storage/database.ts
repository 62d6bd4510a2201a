import pg from 'pg'
import type { Prisma, PrismaClient } from './prisma/client.ts'
import { translated } from './unavailable.ts'

type Planned = 'once' | 'each time'

/** A statement of the hot path. */
export type Statement<Row extends pg.QueryResultRow> = {
  readonly name: string
  readonly text: string
  readonly planned: Planned
  readonly row?: Row
}

/**
 * @param name unique in the program: a connection holds one text per name
 * @param planned once per connection; or each time, where a table that was small may have grown a thousandfold since
 */
export const statement = <Row extends pg.QueryResultRow = Record<string, never>>(
  name: string,
  text: string,
  planned: Planned = 'once',
): Statement<Row> => ({
  name,
  text,
  planned,
})

/**
 * A condition on a row that its key finds. `=` would offer the planner this column's index as well, and while a table is
 * too new to have statistics it takes that: every row of a client is read, to find one.
 */
export const checked = (column: string, value: string): string => `${column} IS NOT DISTINCT FROM ${value}`

export type Value =
  | string
  | number
  | boolean
  | Date
  | Buffer
  | null
  | undefined
  | readonly (string | number | Date | Buffer)[]

/** @param values undefined is null; an array is a PostgreSQL array, and JSON goes through `json` */
type Rows = <Row extends pg.QueryResultRow>(
  statement: Statement<Row>,
  values: readonly Value[],
) => Promise<readonly Row[]>

/** One pool, which prepared statements and Prisma share. Whatever could not reach the database throws `Unavailable`. */
export type Database = {
  readonly rows: Rows
  /** How many rows were changed. */
  count(statement: Statement<pg.QueryResultRow>, values: readonly Value[]): Promise<number>
  /** One transaction of statements, for what a server does by itself: that loads no query compiler. */
  together<T>(act: (rows: Rows) => Promise<T>): Promise<T>
  prisma<T>(act: (client: PrismaClient) => PromiseLike<T>): Promise<T>
  /**
   * Never throw a refusal inside: it would undo what led to it.
   * @param patienceMs for each of its statements, and twice as much for the whole
   */
  transaction<T>(act: (client: Prisma.TransactionClient) => Promise<T>, patienceMs?: number): Promise<T>
  /** A connection outside the pool, not yet connected, for LISTEN. */
  aside(): pg.Client
  ping(): Promise<void>
  databaseNow(): Promise<Date>
  close(): Promise<void>
}

/** JSON as a parameter: pg would make a PostgreSQL array of a JavaScript one. */
export const json = (value: unknown): string => JSON.stringify(value)

export type DatabaseOptions = {
  readonly url: string
  readonly poolSize: number
  readonly statementTimeoutMs: number
  /** What goes wrong with a connection that nobody is using. */
  readonly onError: (error: Error) => void
}

const now = statement<{ now: Date }>('database_now', 'SELECT clock_timestamp() AS now')

export const openDatabase = ({ url, poolSize, statementTimeoutMs, onError }: DatabaseOptions): Database => {
  const connection = {
    connectionString: url,
    application_name: 'tessera',
    connectionTimeoutMillis: statementTimeoutMs,
    keepAlive: true,
  }
  const openPool = (max: number, patienceMs: number): pg.Pool => {
    const opened = new pg.Pool({
      ...connection,
      max,
      statement_timeout: patienceMs,
      // A server that fell silent cancels nothing: then this side gives up.
      query_timeout: patienceMs + 1000,
    })
    opened.on('error', onError)
    return opened
  }
  const pool = openPool(poolSize, statementTimeoutMs)

  // Its query compiler holds 45 MB: a server that only serves never loads it, an administrator's first act does.
  const load = async (on: pg.Pool): Promise<PrismaClient> => {
    const [{ PrismaClient }, { PrismaPg }] = await Promise.all([
      import('./prisma/client.ts'),
      import('@prisma/adapter-pg'),
    ])
    return new PrismaClient({ adapter: new PrismaPg(on) })
  }
  let loading: Promise<PrismaClient> | undefined
  const prisma = (): Promise<PrismaClient> => {
    loading ??= load(pool)
    return loading
  }
  /** Acts on everybody take longer than any request may: they have connections of their own, and few. */
  const patient = new Map<number, { readonly pool: pg.Pool; readonly prisma: Promise<PrismaClient> }>()
  const patientPrisma = (patienceMs: number): Promise<PrismaClient> => {
    const there = patient.get(patienceMs)
    if (there) return there.prisma
    const own = openPool(2, patienceMs)
    const opened = { pool: own, prisma: load(own) }
    patient.set(patienceMs, opened)
    return opened.prisma
  }

  const attempt = async <T>(act: () => PromiseLike<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      throw translated(error)
    }
  }
  const ask = <Row extends pg.QueryResultRow>(
    on: pg.Pool | pg.PoolClient,
    { name, text, planned }: Statement<Row>,
    values: readonly Value[],
  ) => on.query<Row>({ ...(planned === 'once' && { name }), text, values: [...values] })
  const query = <Row extends pg.QueryResultRow>(asked: Statement<Row>, values: readonly Value[]) =>
    attempt(() => ask(pool, asked, values))

  const together: Database['together'] = async (act) => {
    const client = await pool.connect()
    // What it is asked for fails by itself where the connection is lost.
    const lost = () => {}
    client.on('error', lost)
    let broken = false
    try {
      await client.query('BEGIN')
      const result = await act(async (asked, values) => (await ask(client, asked, values)).rows)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {
        broken = true
      })
      throw error
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }

  return {
    rows: async (asked, values) => (await query(asked, values)).rows,
    count: async (asked, values) => (await query(asked, values)).rowCount ?? 0,
    together: (act) => attempt(() => together(act)),
    prisma: (act) => attempt(async () => act(await prisma())),
    transaction: (act, patienceMs) =>
      attempt(async () =>
        (await (patienceMs === undefined ? prisma() : patientPrisma(patienceMs))).$transaction(act, {
          maxWait: statementTimeoutMs,
          timeout: (patienceMs ?? statementTimeoutMs) * 2,
        }),
      ),
    aside: () => new pg.Client(connection),
    ping: async () => {
      await query(now, [])
    },
    databaseNow: async () => {
      const [row] = (await query(now, [])).rows
      if (!row) throw new Error('the database did not say what time it is')
      return row.now
    },
    close: async () => {
      await (await loading)?.$disconnect()
      for (const opened of patient.values()) {
        await (await opened.prisma).$disconnect()
        await opened.pool.end()
      }
      await pool.end()
    },
  }
}
