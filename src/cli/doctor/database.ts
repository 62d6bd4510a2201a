import { stat } from 'node:fs/promises'
import type { Config } from '../../config.ts'
import type { Context, Opened } from '../context.ts'
import { Refusal } from '../refusal.ts'
import { checkClients } from './clients.ts'
import { type Finding, failed, ok } from './finding.ts'
import { checkKeys } from './keys.ts'

/** PostgreSQL's own maintained versions begin here. */
const oldest = 14
const mostSkewMs = 2000

/** Of the embedded PostgreSQL, before anything is started; undefined where another is configured. */
export const embeddedFinding = async (config: Config): Promise<Finding | undefined> => {
  if (config.databaseUrl !== undefined) return undefined
  const check = 'embedded PostgreSQL'
  const { clusterIn, findPostmaster } = await import('../../storage/embedded/cluster.ts')
  const { findBinaries } = await import('../../storage/embedded/binaries.ts')
  try {
    await findBinaries()
  } catch (error) {
    return failed(check, error instanceof Error ? error.message : 'it is missing', 'Run npm ci, or set DATABASE_URL.')
  }
  const cluster = clusterIn(config.dataDir)
  const made = await stat(cluster.directory).catch(() => undefined)
  if (!made)
    return { check, status: 'skipped', detail: `none in ${config.dataDir} yet: the first start of the server makes it` }
  const running = await findPostmaster(cluster)
  return ok(check, running ? `runs on port ${running.port}` : 'is stopped; it was started for these checks')
}

/** Opens the database as it is: a check changes nothing. */
export const checkDatabase = async (context: Context, config: Config): Promise<readonly Finding[]> => {
  let opened: Opened | undefined
  try {
    opened = await context.open(config, 'untouched')
    return await examine(opened, context, config)
  } catch (error) {
    const remedy =
      config.databaseUrl === undefined
        ? `Read ${config.dataDir}/postgres.log.`
        : 'Check that DATABASE_URL names a PostgreSQL that runs, and that its password and database are right.'
    return [failed('database', causeOf(error), remedy)]
  } finally {
    await opened?.close()
  }
}

/** A code, never a message: a driver's may repeat the address with its password. */
const causeOf = (error: unknown): string => {
  if (error instanceof Refusal) return error.message
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return `cannot be reached (${at.code})`
  return `cannot be reached (${error instanceof Error ? error.name : 'unknown error'})`
}

const examine = async (
  { database, stores }: Opened,
  { clock }: Context,
  config: Config,
): Promise<readonly Finding[]> => {
  await database.ping()
  const version = await database.version()
  const major = Number.parseInt(version, 10)
  const reached =
    major >= oldest
      ? ok('database', `PostgreSQL ${version}`)
      : failed('database', `PostgreSQL ${version} is too old`, `Use PostgreSQL ${oldest} or newer.`)

  const before = clock.now()
  const theirs = await database.databaseNow()
  // The answer was on its way for a while: half of that is the fairest guess.
  const ours = (before.getTime() + clock.now().getTime()) / 2
  const apart = Math.abs(theirs.getTime() - ours)
  const clocks =
    apart <= mostSkewMs
      ? ok('clock', `${Math.round(apart)} ms from the database's`)
      : failed(
          'clock',
          `${Math.round(apart)} ms from the database's`,
          'Let NTP set both clocks: tokens are born expired.',
        )

  // Without its table there is nothing that was applied.
  const current = await database.schemaIsCurrent().catch(() => false)
  if (!current)
    return [
      reached,
      clocks,
      failed(
        'schema',
        'migrations are missing',
        'Start the server once: it applies them. The keys were not looked at.',
      ),
    ]
  return [
    reached,
    clocks,
    ok('schema', 'every migration is applied'),
    ...(await checkKeys(stores, config, clock.now())),
    ...(await checkClients(stores, config)),
  ]
}
