import { isIP } from 'node:net'

/**
 * The network an address belongs to, in one spelling. An IPv6 subscriber has a whole /64, so its 2^64 addresses are one;
 * an IPv4 address written as IPv6 (RFC 4291 §2.5.5.2) is that IPv4 address.
 * @returns `unknown` for what is no address: all of these are one network as well
 */
export const networkOf = (ip: string | undefined): string => {
  const address = ip?.split('%', 1)[0] ?? ''
  const version = isIP(address)
  if (version === 0) return 'unknown'
  if (version === 4) return address
  const groups = groupsOf(address)
  if (isMapped(groups)) {
    const [high = 0, low = 0] = groups.slice(6)
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  }
  return `${prefixOf(groups, 4)}::/64`
}

/** The /48 of an IPv6 address: as many networks as one site is given for the asking. IPv4 has no such thing. */
export const siteOf = (ip: string | undefined): string | undefined => {
  const address = ip?.split('%', 1)[0] ?? ''
  if (isIP(address) !== 6) return undefined
  const groups = groupsOf(address)
  return isMapped(groups) ? undefined : `${prefixOf(groups, 3)}::/48`
}

const isMapped = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff

const prefixOf = (groups: readonly number[], count: number): string =>
  groups
    .slice(0, count)
    .map((group) => group.toString(16))
    .join(':')

/** For people to see; undefined where no address was written down. */
export const networkShown = (ip: string | undefined): string | undefined =>
  ip === undefined ? undefined : networkOf(ip)

/** The eight groups of a valid IPv6 address. */
const groupsOf = (address: string): readonly number[] => {
  const [head = '', tail] = address.split('::')
  const start = parse(head)
  const end = tail === undefined ? [] : parse(tail)
  return [...start, ...Array<number>(8 - start.length - end.length).fill(0), ...end]
}

const parse = (part: string): readonly number[] =>
  part === ''
    ? []
    : part.split(':').flatMap((group) => (group.includes('.') ? fromDotted(group) : [Number.parseInt(group, 16)]))

const fromDotted = (text: string): readonly number[] => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}
