import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isLoopbackAddress, isPublicAddress } from './public-address.ts'

export type Resolved = { readonly address: string; readonly family: number }
export type Resolve = (hostname: string) => Promise<readonly Resolved[]>

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true })

/** Why a document was not read; for the log, and for nobody else. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export type Bounds = {
  /** Of a development server: http and loopback addresses are accepted of this machine itself. */
  readonly allowLoopback: boolean
  readonly resolve: Resolve
  /** Milliseconds for everything, from the name to the last byte. */
  readonly timeout: number
  /** Bytes. */
  readonly size: number
}

/** Other services of a data centre, which would take what we send for their own protocol. */
const otherServices = new Set([2049, 3306, 5432, 6379, 9200, 11211, 27017])

/**
 * Reads JSON from an address that a client chose, without letting that client choose what we talk to (O2): https, the
 * name resolved once, the connection made to the very addresses that were checked, no redirect followed.
 * @throws Refused
 */
export const readDocument = async (uri: string, bounds: Bounds): Promise<unknown> => {
  const url = checkedUrl(uri, bounds)
  const signal = AbortSignal.timeout(bounds.timeout)
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Refused('it took too long')), { once: true }),
  )
  const text = await Promise.race([late, read(url, bounds, signal)])
  try {
    return JSON.parse(text)
  } catch {
    throw new Refused('it is not JSON')
  }
}

const checkedUrl = (uri: string, { allowLoopback }: Bounds): URL => {
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

const read = async (url: URL, bounds: Bounds, signal: AbortSignal): Promise<string> => {
  const addresses = await checkedAddresses(url, bounds)
  signal.throwIfAborted()
  return textOf(await responseOf(url, addresses, signal), bounds)
}

/** One bad address among good ones is an attempt, and Node may choose any of them. */
const checkedAddresses = async (url: URL, { allowLoopback, resolve }: Bounds): Promise<readonly Resolved[]> => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const addresses = family ? [{ address: host, family }] : await resolve(host).catch(() => [])
  if (addresses.length === 0) throw new Refused('its host has no address')
  const mayConnect = (address: string) => isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address))
  if (!addresses.every(({ address }) => mayConnect(address))) throw new Refused('its host is not on the public network')
  return addresses
}

const responseOf = (url: URL, addresses: readonly Resolved[], signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    const sent = request(url, {
      // A connection that is kept would be reused under a name that was not checked for this request.
      agent: false,
      lookup: pinned(addresses),
      signal,
      maxHeaderSize: 16 * 1024,
      headers: { accept: 'application/jwk-set+json, application/json', 'accept-encoding': 'identity' },
    })
    sent.on('response', resolve)
    sent.on('error', () => reject(new Refused('it cannot be reached')))
    sent.end()
  })

/** DNS rebinding: what was checked is what is connected to, and the name is never asked again. */
const pinned =
  (addresses: readonly Resolved[]): LookupFunction =>
  (_hostname, options, done) => {
    const [first] = addresses
    if (options.all || !first) done(null, [...addresses])
    else done(null, first.address, first.family)
  }

const textOf = async (response: IncomingMessage, { size }: Bounds): Promise<string> => {
  const { statusCode, headers } = response
  try {
    if (statusCode !== 200) throw new Refused('its status is not 200')
    if (!/^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(headers['content-type'] ?? ''))
      throw new Refused('its type is not JSON')
    // Nothing is unpacked, so no small answer can become a large one.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Refused('it is compressed')
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) throw new Refused('it is not bytes')
      length += chunk.length
      if (length > size) throw new Refused('it is too large')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (error) {
    throw error instanceof Refused ? error : new Refused('it broke off')
  } finally {
    response.destroy()
  }
}
