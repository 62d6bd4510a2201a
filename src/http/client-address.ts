import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** @param blocks addresses and CIDR blocks, as `TRUST_PROXY` names them */
export const createTrust = (blocks: readonly string[]): ((address: string | undefined) => boolean) => {
  const trusted = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(prefix), family)
  }
  return (address) => {
    const known = normalAddress(address)
    return known !== undefined && trusted.check(known, isIP(known) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Fastify's option: nobody's `X-Forwarded-*` is believed unless the address that sent it was named. */
export const trustedProxies = (blocks: readonly string[]): false | ((address: string) => boolean) =>
  blocks.length === 0 ? false : createTrust(blocks)

/** One spelling for each address: no port, no zone, IPv6 shortened in lower case, IPv4 without its IPv6 disguise. */
export const normalAddress = (written: string | undefined): string | undefined => {
  if (written === undefined) return undefined
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(written)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(written)?.[1] ?? written
  const address = bare.replace(/%.*$/s, '')
  if (isIP(address) === 4) return address
  if (isIP(address) !== 6) return undefined
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short)
  if (!mapped) return short
  const bits = Number.parseInt(`${mapped[1]}`, 16) * 65536 + Number.parseInt(`${mapped[2]}`, 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

/** The address of the client: behind a trusted proxy the one it reports, else that of the connection. */
export const clientAddress = (request: FastifyRequest): string | undefined =>
  normalAddress(request.ip) ?? normalAddress(request.raw.socket.remoteAddress)
