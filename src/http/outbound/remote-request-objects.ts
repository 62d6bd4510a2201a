import { LRUCache } from 'lru-cache'
import { type Clock, later } from '../../clock.ts'
import { type RequestObjects, withoutFragment } from '../../oauth/authorization/presented.ts'
import { Unavailable } from '../../oauth/errors.ts'
import { Busy, keyOf, type Outbound, Refused, type Trust } from './index.ts'

/** Seconds. */
const fresh = 30
const retryAfter = 3
const most = 500
/** RFC 9101 §5.2.3; the older ones, because what is read is worth nothing without its signature. */
const accept = ['application/oauth-authz-req+jwt', 'application/jwt', 'application/jose', 'text/plain']

type Reading = { readonly jwt: string | undefined; readonly readAt: Date }

/**
 * OIDC Core §6.2: the request objects that clients publish. "If the contents of the resource referenced by the URL could ever
 * change, the URI SHOULD include" their hash as its fragment: with one it is kept, without it is read each time.
 */
export const createRequestObjects = (deps: {
  readonly outbound: Pick<Outbound, 'get'>
  readonly clock: Clock
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
}): RequestObjects => {
  const { outbound, clock, log } = deps
  const readings = new LRUCache<string, Reading>({ max: most, maxSize: 4 * 1024 * 1024, sizeCalculation })
  const underWay = new Map<string, Promise<string | undefined>>()

  const read = async (uri: string, trust: Trust): Promise<string | undefined> => {
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
    if (jwt === undefined) readings.set(keyOf(address, trust), reading)
    else if (uri.includes('#')) readings.set(keyOf(uri, trust), reading)
    return reading.jwt
  }

  const kept = (key: string): Reading | undefined => {
    const reading = readings.get(key)
    return reading && clock.now() < later(reading.readAt, fresh) ? reading : undefined
  }

  return {
    async get(uri, trust) {
      const address = keyOf(withoutFragment(uri), trust)
      const known = kept(keyOf(uri, trust)) ?? kept(address)
      if (known) return known.jwt
      // What is there at this moment is the same for every fragment, of which whoever pleases can think of thirty.
      const shared = underWay.get(address) ?? read(uri, trust).finally(() => underWay.delete(address))
      underWay.set(address, shared)
      return shared
    },
  }
}

const sizeCalculation = ({ jwt }: Reading): number => (jwt?.length ?? 0) + 100
