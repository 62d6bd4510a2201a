import { isIP } from 'node:net'
import { isLoopbackAddress, isPublicAddress } from './public-address.ts'
import { Refused } from './refused.ts'

export type Resolved = { readonly address: string; readonly family: number }
export type Resolve = (hostname: string) => Promise<readonly Resolved[]>

export type Bounds = {
  readonly allowLoopback: boolean
  /** Whether the operator named an address that is not public. */
  readonly isNamed: (address: string) => boolean
  readonly resolve: Resolve
}

/** Other services of a data centre, which would take what we send for their own protocol. */
const otherServices = new Set([2049, 3306, 5432, 6379, 9200, 11211, 27017])

/** @throws Refused */
export const checkedUrl = (uri: string, { allowLoopback }: Pick<Bounds, 'allowLoopback'>): URL => {
  if (!URL.canParse(uri)) throw new Refused('it is not a URL')
  const url = new URL(uri)
  const isOwn = allowLoopback && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isOwn)) throw new Refused('it is not https')
  if (url.username !== '' || url.password !== '') throw new Refused('it holds a user name')
  // A second name for every host, which lists of names do not know.
  if (url.hostname.endsWith('.')) throw new Refused('its host ends in a dot')
  const port = Number(url.port || 443)
  if (otherServices.has(port) || (port < 1024 && port !== 443 && !isOwn))
    throw new Refused('its port is not for the web')
  return url
}

/**
 * One bad address among good ones is an attempt, and Node may choose any of them.
 * @throws Refused
 */
export const checkedAddresses = async (url: URL, bounds: Bounds): Promise<readonly Resolved[]> => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const addresses = family ? [{ address: host, family }] : await bounds.resolve(host).catch(() => [])
  if (addresses.length === 0) throw new Refused('its host has no address')
  const mayConnect = (address: string) =>
    isPublicAddress(address) || (bounds.allowLoopback && isLoopbackAddress(address)) || bounds.isNamed(address)
  if (!addresses.every(({ address }) => mayConnect(address))) throw new Refused('its host is not on the public network')
  return addresses
}
