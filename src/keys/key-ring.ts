import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { SigningAlgorithm } from '../oauth/client.ts'
import type { KeyDirectory } from './directory.ts'
import { generateKey, publicJwk, thumbprint } from './key-pair.ts'
import {
  activeKey,
  defaultRotation,
  due,
  nextChange,
  publishedKeys,
  type RotationPolicy,
  succession,
} from './schedule.ts'
import { createSigner, type Signer } from './signer.ts'
import type { KeyPurpose, PublicJwk, SigningKeyRecord, SigningKeyStore } from './stores.ts'
import { type Expectation, type Verified, verifyOwn } from './verification.ts'

/** The signing keys of this server, of one purpose: which signs, which are published, which are to come. */
export type KeyRing = {
  /** The key that signs now; throws when the algorithm has none (`ensure` makes one). */
  signer(alg: SigningAlgorithm): Signer
  /** A published key by its name, retired or not, to mint the same token again. */
  signerOf(kid: string): Signer | undefined
  /** The same array until one is added or gone. */
  published(): readonly PublicJwk[]
  /** Names of published keys whose private part is not in the directory: this server is not ready. */
  missing(): readonly string[]
  verify(token: string, expectation: Expectation): Promise<Verified>
  /**
   * Whether this server ever signed it, with a key that is gone or one that is not, expired or not. Only to match the
   * halves of a pair: nothing may be honoured for it.
   */
  recognize(token: string, typ: string): Promise<Verified>
  /** Makes keys for the algorithms that have none; a new algorithm signs at once. */
  ensure(algorithms: readonly SigningAlgorithm[]): Promise<void>
  /** Reads the table and the directory again. */
  refresh(): Promise<void>
  /** `refresh`, and an ordered rotation of each key that has served its time. To be called every minute. */
  tend(): Promise<void>
  /**
   * Makes a successor. An ordered one signs after it was published for a day, and is not made twice. In an emergency
   * it signs at once, and every other key of its algorithm is gone: tokens they signed are refused from here on.
   * @returns the new kid, undefined when a successor was scheduled already; and the keys whose tokens break
   */
  rotate(
    alg: SigningAlgorithm,
    how: { readonly emergency: boolean },
  ): Promise<{ readonly kid: string | undefined; readonly breaks: readonly string[] }>
}

type Loaded = { readonly publicKey: KeyObject; readonly signer: Signer | undefined }
type Snapshot = {
  readonly validUntil: Date | undefined
  readonly keys: readonly SigningKeyRecord[]
  readonly published: readonly PublicJwk[]
}

