import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { later } from '../../src/clock.ts'
import type { RefreshKeyRecord, RefreshKeyStore, SigningKeyRecord, SigningKeyStore } from '../../src/keys/stores.ts'

export const start = new Date('2030-01-01T00:00:00Z')
export const day = 86_400

/** A clock that stands still until it is told to go on. */
export const aClock = (at = start) => {
  let now = at
  return {
    now: () => now,
    advance: (seconds: number) => {
      now = later(now, seconds)
    },
  }
}

export const aDirectory = async (t: { teardown(done: () => Promise<void>): void }): Promise<string> => {
  const parent = await mkdtemp(join(tmpdir(), 'tessera-keys-'))
  t.teardown(() => rm(parent, { recursive: true }))
  return join(parent, 'keys')
}

/** A table in memory: between an `await` and the next, an act is as atomic as a transaction. */
export const aSigningKeyStore = (rows: SigningKeyRecord[] = []): SigningKeyStore => ({
  list: async () => [...rows],
  async insertIfNone(keys) {
    rows.push(...keys.filter((key) => !rows.some((row) => row.alg === key.alg)))
    return [...rows]
  },
  async succeed(successor, { kid, retiresAt, goneAt }) {
    const index = rows.findIndex((row) => row.kid === kid && row.retiresAt === undefined)
    const predecessor = rows[index]
    if (!predecessor) return false
    rows[index] = { ...predecessor, retiresAt, goneAt }
    rows.push(successor)
    return true
  },
  async replaceAll(key) {
    const end = (instant: Date | undefined): Date => (instant && instant < key.activatesAt ? instant : key.activatesAt)
    rows.forEach((row, index) => {
      if (row.alg === key.alg) rows[index] = { ...row, retiresAt: end(row.retiresAt), goneAt: end(row.goneAt) }
    })
    rows.push(key)
  },
})

export const aRefreshKeyStore = (rows: RefreshKeyRecord[] = []): RefreshKeyStore => ({
  list: async () => [...rows],
  async insertIfNone(key) {
    if (rows.length === 0) rows.push(key)
    return [...rows]
  },
  async succeed(successor, { id, retiresAt }) {
    const index = rows.findIndex((row) => row.id === id && row.retiresAt === undefined)
    const predecessor = rows[index]
    if (!predecessor) return false
    rows[index] = { ...predecessor, retiresAt }
    rows.push(successor)
    return true
  },
  async replaceAll(key) {
    rows.splice(0, rows.length, key)
  },
})
