import type { Trust } from '../../oauth/trust.ts'
import { createTrust } from '../client-address.ts'
import { systemResolve } from './address-of-name.ts'
import { checkedAddresses, checkedUrl, type Resolve } from './destination.ts'
import { bodyOf, send } from './exchange.ts'
import { createPlaces } from './places.ts'
import { Refused } from './refused.ts'
import { byTrust } from './trust.ts'

export type { Resolve } from './destination.ts'
export { Busy, Refused } from './refused.ts'
export { byTrust } from './trust.ts'

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
  /** The same for clients that registered themselves. */
  readonly allowRegistered?: readonly string[]
  readonly resolve?: Resolve
  /** Milliseconds for everything, from the wait for a place to the last byte. */
  readonly timeout?: number
  /** PEM: of an authority that is trusted beside the usual ones. An operator sets NODE_EXTRA_CA_CERTS. */
  readonly ca?: string
}

/** How many at once and how many may wait for them, in all and for one host. */
const host = { underWay: 8, waiting: 16 } as const
const most = { all: { underWay: 128, waiting: 256 }, host } as const
/** Beside those: a client that registered itself may name addresses whose only purpose is to be slow. */
const mostOfRegistered = { all: { underWay: 64, waiting: 128 }, host } as const

export const createOutbound = (options: OutboundOptions): Outbound => {
  const { allowLoopback, allow = [], allowRegistered = [], resolve = systemResolve, timeout = 3_000, ca } = options
  const isNamedFor = byTrust(({ mayUseNamed }) => createTrust(mayUseNamed ? allow : allowRegistered))
  const placesOf = byTrust(({ mayUseNamed }) => createPlaces(mayUseNamed ? most : mostOfRegistered))

  const exchange = async <T>(uri: string, trust: Trust, act: Act<T>): Promise<T> => {
    const bounds = { allowLoopback, isNamed: isNamedFor(trust), resolve }
    const url = checkedUrl(uri, bounds)
    const signal = AbortSignal.timeout(timeout)
    // Not `host`: another port is the same machine.
    const leave = await placesOf(trust).take(url.hostname, signal)
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
