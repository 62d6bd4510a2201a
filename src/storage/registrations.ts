import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { Actor } from '../identity/ending.ts'
import type { Client } from '../oauth/client.ts'
import { withNext } from '../oauth/registration/access-token.ts'
import type { RegistrationStore } from '../oauth/registration/stores.ts'
import { type ClientCache, metadataOf } from './client-cache.ts'
import { lockClient } from './client-lock.ts'
import { changesSubjects, deleteClient, endAll, secretData } from './clients.ts'
import { type Database, json, statement } from './database.ts'
import { asJson } from './json.ts'
import type { Prisma } from './prisma/client.ts'
import { mostUnused } from './unused-clients.ts'

const day = 86_400_000

const invited = statement<{ id: string }>(
  'invitation_find',
  'SELECT id FROM initial_access_tokens WHERE hash = $1 AND uses_left > 0 AND expires_at > $2',
)
const marked = statement(
  'registration_used',
  'UPDATE clients SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)',
)

const isFull = async (tx: Prisma.TransactionClient): Promise<boolean> => {
  const waiting = await tx.$queryRaw<readonly object[]>`
    SELECT 1 FROM clients WHERE registration_hash IS NOT NULL AND last_used_at IS NULL
    OFFSET ${mostUnused - 1} LIMIT 1`
  return waiting.length > 0
}

/** One statement counts down, and the row's lock puts those who come at once in line: it is never spent too often. */
const spend = (tx: Prisma.TransactionClient, hash: Uint8Array, now: Date) =>
  tx.$executeRaw`UPDATE initial_access_tokens SET uses_left = uses_left - 1
    WHERE hash = ${hash} AND uses_left > 0 AND expires_at > ${now}`

/** Both with the defaults of this server filled in: the row may be older than these. Locks the client. */
const stands = async (tx: Prisma.TransactionClient, before: Client): Promise<boolean> => {
  await lockClient(tx, before.client_id)
  const row = await tx.client.findUnique({ where: { id: before.client_id }, select: { metadata: true } })
  return row !== null && isDeepStrictEqual(metadataOf(row.metadata), metadataOf({ ...before }))
}

/** RFC 7592: what happens to a registration is its own doing. */
const itself = (clientId: string): Actor => ({ userId: undefined, clientId, ip: undefined, userAgent: undefined })

export const createRegistrations = (database: Database, { read, change }: ClientCache): RegistrationStore => {
  /** What this server wrote down today. */
  const marks = new LRUCache<string, number>({ max: 5000 })

  return {
    isInvited: async (hash, now) => (await database.rows(invited, [hash, now])).length > 0,

    register: async ({ clientId, metadata, secret, hash, invitation }, now) => {
      let outcome: 'registered' | 'uninvited' | 'full' = 'registered'
      await change(clientId, async (tx) => {
        outcome = 'registered'
        if (await isFull(tx)) outcome = 'full'
        else if (invitation && (await spend(tx, Uint8Array.from(invitation), now)) === 0) outcome = 'uninvited'
        if (outcome !== 'registered') return { count: 0 }
        const registrationHash = Uint8Array.from(hash)
        await tx.client.create({ data: { id: clientId, metadata: asJson(metadata), createdAt: now, registrationHash } })
        if (secret) await tx.clientSecret.create({ data: secretData(clientId, secret) })
        return { count: 1 }
      })
      return outcome
    },

    replace: async (before, { metadata, presented, next, secret, consents }, now) => {
      const { client_id: clientId } = before
      let outcome: 'replaced' | 'stale' | 'refused' = 'refused'
      await change(clientId, async (tx) => {
        const registrationHash = Uint8Array.from(withNext(presented, next))
        if (!(await stands(tx, before))) {
          outcome = 'stale'
          return { count: 0 }
        }
        const ends = await changesSubjects(tx, clientId, metadata)
        const count = await tx.$executeRaw`
          UPDATE clients SET metadata = ${json(metadata)}::jsonb, registration_hash = ${registrationHash}
          WHERE id = ${clientId} AND disabled_at IS NULL AND ${Uint8Array.from(presented)} IN
            (substring(registration_hash FROM 1 FOR 32), substring(registration_hash FROM 33))`
        outcome = count === 0 ? 'refused' : 'replaced'
        if (count === 0) return { count }
        if (ends) await endAll(tx, clientId, 'client_changed', now, itself(clientId))
        if (consents === 'forget') await tx.consent.deleteMany({ where: { clientId } })
        if (secret === 'none') await tx.clientSecret.deleteMany({ where: { clientId } })
        else if (secret) await tx.clientSecret.create({ data: secretData(clientId, secret) })
        return { count }
      })
      return outcome
    },

    find: read,
    // Without the patience that those who run the server have.
    remove: (clientId, now) => change(clientId, (tx) => deleteClient(tx, clientId, now, itself(clientId))),

    settle: async (clientId, used) => {
      const hash = Uint8Array.from(used)
      await change(clientId, async (tx) => ({
        count: await tx.$executeRaw`
          UPDATE clients SET registration_hash = ${hash}
          WHERE id = ${clientId} AND substring(registration_hash FROM 33) = ${hash}`,
      }))
    },

    markUsed: async (clientId, now) => {
      const today = Math.floor(now.getTime() / day)
      if (marks.get(clientId) === today) return
      await database.count(marked, [clientId, now, new Date(today * day)])
      marks.set(clientId, today)
    },

    invite: async ({ id, hash, uses, expiresAt }, now) => {
      const data = { id, hash: Uint8Array.from(hash), createdAt: now, expiresAt, usesLeft: uses }
      await database.prisma((prisma) => prisma.initialAccessToken.create({ data }))
    },
  }
}
