import { Agent, request } from 'node:http'

export type Pair = readonly [name: string, value: string]
export type Body = { readonly form: readonly Pair[] } | { readonly json: unknown } | { readonly text: string }

/** One request, not yet encoded, so that a part of it can be changed. */
export type Shot = {
  /** The endpoint that is meant, by its pattern. */
  readonly route: string
  readonly method: string
  readonly path: string
  readonly query: readonly Pair[]
  readonly headers: readonly Pair[]
  readonly body?: Body | undefined
}

export type Hit = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly text: string
}

/** What stands behind this mark is sent as it is: bytes that no encoder would make. */
export const verbatim = '\u{f8ff}'

const encoded = (text: string): string =>
  text.startsWith(verbatim)
    ? text.slice(verbatim.length).replace(/[^\x21-\x7e]/g, '')
    : new URLSearchParams([['', text]]).toString().slice(1)
const encodedForm = (pairs: readonly Pair[]): string =>
  pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')

const typeOf = (body: Body): string => ('json' in body ? 'application/json' : 'application/x-www-form-urlencoded')
const textOf = (body: Body): string => {
  if ('form' in body) return encodedForm(body.form)
  return 'text' in body ? body.text : JSON.stringify(body.json)
}
/** Node sends no others. */
const sendable = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '')

/** The target and the bytes, as they go over the wire. */
export const wireOf = ({ method, path, query, headers, body }: Shot, host: string) => {
  const search = query.length === 0 ? '' : `?${encodedForm(query)}`
  const typed = headers.some(([name]) => name.toLowerCase() === 'content-type')
  const named = headers.some(([name]) => name.toLowerCase() === 'host')
  const sent: Pair[] = [
    ...(named ? [] : [['host', host] as const]),
    ...headers,
    ...(body && !typed ? [['content-type', typeOf(body)] as const] : []),
  ]
  const bytes = Buffer.from(body ? textOf(body) : '')
  return {
    method,
    target: (path + search).replace(/[^\x21-\x7e]/g, ''),
    headers: [...sent.map(([name, value]) => [name, sendable(value)] as const), ['content-length', `${bytes.length}`]],
    bytes,
  }
}

/** Connections to one server, so that its answers can be had one after the other. */
export const createGun = (base: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 24 })
  const fire = (shot: Shot): Promise<Hit> => {
    const { method, target, headers, bytes } = wireOf(shot, new URL(base).host)
    return new Promise((resolve, reject) => {
      // As raw headers: the same name may stand there twice.
      const sending = request(new URL(base), { agent, method, path: target, headers: headers.flat() }, (answer) => {
        const { statusCode: status = 0 } = answer
        const all = Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
        )
        const hit = (text: string): Hit => ({ status, headers: all, cookies: answer.headers['set-cookie'] ?? [], text })
        const chunks: Buffer[] = []
        // A stream has no end of its own.
        if (all['content-type'] === 'text/event-stream') {
          answer.destroy()
          return resolve(hit(''))
        }
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve(hit(Buffer.concat(chunks).toString())))
        answer.on('error', reject)
      })
      sending.on('error', (error) => {
        // Refused before the server knew of a method: so there was a body.
        const isHead = method === 'HEAD' && error.message.includes('Data after')
        return isHead ? resolve({ status: 431, headers: {}, cookies: [], text: '' }) : reject(error)
      })
      sending.end(bytes)
    })
  }
  return { fire, close: () => agent.destroy() }
}
