import { LRUCache } from 'lru-cache'
import { type Clock, later } from '../../clock.ts'
import type { RequestObjects } from '../../oauth/authorization/presented.ts'
import { type Outbound, Refused } from './index.ts'

/** Seconds. */
const fresh = 30
const most = 500
/** RFC 9101 §5.2.3; the older ones, because what is read is worth nothing without its signature. */
const accept = ['application/oauth-authz-req+jwt', 'application/jwt', 'application/jose', 'text/plain']

type Reading = { readonly jwt: string | undefined; readonly readAt: Date }

/** OIDC Core §6.2: the request objects that clients publish; a browser that is sent again asks no peer again. */
export const createRequestObjects = (deps: {
  readonly outbound: Pick<Outbound, 'get'>
  readonly clock: Clock
  readonly log: { warn(fields: { readonly reason: string }, message: string): void }
}): RequestObjects => {
  const { outbound, clock, log } = deps
  const readings = new LRUCache<string, Reading>({ max: most, maxSize: 4 * 1024 * 1024, sizeCalculation })
  const underWay = new Map<string, Promise<string | undefined>>()

  const read = async (uri: string): Promise<string | undefined> => {
    const jwt = await outbound.get(uri, { accept, size: 16 * 1024 }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
      log.warn({ reason: error.message }, 'a request object cannot be read')
      return undefined
    })
    // What failed is kept as well: nobody makes this server knock at a door again and again.
    readings.set(uri, { jwt: jwt?.trim(), readAt: clock.now() })
    return jwt?.trim()
  }

  return {
    async get(uri) {
      const known = readings.get(uri)
      if (known && clock.now() < later(known.readAt, fresh)) return known.jwt
      const shared = underWay.get(uri) ?? read(uri).finally(() => underWay.delete(uri))
      underWay.set(uri, shared)
      return shared
    },
  }
}

const sizeCalculation = ({ jwt }: Reading): number => (jwt?.length ?? 0) + 100
