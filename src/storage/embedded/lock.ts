import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identityOf, lives, pause } from './processes.ts'

const patienceMs = 120_000
const pollMs = 50

const me = async (): Promise<string> => {
  const identity = await identityOf(process.pid)
  if (!identity) throw new Error('this process cannot find out when it was started: neither /proc nor ps answers')
  return identity
}

/** Runs `act` while no other process runs one on the same directory. A holder that died is put aside. */
export const alone = async <T>(dataDir: string, act: () => Promise<T>): Promise<T> => {
  const path = join(dataDir, 'postgres.lock')
  const identity = await me()
  const mine = `${path}.${identity}`
  await writeFile(mine, identity)
  try {
    for (let waited = 0; !(await take(mine, path)); waited += pollMs) {
      if (waited > patienceMs) throw new Error(`${path} is held by process ${await holderOf(path)} for too long`)
      await pause(pollMs)
    }
    try {
      return await act()
    } finally {
      await rm(path, { force: true })
    }
  } finally {
    await rm(mine, { force: true })
  }
}

const holderOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** A hard link is made for one only, and the file it names is whole: nobody reads a lock without its holder. */
const take = async (mine: string, path: string): Promise<boolean> => {
  try {
    await link(mine, path)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const holder = await holderOf(path)
  if (holder === '' || (await lives(holder))) return false
  const aside = `${mine}.dead`
  await rename(path, aside).catch(() => undefined)
  // Somebody else may have put it aside and taken it between the two lines: then it goes back.
  const moved = await holderOf(aside)
  if (moved !== '' && (await lives(moved))) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  return false
}

/** Who uses the database: one file per process, so that the last one to leave stops it. */
export const users = (dataDir: string) => {
  const directory = join(dataDir, 'postgres.users')
  return {
    async enter(): Promise<void> {
      await mkdir(directory, { recursive: true })
      await writeFile(join(directory, await me()), '')
    },
    /** @returns whether nobody else is left */
    async leave(): Promise<boolean> {
      await rm(join(directory, await me()), { force: true })
      const left = await readdir(directory).catch((): string[] => [])
      for (const identity of left) {
        if (await lives(identity)) return false
        await rm(join(directory, identity), { force: true })
      }
      return true
    },
  }
}
