import { LRUCache } from 'lru-cache'
import { type Clock, later } from '../../clock.ts'
import { type RequestObjects, withoutFragment } from '../../oauth/authorization/presented.ts'
import { Unavailable } from '../../oauth/errors.ts'
import type { Trust } from '../../oauth/trust.ts'
import { Busy, byTrust, type Outbound, Refused } from './index.ts'

/** Seconds. */
const fresh = 30
const retryAfter = 3
const most = 500
/** RFC 9101 §5.2.3; the older ones, because what is read is worth nothing without its signature. */
const accept = ['application/oauth-authz-req+jwt', 'application/jwt', 'application/jose', 'text/plain']

type Dependencies = {
  readonly outbound: Pick<Outbound, 'get'>
  readonly clock: Clock
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
}
type Reading = { readonly jwt: string | undefined; readonly readAt: Date }

/**
 * OIDC Core §6.2: the request objects that clients publish. "If the contents of the resource referenced by the URL could ever
 * change, the URI SHOULD include" their hash as its fragment: with one it is kept, without it is read each time.
 */
export const createRequestObjects = (deps: Dependencies): RequestObjects => {
  const readerOf = byTrust((trust) => createReader(deps, trust))
  return { get: async (uri, trust) => readerOf(trust)(uri) }
}

const createReader = ({ outbound, clock, log }: Dependencies, trust: Trust) => {
  const readings = new LRUCache<string, Reading>({ max: most, maxSize: 4 * 1024 * 1024, sizeCalculation })
  const underWay = new Map<string, Promise<string | undefined>>()

  const read = async (uri: string): Promise<string | undefined> => {
    const address = withoutFragment(uri)
    const jwt = await outbound.get(address, { accept, size: 16 * 1024, ...trust }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
      // Of the client nothing was learnt: nothing is kept, and nobody is told that its address is bad.
      if (error instanceof Busy) throw new Unavailable(error, retryAfter, 'a request object cannot be read now')
      log.warn({ reason: error.message }, 'a request object cannot be read')
      return undefined
    })
    const reading = { jwt: jwt?.trim(), readAt: clock.now() }
    // What failed is kept for any fragment: nobody makes this server knock at a door again and again.
    if (jwt === undefined) readings.set(address, reading)
    else if (uri.includes('#')) readings.set(uri, reading)
    return reading.jwt
  }

  const kept = (uri: string): Reading | undefined => {
    const reading = readings.get(uri)
    return reading && clock.now() < later(reading.readAt, fresh) ? reading : undefined
  }

  return async (uri: string): Promise<string | undefined> => {
    const address = withoutFragment(uri)
    const known = kept(uri) ?? kept(address)
    if (known) return known.jwt
    // What is there at this moment is the same for every fragment, of which whoever pleases can think of thirty.
    const shared = underWay.get(address) ?? read(uri).finally(() => underWay.delete(address))
    underWay.set(address, shared)
    return shared
  }
}

const sizeCalculation = ({ jwt }: Reading): number => (jwt?.length ?? 0) + 100
