import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { Test } from 'tap'
import type { Opened } from '../../src/cli/context.ts'
import { opened } from '../../src/cli/database.ts'
import { runCli, type World } from '../../src/cli/run.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { systemRandom } from '../../src/random.ts'
import { createStores, type Stores } from '../../src/storage/stores.ts'
import { aDatabase } from '../support/database.ts'
import { start } from '../support/records.ts'

export type Ran = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }
export type Sitting = { readonly input?: string; readonly typed?: readonly string[] } & Partial<World>
export type Console = {
  readonly stores: Stores
  readonly config: Config
  readonly keysDir: string
  /** How many databases are open: none, after a command. */
  readonly open: () => number
  run(argv: readonly string[], sitting?: Sitting): Promise<Ran>
  /** Runs with `--json`, and reads the one document. */
  json(argv: readonly string[], sitting?: Sitting): Promise<Record<string, unknown>>
}

/** A terminal whose person types each answer after its question. */
const aTerminal = (answers: readonly string[]) => {
  const stdin = new PassThrough()
  const left = [...answers]
  const raw: boolean[] = []
  const setRawMode = (on: boolean) => raw.push(on)
  return {
    stdin: Object.assign(stdin, { isTTY: true, setRawMode }),
    raw,
    hear: (question: string) => {
      if (question.endsWith(': ')) stdin.write(`${left.shift() ?? ''}`)
    },
  }
}

/** The command on a database of its own, run in this process. */
export const aConsole = async (t: Test): Promise<Console> => {
  const { database } = await aDatabase(t)
  const stores = createStores(database, { log: { warn: () => {} } })
  const keysDir = await mkdtemp(join(tmpdir(), 'tessera-keys-'))
  t.teardown(() => rm(keysDir, { recursive: true, force: true }))
  const config = readConfig({ KEYS_DIR: keysDir, DATABASE_URL: 'postgresql://127.0.0.1:1/none', NODE_ENV: 'test' })
  let open = 0

  const run: Console['run'] = async (argv, { input = '', typed, ...world } = {}) => {
    const written = { stdout: '', stderr: '' }
    const terminal = typed && aTerminal(typed)
    const exitCode = await runCli(argv, {
      stdin: terminal?.stdin ?? Readable.from([Buffer.from(input)]),
      stdout: { write: (text) => (written.stdout += text) },
      stderr: {
        write: (text) => {
          written.stderr += text
          terminal?.hear(text)
        },
      },
      config: () => config,
      open: async (): Promise<Opened> => {
        open++
        return opened(database, async () => {
          open--
        })
      },
      clock: { now: () => start },
      random: systemRandom,
      ...world,
    })
    if (terminal && terminal.raw.at(-1) !== false && terminal.raw.length > 0)
      throw new Error('the terminal was left without echo')
    return { exitCode, ...written }
  }

  return {
    stores,
    config,
    keysDir,
    open: () => open,
    run,
    json: async (argv, sitting) => JSON.parse((await run([...argv, '--json'], sitting)).stdout),
  }
}

/** Whether a text holds what was secret: checked of every answer that must not. */
export const holds = ({ stdout, stderr }: Ran, secret: string): boolean => (stdout + stderr).includes(secret)
