import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** Whether a process has this number. A zombie has ended. */
export const isAlive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another account.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return (await linuxStat(pid))?.state !== 'Z'
}

/** Fields 3 and 22 of proc(5), after the name, which may hold anything. Undefined where there is no /proc. */
const linuxStat = async (pid: number): Promise<{ readonly state: string; readonly startTime: string } | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const [state, ...fields] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? []
  const startTime = fields[18]
  return state && startTime ? { state, startTime } : undefined
}

const ps = async (pid: number, column: string): Promise<string | undefined> => {
  const { stdout } = await run('ps', ['-o', `${column}=`, '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return stdout.trim() || undefined
}

/** Numbers are used again, so a process is its number and its start. Undefined when there is none. */
export const identityOf = async (pid: number): Promise<string | undefined> => {
  if (!(await isAlive(pid))) return undefined
  const start = (await linuxStat(pid))?.startTime ?? (await ps(pid, 'lstart'))
  return start && `${pid}-${start.replace(/[^0-9A-Za-z]/g, '_')}`
}

/** Whether the process behind an identity still runs. */
export const lives = async (identity: string): Promise<boolean> =>
  (await identityOf(Number.parseInt(identity, 10))) === identity

/** A process's command line, its words separated by blanks. */
export const commandOf = async (pid: number): Promise<string> => {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  return words?.replaceAll('\0', ' ') ?? (await ps(pid, 'command')) ?? ''
}
