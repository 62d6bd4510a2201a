import { execFile, spawn } from 'node:child_process'
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../free-port.ts'
import type { Random } from '../../random.ts'
import type { Launcher } from './account.ts'
import type { Binaries } from './binaries.ts'
import { commandOf, isAlive, pause } from './processes.ts'

const run = promisify(execFile)
const pollMs = 20
const stopPatienceMs = 60_000

export const superuser = 'tessera'

/** @property directory PostgreSQL's own, `<dataDir>/postgres` */
export type Cluster = {
  readonly directory: string
  readonly passwordFile: string
  readonly logFile: string
}

export const clusterIn = (dataDir: string): Cluster => ({
  directory: join(dataDir, 'postgres'),
  passwordFile: join(dataDir, 'postgres.password'),
  logFile: join(dataDir, 'postgres.log'),
})

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Makes the cluster, if there is none. It is made beside its place: one that was interrupted is never taken for whole. */
export const initialize = async (
  cluster: Cluster,
  binaries: Binaries,
  launcher: Launcher,
  random: Random,
  sync: boolean,
): Promise<void> => {
  if (await exists(cluster.directory)) return
  const unfinished = `${cluster.directory}.new`
  const initialPassword = `${cluster.passwordFile}.initial`
  await rm(unfinished, { recursive: true, force: true })
  const password = random.bytes(32).toString('base64url')
  await writeFile(cluster.passwordFile, password, { mode: 0o600 })
  await writeFile(initialPassword, password, { mode: 0o600 })
  const { owner } = launcher
  await makeDirectory(unfinished, owner)
  if (owner) await chown(initialPassword, owner.uid, owner.gid)
  try {
    const [file, args] = launcher.command(binaries.initdb, [
      `--pgdata=${unfinished}`,
      `--username=${superuser}`,
      `--pwfile=${initialPassword}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      ...(sync ? [] : ['--no-sync']),
    ])
    await run(file, [...args], { ...launcher.spawnAs, cwd: '/', env: environment })
  } finally {
    await rm(initialPassword, { force: true })
  }
  await rename(unfinished, cluster.directory)
}

const makeDirectory = async (path: string, owner: Launcher['owner']): Promise<void> => {
  await mkdir(path, { mode: 0o700 })
  if (owner) await chown(path, owner.uid, owner.gid)
}

/** Nothing of this process's environment: PGPORT and its like would change what is started. */
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export type Postmaster = { readonly pid: number; readonly port: number | undefined }

/** The server that runs on this directory: postmaster.pid may be left over, and its number another program's by now. */
export const findPostmaster = async ({ directory }: Cluster): Promise<Postmaster | undefined> => {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port] = text.split('\n').map(Number)
  if (!pid || !(await isAlive(pid))) return undefined
  const command = await commandOf(pid)
  if (!command.includes('postgres') || !command.includes(`-D ${directory}`)) return undefined
  return { pid, port: port || undefined }
}

/** @property settings as `name=value`, over those below */
export const startPostmaster = async (
  cluster: Cluster,
  binaries: Binaries,
  launcher: Launcher,
  settings: readonly string[],
): Promise<{ readonly port: number; readonly exited: () => boolean }> => {
  // PostgreSQL refuses to start while the number in the file belongs to any process of its account.
  await rm(join(cluster.directory, 'postmaster.pid'), { force: true })
  const port = await freePort('127.0.0.1')
  const log = await open(cluster.logFile, 'w', 0o600)
  try {
    const [file, args] = launcher.command(binaries.postgres, [
      '-D',
      cluster.directory,
      ...[
        'listen_addresses=127.0.0.1',
        `port=${port}`,
        'unix_socket_directories=',
        'log_destination=stderr',
        'logging_collector=off',
        'log_min_messages=warning',
        'log_checkpoints=off',
        'max_connections=100',
        ...settings,
      ].flatMap((setting) => ['-c', setting]),
    ])
    const child = spawn(file, [...args], {
      ...launcher.spawnAs,
      cwd: '/',
      env: environment,
      // A session of its own: Ctrl-C in the terminal reaches the server, which finishes and then stops PostgreSQL.
      detached: true,
      // A file, no pipe: it must survive this process.
      stdio: ['ignore', log.fd, log.fd],
    })
    let ended = false
    child.on('exit', () => {
      ended = true
    })
    child.on('error', () => {
      ended = true
    })
    child.unref()
    return { port, exited: () => ended }
  } finally {
    await log.close()
  }
}

/** Fast shutdown: connections are ended, everything committed is on disk. Returns when it is over. */
export const stopPostmaster = async (cluster: Cluster): Promise<void> => {
  const running = await findPostmaster(cluster)
  if (!running) return
  process.kill(running.pid, 'SIGINT')
  for (let waited = 0; await isAlive(running.pid); waited += pollMs) {
    if (waited > stopPatienceMs)
      throw new Error(`PostgreSQL (process ${running.pid}) does not stop; see ${cluster.logFile}`)
    await pause(pollMs)
  }
}

export const lastWords = async ({ logFile }: Cluster): Promise<string> =>
  (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n')
