import { get, type IncomingMessage } from 'node:http'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { type RevocationKind, revocationName } from '../../src/oauth/revocations/entry.ts'
import { isRecord } from '../../src/record.ts'
import type { TestServer } from './server.ts'

export type List = JWTPayload & {
  readonly epoch: string
  readonly seq: number
  readonly after: number
  readonly max_age: number
}
export type Event = { readonly id: string; readonly type: string; readonly list: List; readonly data: string }

/** Opens a list as a verifier does: by a key of the feed alone. */
export const openList = async (server: TestServer, jws: string): Promise<List> => {
  const { body } = await server.get('/.well-known/jwks.json')
  const keys: JSONWebKeySet['keys'] = Array.isArray(body.keys) ? body.keys : []
  const ofFeed = keys.filter((key) => 'purpose' in key && key.purpose === 'revocations')
  const { payload } = await jwtVerify<List>(jws, createLocalJWKSet({ keys: ofFeed }), {
    typ: 'revocations+jwt',
    issuer: server.issuer,
    algorithms: ['RS256'],
    // The server's clock is held.
    currentDate: server.clock.now(),
  })
  return payload
}

export type Held = { readonly epoch: string; readonly seq: number }
export const queryOf = (held?: Held): string => (held ? `?epoch=${held.epoch}&after=${held.seq}` : '')

export const getList = async (server: TestServer, base: string, held?: Held): Promise<List> => {
  const response = await fetch(`${base}/oauth2/revocations${queryOf(held)}`)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return openList(server, await response.text())
}

/** What a list says about what was revoked. */
export const entryOf = (list: List, kind: RevocationKind, identifier: string): unknown => {
  const told = list[kind]
  return isRecord(told) ? told[revocationName(kind, identifier)] : undefined
}
export const names = (list: List, kind: RevocationKind, identifier: string): boolean =>
  entryOf(list, kind, identifier) !== undefined

/** A connection of its own, which ends with it: `fetch` would keep spare ones. */
export const openStream = (url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false, headers }, (response) => {
      // Of its breaking off the test hears by what it reads.
      response.on('error', () => {})
      resolve(response)
    }).once('error', reject)
  })

/** Reads the stream, event by event. */
export const aReader = async (
  server: TestServer,
  base: string,
  held?: Held,
  headers: Record<string, string> = {},
): Promise<{ readonly response: IncomingMessage; next(): Promise<Event | undefined>; close(): void }> => {
  const response = await openStream(`${base}/oauth2/revocations/stream${queryOf(held)}`, headers)
  const events = eventsOf(server, response)
  return {
    response,
    async next() {
      let late: NodeJS.Timeout | undefined
      const tooLate = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(new Error('nothing comes')), 30_000)
      })
      const event = await Promise.race([events.next(), tooLate]).finally(() => clearTimeout(late))
      return event.value ?? undefined
    },
    close: () => response.destroy(),
  }
}

async function* eventsOf(server: TestServer, response: IncomingMessage): AsyncGenerator<Event, undefined> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      )
      text = text.slice(end + 2)
      const data = fields.get('data') ?? ''
      yield { id: fields.get('id') ?? '', type: fields.get('event') ?? '', data, list: await openList(server, data) }
    }
  }
  return undefined
}