export const createKeyRing = async (deps: {
  readonly directory: KeyDirectory
  readonly store: SigningKeyStore
  readonly clock: Clock
  readonly issuer: string
  readonly algorithms: readonly SigningAlgorithm[]
  readonly policy?: RotationPolicy | undefined
  /** The same as the store's. */
  readonly purpose?: KeyPurpose
}): Promise<KeyRing> => {
  const { directory, store, clock, issuer, policy = defaultRotation, purpose = 'tokens' } = deps
  const loaded = new Map<string, Loaded>()
  const gone = new Map<string, KeyObject>()
  let records: readonly SigningKeyRecord[] = []
  let snapshot: Snapshot | undefined

  /** What is true until the next scheduled change, so that a request costs no sorting. */
  const current = (): Snapshot => {
    const now = clock.now()
    if (!snapshot || (snapshot.validUntil !== undefined && snapshot.validUntil <= now)) {
      const keys = publishedKeys(records, now)
      snapshot = { validUntil: nextChange(records, now), keys, published: keys.map((key) => key.publicJwk) }
    }
    return snapshot
  }

  const publicKeyOf = ({ publicJwk }: SigningKeyRecord): KeyObject =>
    createPublicKey({ key: { ...publicJwk }, format: 'jwk' })

  /** Keys that are gone are few, never change, and are rarely asked for. */
  const everKnown = (record: SigningKeyRecord): KeyObject => {
    const key = loaded.get(record.kid)?.publicKey ?? gone.get(record.kid) ?? publicKeyOf(record)
    if (!loaded.has(record.kid)) gone.set(record.kid, key)
    return key
  }

  const load = async (record: SigningKeyRecord): Promise<void> => {
    if (loaded.get(record.kid)?.signer) return
    const privateKey = await directory.signingKey(record.kid)
    loaded.set(record.kid, {
      publicKey: publicKeyOf(record),
      signer: privateKey && createSigner(record.kid, record.alg, privateKey),
    })
  }

  const adopt = async (rows: readonly SigningKeyRecord[]): Promise<void> => {
    const published = publishedKeys(rows, clock.now())
    await Promise.all(published.map(load))
    const names = new Set(published.map((key) => key.kid))
    for (const kid of loaded.keys()) if (!names.has(kid)) loaded.delete(kid)
    records = rows
    snapshot = undefined
  }

  const refresh = async (): Promise<void> => adopt(await store.list())

  /** The file comes first: a server that sees the row must find the key. */
  const make = async (alg: SigningAlgorithm, activatesAt: Date): Promise<SigningKeyRecord> => {
    const key = await generateKey(alg)
    const kid = await thumbprint(key)
    await directory.saveSigningKey(kid, key)
    const now = clock.now()
    return {
      kid,
      alg,
      publicJwk: publicJwk(key, kid, alg, purpose),
      createdAt: now,
      activatesAt,
      retiresAt: undefined,
      goneAt: undefined,
    }
  }

  const ensure = async (algorithms: readonly SigningAlgorithm[]): Promise<void> => {
    const lacking = algorithms.filter((alg) => !records.some((record) => record.alg === alg))
    if (lacking.length === 0) return
    const made = await Promise.all(lacking.map((alg) => make(alg, clock.now())))
    const rows = await store.insertIfNone(made)
    const kept = new Set(rows.map((row) => row.kid))
    await Promise.all(made.filter((key) => !kept.has(key.kid)).map((key) => directory.removeSigningKey(key.kid)))
    await adopt(rows)
  }

  const rotateOrderly = async (alg: SigningAlgorithm): Promise<string | undefined> => {
    const now = clock.now()
    const predecessor = activeKey(records, alg, now)
    if (!predecessor || predecessor.retiresAt !== undefined) return undefined
    const { activatesAt, retiresAt, goneAt } = succession(now, policy)
    const successor = await make(alg, activatesAt)
    const first = await store.succeed(successor, { kid: predecessor.kid, retiresAt, goneAt })
    if (!first) await directory.removeSigningKey(successor.kid)
    await refresh()
    return first ? successor.kid : undefined
  }

  const replaceNow = async (alg: SigningAlgorithm): Promise<{ kid: string; breaks: readonly string[] }> => {
    const breaks = current()
      .keys.filter((key) => key.alg === alg)
      .map((key) => key.kid)
    const key = await make(alg, clock.now())
    await store.replaceAll(key)
    await refresh()
    return { kid: key.kid, breaks }
  }

  await refresh()
  await ensure([...new Set<SigningAlgorithm>(['RS256', ...deps.algorithms])])

  return {
    signer(alg) {
      const active = activeKey(current().keys, alg, clock.now())
      const signer = active && loaded.get(active.kid)?.signer
      if (!signer) throw new Error(active ? `the private key ${active.kid} is missing` : `no key signs with ${alg}`)
      return signer
    },
    signerOf: (kid) => (current().keys.some((key) => key.kid === kid) ? loaded.get(kid)?.signer : undefined),
    published: () => current().published,
    missing: () =>
      current()
        .keys.filter((key) => !loaded.get(key.kid)?.signer)
        .map((key) => key.kid),
    verify: async (token, expectation) =>
      verifyOwn(
        token,
        issuer,
        (kid) => {
          const record = current().keys.find((key) => key.kid === kid)
          const key = record && loaded.get(record.kid)
          return key && { alg: record.alg, publicKey: key.publicKey }
        },
        expectation,
      ),
    recognize: async (token, typ) =>
      verifyOwn(
        token,
        issuer,
        (kid) => {
          const record = records.find((key) => key.kid === kid)
          return record && { alg: record.alg, publicKey: everKnown(record) }
        },
        { typ, now: clock.now(), requireUnexpired: false },
      ),
    ensure,
    refresh,
    async tend() {
      await refresh()
      for (const alg of due(records, clock.now(), policy)) await rotateOrderly(alg)
    },
    async rotate(alg, { emergency }) {
      return emergency ? await replaceNow(alg) : { kid: await rotateOrderly(alg), breaks: [] }
    },
  }
}
