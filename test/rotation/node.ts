import { Unavailable } from '../../src/oauth/errors.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { aServer, type TestServer } from '../support/server.ts'

/** Dies with its nth statement from now: before that reaches PostgreSQL, or after it was done and before it is known. */
export type Death = { readonly at: number; readonly when: 'before' | 'after' }

/** A server with connections of its own, which can be killed at a chosen statement. */
export type Node = {
  readonly server: TestServer
  isDead(): boolean
  dieAt(death: Death): void
  /** No request is answered any more, no connection is closed politely. Resolves when nothing of it is left. */
  kill(): Promise<void>
}

export const startNode = async (beside: TestServer, env: Readonly<Record<string, string>>): Promise<Node> => {
  let dead = false
  let death: Death | undefined
  let server: TestServer | undefined
  const open = openDatabase({ url: beside.databaseUrl, poolSize: 8, statementTimeoutMs: 10_000, onError: () => {} })
  const die = (): never => {
    dead = true
    server?.cut()
    throw new Unavailable(new Error('killed'))
  }
  const through = async <T>(act: () => Promise<T>): Promise<T> => {
    if (dead) die()
    const mine = death && { ...death, at: death.at - 1 }
    death = mine
    if (mine?.at === 0 && mine.when === 'before') die()
    const result = await act()
    if (dead || (mine?.at === 0 && mine.when === 'after')) die()
    return result
  }
  const database: Database = {
    ...open,
    rows: (asked, values) => through(() => open.rows(asked, values)),
    count: (asked, values) => through(() => open.count(asked, values)),
    prisma: (act) => through(() => open.prisma(act)),
    transaction: (act) => through(() => open.transaction(act)),
  }
  const ends: (() => unknown)[] = []
  const lifetime = { teardown: (end: () => unknown) => void ends.push(end) }
  server = await aServer(lifetime, { beside, env, on: { url: beside.databaseUrl, database }, logLevel: 'silent' })
  let killed: Promise<void> | undefined
  const end = async (): Promise<void> => {
    dead = true
    server?.cut()
    for (const act of ends) await act()
    await open.close()
  }
  return {
    server,
    isDead: () => dead,
    dieAt: (at) => {
      death = at
    },
    kill: () => {
      killed ??= end()
      return killed
    },
  }
}
