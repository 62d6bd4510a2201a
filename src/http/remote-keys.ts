import type { JWK } from 'jose'
import { LRUCache } from 'lru-cache'
import { type Clock, later } from '../clock.ts'
import type { RemoteKeys } from '../oauth/client-authentication/index.ts'
import { Refused, type Resolve, readDocument, systemResolve } from './remote-document.ts'

export type RemoteKeysDependencies = {
  readonly clock: Clock
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
  /** Of a development server: keys may be served on this very machine, over http too. */
  readonly allowLoopback: boolean
  readonly resolve?: Resolve | undefined
  /** Milliseconds for one reading. */
  readonly timeout?: number | undefined
  /** How a document is read, exchangeable so that a test can count it. */
  readonly read?: ((uri: string) => Promise<unknown>) | undefined
}

/** Seconds. */
const fresh = 300
const coolDown = 30
const most = { readings: 8, waiting: 16, sets: 500, bytes: 64 * 1024 }

/** What is known of one URI; `keys` and `readAt` are of the last reading that succeeded. */
type Reading = { readonly keys: readonly JWK[] | undefined; readonly readAt: Date; readonly triedAt: Date }

/** The key sets that clients publish, read as seldom as keys can change hands. */
export const createRemoteKeys = (deps: RemoteKeysDependencies): RemoteKeys => {
  const { clock, log, allowLoopback, resolve = systemResolve, timeout = 3_000 } = deps
  const read = deps.read ?? ((uri) => readDocument(uri, { allowLoopback, resolve, timeout, size: most.bytes }))
  const readings = new LRUCache<string, Reading>({ max: most.sets })
  const underWay = new Map<string, Promise<void>>()
  const places = createPlaces()

  const refused = (reason: string) => void log.warn({ reason }, 'the keys of a client cannot be read')

  const readAnew = async (uri: string): Promise<void> => {
    // Nothing was learnt of this set, so nothing is remembered.
    if (!(await places.take())) return refused('too many key sets are being read')
    try {
      const keys = await reading(uri)
      const now = clock.now()
      // A reading that failed takes nothing away: an unknown `kid` must not be a way to lose the known ones.
      const before = readings.get(uri)
      const known = keys ? { keys, readAt: now } : { keys: before?.keys, readAt: before?.readAt ?? now }
      readings.set(uri, { ...known, triedAt: now })
    } finally {
      places.leave()
    }
  }

  const reading = async (uri: string): Promise<readonly JWK[] | undefined> => {
    try {
      return keysIn(await read(uri))
    } catch (error) {
      if (error instanceof Refused) return refused(error.message)
      throw error
    }
  }

  const freshKeys = (uri: string): readonly JWK[] | undefined => {
    const known = readings.get(uri)
    return known && clock.now() < later(known.readAt, fresh) ? known.keys : undefined
  }

  const isCoolingDown = (uri: string): boolean => {
    const known = readings.get(uri)
    return known !== undefined && clock.now() < later(known.triedAt, coolDown)
  }

  return {
    async get(uri, { refetch }) {
      const known = freshKeys(uri)
      if ((known && !refetch) || isCoolingDown(uri)) return known
      const shared = underWay.get(uri) ?? readAnew(uri).finally(() => underWay.delete(uri))
      underWay.set(uri, shared)
      await shared
      return freshKeys(uri)
    },
  }
}

/** RFC 7517 §5: members that are not understood are ignored. */
const keysIn = (document: unknown): readonly JWK[] => {
  const keys = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : undefined
  if (!Array.isArray(keys)) throw new Refused('it is not a key set')
  return keys.filter((key: unknown): key is JWK => typeof key === 'object' && key !== null && 'kty' in key)
}

/** So many at once, so many waiting in order, no more. */
const createPlaces = () => {
  const waiting: (() => void)[] = []
  let taken = 0
  return {
    async take(): Promise<boolean> {
      if (taken >= most.readings) {
        if (waiting.length >= most.waiting) return false
        // Whoever leaves hands the place over, so that nobody who comes later can slip in between.
        await new Promise<void>((resolve) => waiting.push(resolve))
        return true
      }
      taken += 1
      return true
    },
    leave(): void {
      const next = waiting.shift()
      if (next) next()
      else taken -= 1
    },
  }
}
