import { BlockList, isIP } from 'node:net'

const listOf = (...networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** RFC 6890 and IANA's registry of special-purpose addresses: networks that are nobody's, somebody's own, or everybody's. */
const special4 = listOf(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
)
/** RFC 4291 §2.4: all that is routed is within this; mapped, NAT64, unique local and link-local addresses are not. */
const global6 = listOf('2000::/3')
/** Teredo and its kin, documentation, and 6to4, which would carry an IPv4 address past the list above. */
const special6 = listOf('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20')
const loopback4 = listOf('127.0.0.0/8')
const loopback6 = listOf('::1/128')

/** @param address a literal without brackets; anything else is not public */
export const isPublicAddress = (address: string): boolean => {
  const version = isIP(address)
  if (version === 4) return !special4.check(address, 'ipv4')
  if (version !== 6 || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
}

/** @param address a literal without brackets; an IPv4 address in IPv6's clothes is none */
export const isLoopbackAddress = (address: string): boolean => {
  const version = isIP(address)
  if (version === 4) return loopback4.check(address, 'ipv4')
  return version === 6 && !address.includes('%') && loopback6.check(address, 'ipv6')
}
