import type { JWK } from 'jose'
import { LRUCache } from 'lru-cache'
import { type Clock, later } from '../../clock.ts'
import type { RemoteKeys } from '../../oauth/client-authentication/index.ts'
import { keyProblem } from '../../oauth/client-authentication/public-key.ts'
import type { Trust } from '../../oauth/trust.ts'
import { isRecord } from '../../record.ts'
import { Busy, byTrust, type Outbound, Refused } from './index.ts'

export type RemoteKeysDependencies = {
  readonly clock: Clock
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
  readonly outbound: Pick<Outbound, 'get'>
}

/** Seconds. */
const fresh = 300
const coolDown = 30
/** Up to here nobody waits for a set to be read again: it is read meanwhile. */
const patience = 600
/** While no reading succeeds, the last set does for so long: that an app's own server is away must not log it out. */
const lasting = 3600
const mostSets = 500
const mostKeys = 20
const members: ReadonlySet<string> = new Set('kty use key_ops alg kid crv x y n e x5c'.split(' '))
const accept = ['application/jwk-set+json', 'application/json']

/** What is known of one URI; `keys` and `readAt` are of the last success. */
type Reading = { readonly keys: readonly JWK[] | undefined; readonly readAt: Date; readonly triedAt: Date }

/** The key sets that clients publish, read as seldom as keys can change hands. */
export const createRemoteKeys = (deps: RemoteKeysDependencies): RemoteKeys => {
  const readerOf = byTrust((trust) => createReader(deps, trust))
  return { get: async (uri, options) => readerOf(options)(uri, options) }
}

const createReader = ({ clock, log, outbound }: RemoteKeysDependencies, trust: Trust) => {
  const readings = new LRUCache<string, Reading>({ max: mostSets })
  const underWay = new Map<string, Promise<void>>()

  const readAnew = async (uri: string): Promise<void> => {
    const keys = await reading(uri)
    if (keys === 'busy') return
    const now = clock.now()
    // A reading that failed takes nothing away: an unknown `kid` must not be a way to lose the known ones.
    const before = readings.get(uri)
    const known = keys ? { keys, readAt: now } : { keys: before?.keys, readAt: before?.readAt ?? now }
    readings.set(uri, { ...known, triedAt: now })
  }

  const reading = async (uri: string): Promise<readonly JWK[] | 'busy' | undefined> => {
    try {
      return keysIn(await outbound.get(uri, { accept, ...trust }))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      log.warn({ reason: error.message }, 'the keys of a client cannot be read')
      return error instanceof Busy ? 'busy' : undefined
    }
  }

  const keysWithin = (seconds: number, uri: string): readonly JWK[] | undefined => {
    const known = readings.get(uri)
    return known && clock.now() < later(known.readAt, seconds) ? known.keys : undefined
  }

  const isCoolingDown = (uri: string): boolean => {
    const known = readings.get(uri)
    return known !== undefined && clock.now() < later(known.triedAt, coolDown)
  }

  return async (uri: string, { refetch }: { readonly refetch: boolean }): Promise<readonly JWK[] | undefined> => {
    if ((!refetch && keysWithin(fresh, uri)) || isCoolingDown(uri)) return keysWithin(lasting, uri)
    const shared = underWay.get(uri) ?? readAnew(uri).finally(() => underWay.delete(uri))
    underWay.set(uri, shared)
    const sufficient = refetch ? undefined : keysWithin(patience, uri)
    if (!sufficient) await shared
    else shared.catch((error: unknown) => log.warn({ reason: String(error) }, 'the keys of a client cannot be read'))
    return sufficient ?? keysWithin(lasting, uri)
  }
}

/** What verifies nothing is not kept, however much of it there is. RFC 7517 §5: members that are not understood are ignored. */
const keysIn = (text: string): readonly JWK[] => {
  const document = parsed(text)
  const keys = isRecord(document) ? document.keys : undefined
  if (!Array.isArray(keys)) throw new Refused('it is not a key set')
  return keys
    .filter((key: unknown): key is JWK => isRecord(key) && keyProblem(key) === undefined)
    .slice(0, mostKeys)
    .map((key) => Object.fromEntries(Object.entries(key).filter(([name]) => members.has(name))))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refused('it is not JSON')
  }
}
