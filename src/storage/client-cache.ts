import { LRUCache } from 'lru-cache'
import Value from 'typebox/value'
import { type Client, ClientMetadata } from '../oauth/client.ts'
import { announce, type Changes } from './changes.ts'
import { type Database, statement } from './database.ts'
import type { Prisma } from './prisma/client.ts'

/** The clients this server has in memory, and the one way in which a client is changed. */
export type ClientCache = {
  find(clientId: string): Promise<Client | undefined>
  /** Past the memory. */
  read(clientId: string): Promise<Client | undefined>
  /** The others are told when it commits, and this server need not wait for its own notice. @returns whether it changed any */
  change(
    clientId: string,
    act: (tx: Prisma.TransactionClient) => Promise<{ count: number }>,
    patienceMs?: number,
  ): Promise<boolean>
}

/** One statement, and no Prisma: it is what a server asks most when it has just started. */
const find = statement<FoundRow>(
  'client_find',
  `SELECT c.id, c.metadata, c.disabled_at, c.not_before, c.created_at, c.registration_hash,
     c.last_used_at, coalesce(
     (SELECT json_agg(json_build_object('id', s.id, 'hash', encode(s.hash, 'base64'), 'createdAt', s.created_at,
        'expiresAt', s.expires_at) ORDER BY s.created_at) FROM client_secrets s WHERE s.client_id = c.id), '[]') AS secrets
   FROM clients c WHERE c.id = $1`,
)
type FoundRow = {
  readonly id: string
  readonly metadata: unknown
  readonly disabled_at: Date | null
  readonly not_before: Date | null
  readonly created_at: Date
  readonly registration_hash: Buffer | null
  readonly last_used_at: Date | null
  readonly secrets: readonly {
    readonly id: string
    readonly hash: string
    readonly createdAt: string
    readonly expiresAt: string | null
  }[]
}

const foundOf = (row: FoundRow): Client => ({
  ...metadataOf(row.metadata),
  client_id: row.id,
  secrets: row.secrets.map(({ id, hash, createdAt, expiresAt }) => ({
    id,
    hash: Buffer.from(hash, 'base64'),
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === null ? undefined : new Date(expiresAt),
  })),
  disabledAt: row.disabled_at ?? undefined,
  notBefore: row.not_before ?? undefined,
  createdAt: row.created_at,
  ...registrationOf(row.registration_hash, row.last_used_at),
})

/** What is stored may be older than the schema: defaults are filled in, what is no longer known falls away. */
export const metadataOf = (stored: unknown): ClientMetadata =>
  Value.Parse(ClientMetadata, Value.Clean(ClientMetadata, Value.Default(ClientMetadata, stored)))

/** Undefined of a client that an operator made. */
export const registrationOf = (hash: Uint8Array | null, lastUsedAt: Date | null): Pick<Client, 'registration'> =>
  hash ? { registration: { hash: Buffer.from(hash), lastUsedAt: lastUsedAt ?? undefined } } : {}

/** D6: characters of JSON. An operator's client is as large as it is; those that register themselves are many. */
const mostMemory = 32 * 1024 * 1024

export const createClientCache = (database: Database, changes: Changes, cacheSize = 5000): ClientCache => {
  const cache = new LRUCache<string, Client>({
    max: cacheSize,
    maxSize: mostMemory,
    sizeCalculation: (client) => JSON.stringify(client).length,
  })
  /** Raised by each change, so that what was read before one is not kept after it. */
  let version = 0
  const drop = (clientId: string | undefined) => {
    version++
    if (clientId === undefined) cache.clear()
    else cache.delete(clientId)
  }
  changes.subscribe((change) => {
    if (change === undefined || change.of === 'clients') drop(undefined)
    else if (change.of === 'client') drop(change.id)
  })

  const read = async (clientId: string): Promise<Client | undefined> => {
    const [row] = await database.rows(find, [clientId])
    return row && foundOf(row)
  }

  return {
    find: async (clientId) => {
      const known = changes.isUp() ? cache.get(clientId) : undefined
      if (known) return known
      const before = version
      const client = await read(clientId)
      if (client && changes.isUp() && version === before) cache.set(clientId, client)
      return client
    },
    read,
    change: async (clientId, act, patienceMs) => {
      const changed = await database.transaction(async (tx) => {
        const { count } = await act(tx)
        if (count > 0) await announce(tx, { of: 'client', id: clientId })
        return count > 0
      }, patienceMs)
      drop(clientId)
      return changed
    },
  }
}
