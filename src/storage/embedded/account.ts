import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Binaries } from './binaries.ts'

const run = promisify(execFile)

/**
 * The way a program of PostgreSQL is started. PostgreSQL refuses to run as root.
 * @property owner who must own its files; undefined where they belong to this process's account anyway
 * @property command a program and its arguments as they are to be spawned
 */
export type Launcher = {
  readonly name: string
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  readonly spawnAs: { readonly uid: number; readonly gid: number } | Record<string, never>
  command(program: string, args: readonly string[]): readonly [string, readonly string[]]
}

const asMyself: Launcher = {
  name: 'this account',
  owner: undefined,
  spawnAs: {},
  command: (program, args) => [program, args],
}

const asAccount = (owner: { uid: number; gid: number }): Launcher => ({
  name: `account ${owner.uid}`,
  owner,
  spawnAs: owner,
  command: (program, args) => [program, args],
})

/**
 * Another account that may read what root may: for a checkout inside a directory such as /root. `no_setuid_fixup` makes
 * access(2), which PostgreSQL asks about its own programs, respect the two capabilities.
 */
const asAccountWithReach = (owner: { uid: number; gid: number }): Launcher => ({
  name: `account ${owner.uid} with CAP_DAC_OVERRIDE`,
  owner,
  spawnAs: {},
  command: (program, args) => [
    'setpriv',
    [
      `--reuid=${owner.uid}`,
      `--regid=${owner.gid}`,
      '--clear-groups',
      '--securebits=+no_setuid_fixup',
      '--inh-caps=-all,+dac_override,+dac_read_search',
      '--ambient-caps=-all,+dac_override,+dac_read_search',
      '--bounding-set=-all,+dac_override,+dac_read_search',
      program,
      ...args,
    ],
  ],
})

/** Root outside and somebody else inside a user namespace: the files stay root's. */
const inNamespace = (inside: { uid: number; gid: number }): Launcher => ({
  name: 'a user namespace',
  owner: { uid: 0, gid: 0 },
  spawnAs: {},
  command: (program, args) => [
    'unshare',
    ['--user', `--map-user=${inside.uid}`, `--map-group=${inside.gid}`, program, ...args],
  ],
})

/** `postgres` where there is one, `nobody` else; any number does, for it needs no entry. */
const unprivileged = async (): Promise<{ uid: number; gid: number }> => {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] =
      accounts
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':') ?? []
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) }
  }
  return { uid: 65534, gid: 65534 }
}

/**
 * @param dataDir exists; `cluster` inside it may exist, and then its owner decides
 * @throws Error naming each way that was tried
 */
export const findLauncher = async (binaries: Binaries, dataDir: string, cluster: string): Promise<Launcher> => {
  if (process.getuid?.() !== 0) return asMyself
  const existing = await stat(cluster).catch(() => undefined)
  const account = existing && existing.uid !== 0 ? { uid: existing.uid, gid: existing.gid } : await unprivileged()
  const byAccount = [asAccount(account), asAccountWithReach(account)]
  const candidates =
    existing?.uid === 0 ? [inNamespace(account)] : existing ? byAccount : [...byAccount, inNamespace(account)]

  const failures: string[] = []
  for (const launcher of candidates) {
    try {
      for (const [program, args] of [
        [binaries.postgres, ['--version']],
        // The programs and the data may be behind different directories that nobody else may enter.
        ['/bin/sh', ['-c', 'cd "$0" && test -x "$1"', dataDir, binaries.initdb]],
      ] as const) {
        const [file, words] = launcher.command(program, args)
        await run(file, [...words], { ...launcher.spawnAs, cwd: '/' })
      }
      return launcher
    } catch (error) {
      failures.push(`${launcher.name}: ${error instanceof Error ? error.message.trim() : String(error)}`)
    }
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and no other way reaches ${dataDir} and ${binaries.postgres}. ` +
      'Start this program as an ordinary account, move both where account ' +
      `${account.uid} may enter, or set DATABASE_URL.\n${failures.join('\n')}`,
  )
}
