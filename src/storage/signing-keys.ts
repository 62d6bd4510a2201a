import type { PublicJwk, SigningKeyRecord, SigningKeyStore } from '../keys/stores.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'
import { isRecord } from '../record.ts'
import { announce } from './changes.ts'
import { type Database, statement } from './database.ts'
import { asJson } from './json.ts'
import type { Prisma, SigningKey } from './prisma/client.ts'

/** Of two servers that start at once, the second waits and then sees what the first stored. */
const lock = (tx: Prisma.TransactionClient) => tx.$executeRaw`LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE`

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
     retires_at AS "retiresAt", gone_at AS "goneAt" FROM signing_keys ORDER BY created_at, kid`,
)

const order = { orderBy: [{ createdAt: 'asc' }, { kid: 'asc' }] } satisfies Prisma.SigningKeyFindManyArgs

export const createSigningKeys = (database: Database): SigningKeyStore => ({
  list: async () => (await database.rows(list, [])).map(recordOf),
  insertIfNone: (keys) =>
    database.transaction(async (tx) => {
      await lock(tx)
      const there = new Set((await tx.signingKey.findMany({ select: { alg: true } })).map(({ alg }) => alg))
      const missing = keys.filter(({ alg }) => !there.has(alg))
      if (missing.length > 0) {
        await tx.signingKey.createMany({ data: missing.map(dataOf) })
        await announce(tx, { of: 'keys' })
      }
      return (await tx.signingKey.findMany(order)).map(recordOf)
    }),
  succeed: (successor, { kid, retiresAt, goneAt }) =>
    database.transaction(async (tx) => {
      const { count } = await tx.signingKey.updateMany({
        where: { kid, retiresAt: null },
        data: { retiresAt: retiresAt ?? null, goneAt: goneAt ?? null },
      })
      if (count === 0) return false
      await tx.signingKey.create({ data: dataOf(successor) })
      await announce(tx, { of: 'keys' })
      return true
    }),
  replaceAll: (key) =>
    database.transaction(async (tx) => {
      await lock(tx)
      const at = key.activatesAt
      const others = { alg: key.alg, NOT: { kid: key.kid } }
      const later = (field: 'retiresAt' | 'goneAt') => ({ ...others, OR: [{ [field]: null }, { [field]: { gt: at } }] })
      await tx.signingKey.updateMany({ where: later('retiresAt'), data: { retiresAt: at } })
      await tx.signingKey.updateMany({ where: later('goneAt'), data: { goneAt: at } })
      await tx.signingKey.create({ data: dataOf(key) })
      await announce(tx, { of: 'keys' })
    }),
})
