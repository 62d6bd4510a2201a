import { type Database, statement } from './database.ts'
import type { Prisma } from './prisma/client.ts'

/** What other servers must know at once: a client by its id, all clients, the keys' schedule, that something was revoked, or that a client has to be told of a logout. */
export type Change =
  | { readonly of: 'client'; readonly id: string }
  | { readonly of: 'clients' | 'keys' | 'revocations' | 'logouts' }

const channel = 'tessera_changes'
const heartbeatMs = 5000
const heartbeatPatienceMs = 2500
const retryMs = 500

/**
 * Hears what other servers changed, on a connection of its own: one in the pool would miss what comes while it is lent.
 */
export type Changes = {
  /** False while changes may have been missed: then caches are bypassed. */
  isUp(): boolean
  /** @param listener hears each change, and `undefined` when the connection is new and anything may have changed */
  subscribe(listener: (change: Change | undefined) => void): void
  /** Resolves when it listens, or when the first try failed; it goes on trying by itself. */
  start(): Promise<void>
  close(): Promise<void>
}

const parse = (payload: string): Change | undefined => {
  if (payload === 'keys' || payload === 'revocations' || payload === 'clients' || payload === 'logouts')
    return { of: payload }
  return payload.startsWith('client:') ? { of: 'client', id: payload.slice('client:'.length) } : undefined
}

export const payloadOf = (change: Change): string => (change.of === 'client' ? `client:${change.id}` : change.of)

/** Part of the transaction that makes the change: told when it commits, and not otherwise. */
export const announce = async (tx: Prisma.TransactionClient, change: Change): Promise<void> => {
  const payload = payloadOf(change)
  await tx.$executeRaw`SELECT pg_notify(${channel}, ${payload})`
}

/** The same among statements: its value is what `payloadOf` says. */
export const announcement = statement('announce', `SELECT FROM (SELECT pg_notify('${channel}', $1)) AS told`)

type Log = { warn(fields: object, message: string): void }

export const createChanges = (database: Pick<Database, 'aside'>, log: Log): Changes => {
  const listeners: ((change: Change | undefined) => void)[] = []
  let client: ReturnType<Database['aside']> | undefined
  let timer: NodeJS.Timeout | undefined
  let up = false
  let closed = false

  const tell = (change: Change | undefined) => {
    for (const listener of listeners) listener(change)
  }
  const later = (act: () => void, milliseconds: number) => {
    timer = setTimeout(act, milliseconds)
    timer.unref()
  }
  const lose = (lost: ReturnType<Database['aside']>, err: unknown) => {
    if (lost !== client) return
    client = undefined
    up = false
    clearTimeout(timer)
    // It is broken already; what it says of its end adds nothing.
    lost.end().catch(() => {})
    if (closed) return
    log.warn({ err }, 'changes of other servers are not heard; caches are bypassed')
    later(() => void connect(), retryMs)
  }
  const beat = async (beating: ReturnType<Database['aside']>): Promise<void> => {
    try {
      await Promise.race([
        beating.query('SELECT'),
        new Promise((_, reject) => {
          setTimeout(() => reject(new Error('no heartbeat')), heartbeatPatienceMs).unref()
        }),
      ])
      if (beating === client) later(() => void beat(beating), heartbeatMs)
    } catch (error) {
      lose(beating, error)
    }
  }
  const connect = async (): Promise<void> => {
    const mine = database.aside()
    client = mine
    mine.on('error', (error) => lose(mine, error))
    mine.on('end', () => lose(mine, new Error('the connection ended')))
    mine.on('notification', ({ payload }) => tell(parse(payload ?? '')))
    try {
      await mine.connect()
      await mine.query(`LISTEN ${channel}`)
      if (mine !== client) return
      tell(undefined)
      up = true
      later(() => void beat(mine), heartbeatMs)
    } catch (error) {
      lose(mine, error)
    }
  }

  return {
    isUp: () => up,
    subscribe: (listener) => {
      listeners.push(listener)
    },
    start: connect,
    close: async () => {
      closed = true
      up = false
      clearTimeout(timer)
      const last = client
      client = undefined
      await last?.end()
    },
  }
}
