import { later } from '../clock.ts'
import type { KeyPurpose, PublicJwk, SigningKeyRecord, SigningKeyStore } from '../keys/stores.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'
import { isRecord } from '../record.ts'
import { announce, announcement, payloadOf } from './changes.ts'
import { type Database, json, statement } from './database.ts'
import { asJson } from './json.ts'
import type { Prisma, SigningKey } from './prisma/client.ts'
import { enter } from './revocations.ts'

/** Of two servers that start at once, the second waits and then sees what the first stored. */
const locking = 'LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE'
const lock = statement('signing_keys_lock', locking)

const algorithmOf = (name: string): SigningAlgorithm => {
  const known = signingAlgorithms.find((algorithm) => algorithm === name)
  if (!known) throw new Error('signing_keys names an algorithm that this version does not know')
  return known
}

const isPublicJwk = (value: unknown): value is PublicJwk =>
  isRecord(value) && Object.values(value).every((member) => typeof member === 'string')

const recordOf = ({ kid, alg, publicJwk, createdAt, activatesAt, retiresAt, goneAt }: SigningKey): SigningKeyRecord => {
  if (!isPublicJwk(publicJwk)) throw new Error('signing_keys holds something that is no public key')
  return {
    kid,
    alg: algorithmOf(alg),
    publicJwk,
    createdAt,
    activatesAt,
    retiresAt: retiresAt ?? undefined,
    goneAt: goneAt ?? undefined,
  }
}

const dataOf = (key: SigningKeyRecord) => ({
  kid: key.kid,
  alg: key.alg,
  publicJwk: asJson(key.publicJwk),
  createdAt: key.createdAt,
  activatesAt: key.activatesAt,
  retiresAt: key.retiresAt ?? null,
  goneAt: key.goneAt ?? null,
})

const list = statement<SigningKey>(
  'signing_keys_list',
  `SELECT kid, alg, public_jwk AS "publicJwk", created_at AS "createdAt", activates_at AS "activatesAt",
     retires_at AS "retiresAt", gone_at AS "goneAt" FROM signing_keys WHERE purpose = $1 ORDER BY created_at, kid`,
)

const insert = statement(
  'signing_keys_insert',
  `INSERT INTO signing_keys (kid, alg, public_jwk, created_at, activates_at, retires_at, gone_at, purpose)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
)

const order = { orderBy: [{ createdAt: 'asc' }, { kid: 'asc' }] } satisfies Prisma.SigningKeyFindManyArgs

/** Seconds for which a stolen key is told: verifiers may keep a copy of the key set for long, and thieves have time. */
const year = 365 * 86_400

export const createSigningKeys = (database: Database, purpose: KeyPurpose): SigningKeyStore => ({
  list: async () => (await database.rows(list, [purpose])).map(recordOf),
  insertIfNone: (keys) =>
    database.together(async (rows) => {
      await rows(lock, [])
      const there = new Set((await rows(list, [purpose])).map(({ alg }) => alg))
      const missing = keys.filter(({ alg }) => !there.has(alg))
      for (const { kid, alg, publicJwk, createdAt, activatesAt, retiresAt, goneAt } of missing)
        await rows(insert, [kid, alg, json(publicJwk), createdAt, activatesAt, retiresAt, goneAt, purpose])
      if (missing.length > 0) await rows(announcement, [payloadOf({ of: 'keys' })])
      return (await rows(list, [purpose])).map(recordOf)
    }),
  succeed: (successor, { kid, retiresAt, goneAt }) =>
    database.transaction(async (tx) => {
      const { count } = await tx.signingKey.updateMany({
        where: { kid, purpose, retiresAt: null },
        data: { retiresAt: retiresAt ?? null, goneAt: goneAt ?? null },
      })
      if (count === 0) return false
      await tx.signingKey.create({ data: { ...dataOf(successor), purpose } })
      await announce(tx, { of: 'keys' })
      return true
    }),
  replaceAll: (key) =>
    database.transaction(async (tx) => {
      await tx.$executeRawUnsafe(locking)
      const at = key.activatesAt
      const others = { alg: key.alg, purpose, NOT: { kid: key.kid } }
      const after = (field: 'retiresAt' | 'goneAt') => ({ ...others, OR: [{ [field]: null }, { [field]: { gt: at } }] })
      const broken = await tx.signingKey.findMany({ where: after('goneAt'), ...order })
      await tx.signingKey.updateMany({ where: after('retiresAt'), data: { retiresAt: at } })
      await tx.signingKey.updateMany({ where: after('goneAt'), data: { goneAt: at } })
      await tx.signingKey.create({ data: { ...dataOf(key), purpose } })
      await announce(tx, { of: 'keys' })
      const entry = { kind: 'key', notBefore: undefined, sparedSessionId: undefined, reason: 'key_stolen' } as const
      const tokensExpireAt = later(at, year)
      await enter(
        tx,
        broken.map(({ kid }) => ({ ...entry, subject: kid, tokensExpireAt })),
        at,
      )
    }),
})
