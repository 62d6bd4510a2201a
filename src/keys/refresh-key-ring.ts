import type { Clock } from '../clock.ts'
import { later } from '../clock.ts'
import type { RefreshKey } from '../oauth/tokens/refresh-token.ts'
import type { Random } from '../random.ts'
import type { KeyDirectory } from './directory.ts'
import { keyLength } from './sealing.ts'
import type { RefreshKeyRecord, RefreshKeyStore } from './stores.ts'

export type RefreshKeyRing = {
  /** The key that new refresh tokens are made with. */
  minting(): RefreshKey
  /** Any key that is known, retired or not. */
  find(id: string): RefreshKey | undefined
  /** Ids of keys the table names and the directory lacks: this server is not ready. */
  missing(): readonly string[]
  /** Reads the table and the directory again. To be called every minute. */
  refresh(): Promise<void>
  /** An emergency voids every refresh token there is. @returns the new id, undefined when another server was first */
  rotate(how: { readonly emergency: boolean }): Promise<string | undefined>
}

/** Seconds for which a new key only recognises, so that every server knows it before it mints. */
const settling = 180

/** The newest that has settled; the oldest while none has, which is the first key of all. */
const mintingRecord = (records: readonly RefreshKeyRecord[], now: Date): RefreshKeyRecord | undefined => {
  const standing = records
    .filter(({ retiresAt }) => retiresAt === undefined || retiresAt > now)
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || end(b) - end(a) || (a.id < b.id ? -1 : 1))
  return standing.find(({ createdAt }) => later(createdAt, settling) <= now) ?? standing.at(-1)
}

/** Of two of the same instant, the one that retires is the elder. */
const end = ({ retiresAt }: RefreshKeyRecord): number => retiresAt?.getTime() ?? 8.64e15

export const createRefreshKeyRing = async (deps: {
  readonly directory: KeyDirectory
  readonly store: RefreshKeyStore
  readonly clock: Clock
  readonly random: Random
}): Promise<RefreshKeyRing> => {
  const { directory, store, clock, random } = deps
  const loaded = new Map<string, RefreshKey>()
  let records: readonly RefreshKeyRecord[] = []

  const load = async ({ id }: RefreshKeyRecord): Promise<void> => {
    if (loaded.has(id)) return
    const secret = await directory.refreshKey(id)
    if (secret) loaded.set(id, { id, secret })
  }

  const adopt = async (rows: readonly RefreshKeyRecord[]): Promise<void> => {
    await Promise.all(rows.map(load))
    const ids = new Set(rows.map((row) => row.id))
    for (const id of loaded.keys()) if (!ids.has(id)) loaded.delete(id)
    records = rows
  }

  const refresh = async (): Promise<void> => adopt(await store.list())

  /** The file comes first: a server that sees the row must find the key. */
  const make = async (): Promise<RefreshKeyRecord> => {
    const id = random.bytes(4).toString('hex')
    await directory.saveRefreshKey(id, random.bytes(keyLength))
    return { id, createdAt: clock.now(), retiresAt: undefined }
  }

  const discardUnless = async (kept: boolean, id: string): Promise<void> => {
    if (!kept) await directory.removeRefreshKey(id)
  }

  await refresh()
  if (records.length === 0) {
    const key = await make()
    const rows = await store.insertIfNone(key)
    await discardUnless(
      rows.some((row) => row.id === key.id),
      key.id,
    )
    await adopt(rows)
  }

  return {
    minting() {
      const record = mintingRecord(records, clock.now())
      const key = record && loaded.get(record.id)
      if (!key) throw new Error(record ? `the refresh key ${record.id} is missing` : 'there is no refresh key')
      return key
    },
    find: (id) => loaded.get(id),
    missing: () => records.filter(({ id }) => !loaded.has(id)).map(({ id }) => id),
    refresh,
    async rotate({ emergency }) {
      const successor = await make()
      if (emergency) {
        await store.replaceAll(successor)
        await refresh()
        return successor.id
      }
      const predecessor = records.filter(({ retiresAt }) => retiresAt === undefined)[0]
      const retiresAt = later(successor.createdAt, settling)
      const first = predecessor !== undefined && (await store.succeed(successor, { id: predecessor.id, retiresAt }))
      await discardUnless(first, successor.id)
      await refresh()
      return first ? successor.id : undefined
    },
  }
}
