import { mkdir, readFile, realpath, rm } from 'node:fs/promises'
import pg from 'pg'
import { type Random, systemRandom } from '../random.ts'
import { findLauncher } from './embedded/account.ts'
import { findBinaries } from './embedded/binaries.ts'
import {
  type Cluster,
  clusterIn,
  findPostmaster,
  initialize,
  lastWords,
  startPostmaster,
  stopPostmaster,
  superuser,
} from './embedded/cluster.ts'
import { alone, users } from './embedded/lock.ts'
import { isAlive, pause } from './embedded/processes.ts'

const databaseName = 'tessera'
const pollMs = 20
const startPatienceMs = 60_000
const attempts = 5

export type EmbeddedDatabase = {
  readonly url: string
  /** Leaves the database; the last process to leave stops it, fast and whole. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  readonly dataDir: string
  readonly log: { info(fields: object, message: string): void }
  readonly random?: Random
  /** For tests: nothing survives the last process that uses it, and nothing is synced to disk. */
  readonly throwaway?: boolean
}

/**
 * A real PostgreSQL in `<dataDir>/postgres`, for this process and every other that asks for the same directory: the
 * first starts it, the last to leave stops it. One that was left behind by a process that was killed is taken over.
 *
 * @throws Error when the optional package is missing, or when root finds no account to run it as
 */
export const startEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  // Another account may have to pass through; what is inside is closed.
  await mkdir(options.dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  // A PostgreSQL is recognised by its directory: by another way there it must not be taken for a stranger's.
  const dataDir = await realpath(options.dataDir)
  const binaries = await findBinaries()
  const present = users(dataDir)
  const cluster = clusterIn(dataDir)

  const url = await alone(dataDir, async () => {
    const running = await findPostmaster(cluster)
    const found = running && (await whenReady(cluster, () => isAlive(running.pid)))
    const ready = found ?? (await start({ ...options, dataDir }, binaries, cluster))
    await present.enter()
    options.log.info(
      { directory: dataDir, port: Number(new URL(ready).port) },
      found ? 'PostgreSQL was running' : 'PostgreSQL started',
    )
    return ready
  })

  let left: Promise<void> | undefined
  const leave = () =>
    alone(dataDir, async () => {
      if (await present.leave()) await stopPostmaster(cluster)
    })
  return {
    url,
    stop: () => {
      left ??= leave()
      return left
    },
  }
}

const start = async (
  { dataDir, random = systemRandom, throwaway = false }: EmbeddedOptions,
  binaries: Awaited<ReturnType<typeof findBinaries>>,
  cluster: Cluster,
): Promise<string> => {
  if (throwaway) await rm(cluster.directory, { recursive: true, force: true })
  const launcher = await findLauncher(binaries, dataDir, cluster.directory)
  await initialize(cluster, binaries, launcher, random, !throwaway)
  const settings = throwaway
    ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=400']
    : []
  for (let attempt = 1; ; attempt++) {
    const { exited } = await startPostmaster(cluster, binaries, launcher, settings)
    const url = await whenReady(cluster, async () => !exited())
    if (url) return url
    // Another program took the port, or the processes of one that was killed are still going.
    if (attempt === attempts)
      throw new Error(`PostgreSQL does not start in ${cluster.directory}:\n${await lastWords(cluster)}`)
    await pause(200 * attempt)
  }
}

/** @returns undefined when the server ended before it was ready */
const whenReady = async (cluster: Cluster, lives: () => Promise<boolean>): Promise<string | undefined> => {
  const password = await readFile(cluster.passwordFile, 'utf8')
  let failure: unknown
  for (let waited = 0; waited < startPatienceMs; waited += pollMs) {
    if (!(await lives())) return undefined
    const port = (await findPostmaster(cluster))?.port
    if (port) {
      const base = `postgresql://${superuser}:${password}@127.0.0.1:${port}`
      try {
        await createDatabase(`${base}/postgres`)
        return `${base}/${databaseName}`
      } catch (error) {
        failure = error
      }
    }
    await pause(pollMs)
  }
  throw new Error(`PostgreSQL in ${cluster.directory} does not become ready:\n${await lastWords(cluster)}`, {
    cause: failure,
  })
}

const createDatabase = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  // A connection that ends while it is idle says so here; what it was asked for fails by itself.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`)
  } finally {
    await client.end()
  }
}
