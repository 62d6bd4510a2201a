import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import type { Resolved } from './destination.ts'
import { Refused } from './refused.ts'

type Destination = {
  readonly url: URL
  /** Where the name led when it was checked. */
  readonly addresses: readonly Resolved[]
  readonly signal: AbortSignal
  readonly ca: string | undefined
}

/**
 * A GET, or a POST of the form.
 * @throws Refused when nobody answers
 */
export const send = (
  { url, addresses, signal, ca }: Destination,
  headers: Readonly<Record<string, string>>,
  form?: URLSearchParams,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    const body = form === undefined ? undefined : Buffer.from(form.toString())
    const sent = request(url, {
      method: body ? 'POST' : 'GET',
      // A connection that is kept would be reused under a name that was not checked for this request.
      agent: false,
      lookup: pinned(addresses),
      signal,
      maxHeaderSize: 16 * 1024,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }),
      },
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    })
    sent.on('response', resolve)
    sent.on('error', () => reject(new Refused('it cannot be reached')))
    sent.end(body)
  })

/** DNS rebinding: what was checked is what is connected to, and the name is never asked again. */
const pinned =
  (addresses: readonly Resolved[]): LookupFunction =>
  (_hostname, options, done) => {
    const [first] = addresses
    if (options.all || !first) done(null, [...addresses])
    else done(null, first.address, first.family)
  }

/** @throws Refused unless it is 200, of a media type that was asked for, and within the size in bytes */
export const bodyOf = async (
  response: IncomingMessage,
  { accept, size }: { readonly accept: readonly string[]; readonly size: number },
): Promise<string> => {
  const { statusCode, headers } = response
  try {
    if (statusCode !== 200) throw new Refused('its status is not 200')
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
    if (!accept.includes(type)) throw new Refused('its type is not what was asked for')
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
