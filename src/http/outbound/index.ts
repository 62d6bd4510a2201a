import { createTrust } from '../client-address.ts'
import { systemResolve } from './address-of-name.ts'
import { checkedAddresses, checkedUrl, type Resolve } from './destination.ts'
import { bodyOf, send } from './exchange.ts'
import { createPlaces } from './places.ts'
import { Refused } from './refused.ts'

export type { Resolve } from './destination.ts'
export { Busy, Refused } from './refused.ts'

/**
 * @property mayUseNamed whether the operator answers for the address: then it may be one of those that are named although
 * not public. What a client says that registered itself opens nothing but the public network (O2).
 */
export type Trust = { readonly mayUseNamed: boolean }

/** Under which an answer is remembered: what was read inside for one is not for another to see. */
export const keyOf = (uri: string, { mayUseNamed }: Trust): string => `${mayUseNamed ? 'named' : 'public'} ${uri}`

/**
 * The one door through which this server fetches and posts. Others chose the addresses, so each is checked, the name
 * resolved once and connected to where it led, no redirect followed; time, size and number are bounded (O2).
 */
export type Outbound = {
  /**
   * @param wanted.accept the media types that are taken, such as `application/json`; parameters do not matter
   * @param wanted.size bytes at most; 64 KiB unless told
   * @returns the text of the answer, which was 200
   * @throws Refused after 3 s at the latest
   */
  get(uri: string, wanted: Trust & { readonly accept: readonly string[]; readonly size?: number }): Promise<string>
  /**
   * @returns whatever status was answered but a redirect; the body is not read
   * @throws Refused after 3 s at the latest
   */
  post(uri: string, form: URLSearchParams, trust: Trust): Promise<{ readonly status: number }>
}

export type OutboundOptions = {
  /** Of a development server: http and loopback addresses are accepted of this machine itself. */
  readonly allowLoopback: boolean
  /** Addresses and CIDR blocks that may be connected to, by whom the operator trusts, although they are not public. */
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  /** Milliseconds for everything, from the wait for a place to the last byte. */
  readonly timeout?: number
  /** PEM: of an authority that is trusted beside the usual ones. An operator sets NODE_EXTRA_CA_CERTS. */
  readonly ca?: string
}

/** How many at once and how many may wait for them, in all and for one host. */
const most = {
  all: { underWay: 128, waiting: 256 },
  host: { underWay: 8, waiting: 16 },
} as const

export const createOutbound = (options: OutboundOptions): Outbound => {
  const { allowLoopback, allow = [], resolve = systemResolve, timeout = 3_000, ca } = options
  const isNamed = createTrust(allow)
  const places = createPlaces(most)

  const exchange = async <T>(uri: string, { mayUseNamed }: Trust, act: Act<T>): Promise<T> => {
    const bounds = { allowLoopback, isNamed: mayUseNamed ? isNamed : () => false, resolve }
    const url = checkedUrl(uri, bounds)
    const signal = AbortSignal.timeout(timeout)
    const leave = await places.take(url.host, signal)
    const late = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Refused('it took too long')), { once: true }),
    )
    const acted = async () => {
      const addresses = await checkedAddresses(url, bounds)
      signal.throwIfAborted()
      return act({ url, addresses, signal, ca })
    }
    // Whatever hangs, the place is free again in time.
    return Promise.race([late, acted()]).finally(leave)
  }

  return {
    get: (uri, { accept, size = 64 * 1024, mayUseNamed }) =>
      exchange(uri, { mayUseNamed }, async (to) =>
        bodyOf(await send(to, { accept: accept.join(', ') }), { accept, size }),
      ),

    post: (uri, form, { mayUseNamed }) =>
      exchange(uri, { mayUseNamed }, async (to) => {
        const response = await send(to, { accept: '*/*' }, form)
        response.destroy()
        const { statusCode: status = 0 } = response
        if (status >= 300 && status < 400) throw new Refused('it redirects')
        return { status }
      }),
  }
}

type Act<T> = (to: Parameters<typeof send>[0]) => Promise<T>
