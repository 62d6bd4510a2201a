import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import type { EmbeddedDatabase } from '../../src/storage/embedded.ts'
import { migrate, readMigrations } from '../../src/storage/migrate.ts'
import { joinCluster } from './cluster.ts'

const silent = { info: () => {} }

/** Whatever ends, and gives back then what it was lent: a test, or a process that is none. */
export type Lifetime = Pick<Test, 'teardown'>

let users = 0
let joined: Promise<EmbeddedDatabase> | undefined

/** This process's share of the cluster; given back when the last test that has one ends. */
const enter = (): Promise<EmbeddedDatabase> => {
  users++
  joined ??= joinCluster()
  return joined
}
const leave = async (): Promise<void> => {
  if (--users > 0) return
  const cluster = joined
  joined = undefined
  await (await cluster)?.stop()
}

export const urlOf = (cluster: string, database: string): string => {
  const url = new URL(cluster)
  url.pathname = `/${database}`
  return url.href
}

export const withClient = async <T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await act(client)
  } finally {
    await client.end()
  }
}

/** A migrated database to copy from, made once per run and per state of the migrations. */
const template = async (cluster: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const { name, sql } of await readMigrations()) hash.update(name).update(sql)
  const name = `template_${hash.digest('hex').slice(0, 16)}`
  await withClient(cluster, async (client) => {
    await client.query('SELECT pg_advisory_lock(1)')
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount !== 0) return
    await client.query(`CREATE DATABASE ${name}_new`)
    await migrate({ url: urlOf(cluster, `${name}_new`), log: silent })
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`)
  })
  return name
}

/** An empty database of the cluster, without tables. Dropped when the test ends. */
export const anEmptyDatabase = async (t: Lifetime, from?: (cluster: string) => Promise<string>): Promise<string> => {
  const { url: cluster } = await enter()
  const name = `test_${randomBytes(8).toString('hex')}`
  const source = from ? await from(cluster) : 'template1'
  await withClient(cluster, async (client) => {
    // One copy of a template at a time.
    await client.query('SELECT pg_advisory_lock(2)')
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${source}`)
  })
  t.teardown(async () => {
    await withClient(cluster, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    await leave()
  })
  return urlOf(cluster, name)
}

/** A fresh, migrated database. Closed and dropped when the test ends. */
export const aDatabase = async (
  t: Lifetime,
  { poolSize = 10, statementTimeoutMs = 10_000 } = {},
): Promise<{ readonly url: string; readonly database: Database }> => {
  const url = await anEmptyDatabase(t, template)
  // FORCE ends connections that are still open when the database is dropped.
  const database = openDatabase({ url, poolSize, statementTimeoutMs, onError: () => {} })
  t.teardown(() => database.close())
  return { url, database }
}
