import { later, stopwatch } from '../clock.ts'
import { type Actor, operator } from '../identity/ending.ts'
import { type Client, type ClientMetadata, type ClientSecret, longestToken } from '../oauth/client.ts'
import { notBeforeOf } from '../oauth/revocations/entry.ts'
import type { ClientStore } from '../oauth/stores.ts'
import { subjectSector } from '../oauth/subject.ts'
import { recordAct } from './acts.ts'
import { type ClientCache, metadataOf, registrationOf } from './client-cache.ts'
import { lockClient } from './client-lock.ts'
import type { Database } from './database.ts'
import { mark, patienceForMany } from './ending.ts'
import { selectionOf } from './endings.ts'
import { asJson } from './json.ts'
import type { Prisma } from './prisma/client.ts'
import { enter } from './revocations.ts'

export type Updated = { readonly changed: boolean; readonly ended: boolean }

/** For the command line and the console. What changes a client is heard by every server at once. */
export type Clients = ClientStore & {
  create(clientId: string, metadata: ClientMetadata, secrets: readonly ClientSecret[], now: Date): Promise<Client>
  list(page: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly Client[]>
  /**
   * Where it knows people by another `sub` from now on, its families and pending codes end in the same transaction.
   */
  update(clientId: string, metadata: ClientMetadata, now: Date): Promise<Updated>
  addSecret(clientId: string, secret: ClientSecret): Promise<boolean>
  /** @param at from here on it is refused */
  expireSecret(clientId: string, secretId: string, at: Date): Promise<boolean>
  /** Ends the client's families and pending codes in the same transaction. */
  disable(clientId: string, now: Date): Promise<boolean>
  enable(clientId: string, now: Date): Promise<boolean>
  /** Ends the same, and forgets its secrets and the consents given to it. */
  delete(clientId: string, now: Date): Promise<boolean>
}

const withSecrets = { secrets: { orderBy: { createdAt: 'asc' } } } as const
type Row = Prisma.ClientGetPayload<{ include: { secrets: true } }>

const clientOf = (row: Row): Client => ({
  ...metadataOf(row.metadata),
  client_id: row.id,
  secrets: row.secrets.map(({ id, hash, createdAt, expiresAt }) => ({
    id,
    hash: Buffer.from(hash),
    createdAt,
    expiresAt: expiresAt ?? undefined,
  })),
  disabledAt: row.disabledAt ?? undefined,
  notBefore: row.notBefore ?? undefined,
  createdAt: row.createdAt,
  ...registrationOf(row.registrationHash, row.lastUsedAt),
})

type ClientEnd = 'client_disabled' | 'client_changed'

export const endAll = async (
  tx: Prisma.TransactionClient,
  clientId: string,
  reason: ClientEnd,
  now: Date,
  by: Actor | undefined,
): Promise<void> => {
  const waited = stopwatch()
  await lockClient(tx, clientId)
  const target = { of: 'client', id: clientId } as const
  const marked = await mark(tx, selectionOf(target), reason, now)
  if (by) await recordAct(tx, { target, of: { clientId }, reason, by, at: now }, marked)
  // What was issued while it waited for its locks must not outlive it.
  await stamp(tx, clientId, reason, later(now, waited()))
}

/** Tokens of client_credentials are written down nowhere: they may live for a day. */
const stamp = async (tx: Prisma.TransactionClient, clientId: string, reason: ClientEnd, now: Date): Promise<void> => {
  const notBefore = notBeforeOf(now)
  await tx.client.updateMany({ where: { id: clientId }, data: { notBefore } })
  const told = { notBefore, sparedSessionId: undefined, tokensExpireAt: later(now, longestToken) }
  await enter(tx, [{ kind: 'client', subject: clientId, reason, ...told }], now)
}

/**
 * What a client was given says the `sub` by which it knew people; an act on one of them would not reach that at whoever
 * verifies offline once it knows them by another. Locks the client.
 */
export const changesSubjects = async (
  tx: Prisma.TransactionClient,
  clientId: string,
  next: ClientMetadata,
): Promise<boolean> => {
  await lockClient(tx, clientId)
  const before = await tx.client.findUnique({ where: { id: clientId } })
  if (!before) return false
  const stays = { client_id: clientId, ...registrationOf(before.registrationHash, before.lastUsedAt) }
  return subjectSector({ ...metadataOf(before.metadata), ...stays }) !== subjectSector({ ...next, ...stays })
}

export const deleteClient = async (tx: Prisma.TransactionClient, clientId: string, now: Date, by: Actor) => {
  await endAll(tx, clientId, 'client_disabled', now, by)
  return tx.client.deleteMany({ where: { id: clientId } })
}

export const createClients = (database: Database, { find, read, change }: ClientCache): Clients => ({
  find,
  create: async (clientId, metadata, secrets, now) => {
    await change(clientId, async (tx) => {
      await tx.client.create({ data: { id: clientId, metadata: asJson(metadata), createdAt: now } })
      // One of the same name may have been deleted while it was being used.
      const left = await mark(tx, selectionOf({ of: 'client', id: clientId }), 'client_disabled', now)
      if (left.anything) await stamp(tx, clientId, 'client_disabled', now)
      return tx.clientSecret
        .createMany({ data: secrets.map((secret) => secretData(clientId, secret)) })
        .then(() => ({ count: 1 }))
    })
    const created = await read(clientId)
    if (!created) throw new Error('the client was deleted while it was created')
    return created
  },
  list: async ({ after, limit }) => {
    const rows = await database.prisma((prisma) =>
      prisma.client.findMany({
        ...(after === undefined ? {} : { where: { id: { gt: after } } }),
        orderBy: { id: 'asc' },
        take: limit,
        include: withSecrets,
      }),
    )
    return rows.map(clientOf)
  },
  update: async (clientId, metadata, now) => {
    let ended = false
    const changed = await change(
      clientId,
      async (tx) => {
        ended = await changesSubjects(tx, clientId, metadata)
        if (ended) await endAll(tx, clientId, 'client_changed', now, operator)
        return tx.client.updateMany({ where: { id: clientId }, data: { metadata: asJson(metadata) } })
      },
      patienceForMany,
    )
    return { changed, ended }
  },
  addSecret: (clientId, secret) =>
    change(clientId, async (tx) => {
      const count = await tx.client.count({ where: { id: clientId } })
      if (count > 0) await tx.clientSecret.create({ data: secretData(clientId, secret) })
      return { count }
    }),
  expireSecret: (clientId, secretId, at) =>
    change(clientId, (tx) =>
      tx.clientSecret.updateMany({ where: { id: secretId, clientId }, data: { expiresAt: at } }),
    ),
  disable: (clientId, now) =>
    change(
      clientId,
      async (tx) => {
        const disabled = await tx.client.updateMany({
          where: { id: clientId, disabledAt: null },
          data: { disabledAt: now },
        })
        if (disabled.count > 0) await endAll(tx, clientId, 'client_disabled', now, operator)
        return disabled
      },
      patienceForMany,
    ),
  enable: (clientId, now) =>
    change(
      clientId,
      async (tx) => {
        const enabled = await tx.client.updateMany({
          where: { id: clientId, NOT: { disabledAt: null } },
          data: { disabledAt: null },
        })
        // What a server had begun before it heard of the end must not come alive again. That end has its event.
        if (enabled.count > 0) await endAll(tx, clientId, 'client_disabled', now, undefined)
        return enabled
      },
      patienceForMany,
    ),
  delete: (clientId, now) => change(clientId, (tx) => deleteClient(tx, clientId, now, operator), patienceForMany),
})

export const secretData = (clientId: string, { id, hash, createdAt, expiresAt }: ClientSecret) => ({
  id,
  clientId,
  hash: Uint8Array.from(hash),
  createdAt,
  expiresAt: expiresAt ?? null,
})
