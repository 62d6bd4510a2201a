import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { systemNow } from '../clock.ts'
import type { Algorithm } from '../options.ts'
import { type Act, createMockFeed } from './mock-feed.ts'
import { createMockIntrospection } from './mock-introspection.ts'
import { aKey, type MockKey, signed } from './mock-keys.ts'
import { aProofKey, type ProofKey } from './mock-proofs.ts'

export type { Act } from './mock-feed.ts'

export type MockIssuerOptions = {
  /** Of the tokens, unless a token says otherwise. */
  readonly audience?: string
  /** Seconds after which a list of revocations is stale; 30 by default. */
  readonly maxAge?: number
  /** `off`: the metadata names no list, as an issuer other than Tessera; `poll`: a list, and no stream. */
  readonly revocations?: 'stream' | 'poll' | 'off'
  /** Of the tokens; RS256 by default, as the server's. */
  readonly algorithm?: Algorithm
  readonly now?: () => Date
}

type Claims = Readonly<Record<string, unknown>>
export type MockAnswer = { readonly status: number; readonly type?: string; readonly body?: string }

export type MockIssuer = {
  /** What `protect({ issuer })` takes. */
  readonly issuer: string
  readonly audience: string
  /** The present keys; `tokens` changes when keys are rotated. */
  readonly keys: { readonly tokens: MockKey; readonly revocations: MockKey }
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[]
  /** An access token of alice; a claim given as undefined is left out. */
  issue(claims?: Claims, header?: Claims): Promise<string>
  /** A key of a client; `issue({ cnf: { jkt: key.jkt } })` binds a token to it, `key.headers(…)` proves it. */
  proofKey(alg?: 'ES256' | 'PS256' | 'EdDSA'): Promise<ProofKey>
  /** Any JWS at all, for tests of what must be refused. */
  sign(
    claims: Claims,
    options?: { readonly typ?: string; readonly key?: MockKey; readonly header?: Claims },
  ): Promise<string>
  /** Resolves when it is on its way to every stream. */
  revoke(act: Act): Promise<void>
  /** A new key signs; the old one stays published unless it is withdrawn. */
  rotateKeys(options?: { readonly withdraw?: boolean }): Promise<void>
  /** As after a restored backup: the list begins again, in another epoch. */
  restore(): Promise<void>
  /** Signs the list anew for every stream, as the server does at a third of the maximum age. */
  heartbeat(): Promise<void>
  /** The present list, signed; with other claims in place of some. */
  feed(claims?: Claims): Promise<string>
  /** Ends every stream without a word. */
  cutStreams(): void
  /** Answers a path so from now on; undefined gives the path back. `hang` never answers. */
  answer(path: string, answer: MockAnswer | 'hang' | undefined): void
  close(): Promise<void>
}

type Stream = { readonly response: ServerResponse; seq: number; epoch: string }

/** An issuer on a loopback port: metadata, keys, introspection, the list of revocations and its stream. */
export const mockIssuer = async (options: MockIssuerOptions = {}): Promise<MockIssuer> => {
  const { audience = 'https://api.example', maxAge = 30, revocations = 'stream', algorithm, now = systemNow } = options
  const seconds = () => now().getTime() / 1000
  const feed = createMockFeed(seconds)
  let keys = { tokens: await aKey(undefined, algorithm), revocations: await aKey('revocations') }
  let published = [keys.tokens, keys.revocations]
  const requests: string[] = []
  const answers = new Map<string, MockAnswer | 'hang'>()
  const streams = new Set<Stream>()
  let issued = 0
  let turn = Promise.resolve()

  const feedClaims = (epoch: string | null, after: number) => ({
    iss: issuer,
    max_age: maxAge,
    ...feed.claims(epoch, after),
  })
  const introspection = createMockIntrospection(seconds, () => feedClaims(null, 0))

  const signFeed = (epoch: string | null, after: number, claims: Claims = {}): Promise<string> =>
    signed({ ...feedClaims(epoch, after), ...claims }, keys.revocations, 'revocations+jwt')

  const push = (stream: Stream): Promise<void> => {
    // One after the other: signing takes its time, and numbers may not overtake each other.
    turn = turn.then(async () => {
      const { epoch, seq } = feed.position()
      const jws = await signFeed(stream.epoch, stream.seq)
      Object.assign(stream, { epoch, seq })
      stream.response.write(`event: revocations\nid: ${epoch}.${seq}\ndata: ${jws}\n\n`)
    })
    return turn
  }
  const pushAll = async (): Promise<void> => void (await Promise.all([...streams].map(push)))

  const metadata = () => ({
    issuer,
    jwks_uri: `${issuer}/jwks`,
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    ...(revocations !== 'off' && { revocation_feed_endpoint: `${issuer}/oauth2/revocations` }),
    ...(revocations === 'stream' && { revocation_stream_endpoint: `${issuer}/oauth2/revocations/stream` }),
  })

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Joined, not resolved: `//` would be the beginning of another host.
    const asked = `${issuer}${request.url}`
    if (!URL.canParse(asked)) return void response.writeHead(404).end()
    const { pathname, searchParams } = new URL(asked)
    requests.push(pathname)
    const send = (status: number, type: string, body: string) =>
      void response.writeHead(status, { 'content-type': type }).end(body)
    const instead = answers.get(pathname)
    if (instead === 'hang') return
    if (instead) return send(instead.status, instead.type ?? 'text/plain', instead.body ?? '')
    const place = [searchParams.get('epoch'), Number(searchParams.get('after') ?? 0)] as const
    const isFollowed = pathname === '/oauth2/revocations/stream' && revocations === 'stream'
    if (pathname === '/.well-known/oauth-authorization-server')
      return send(200, 'application/json', JSON.stringify(metadata()))
    if (pathname === '/jwks')
      return send(200, 'application/jwk-set+json', JSON.stringify({ keys: published.map(({ jwk }) => jwk) }))
    if (pathname === '/oauth2/revocations' && revocations !== 'off')
      return send(200, 'application/revocations+jwt', await signFeed(...place))
    if (pathname === '/oauth2/introspect' && request.method === 'POST') {
      const { status, body } = introspection.answer(request.headers.authorization, await text(request))
      return send(status, 'application/json', JSON.stringify(body))
    }
    if (!isFollowed) return send(404, 'text/plain', '')
    const stream = { response, epoch: place[0] ?? '', seq: place[1] }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    streams.add(stream)
    response.on('close', () => streams.delete(stream))
    await push(stream)
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const beat = setInterval(pushAll, (maxAge * 1000) / 3).unref()

  return {
    issuer,
    audience,
    requests,
    get keys() {
      return keys
    },
    async issue(claims = {}, header = {}) {
      issued += 1
      const iat = feed.stampFor(claims.sub ?? 'alice', claims.client_id ?? 'app')
      const person = { sub: 'alice', client_id: 'app', sid: 'session-1', acr: '1', auth_time: iat }
      const token = { iss: issuer, aud: audience, jti: `family-1.${issued}`, iat, exp: iat + 300, scope: 'read' }
      const all = { ...token, ...person, ...claims }
      const { kid } = keys.tokens
      const written = await signed(all, keys.tokens, 'at+jwt', header)
      introspection.remember(written, { claims: all, kid })
      return written
    },
    proofKey: (alg) => aProofKey(seconds, alg),
    sign: (claims, { typ = 'at+jwt', key = keys.tokens, header = {} } = {}) => signed(claims, key, typ, header),
    async revoke(act) {
      feed.record(act)
      await pushAll()
    },
    async rotateKeys({ withdraw = false } = {}) {
      const tokens = await aKey(undefined, algorithm)
      published = [...published.filter(({ kid }) => !(withdraw && kid === keys.tokens.kid)), tokens]
      keys = { ...keys, tokens }
    },
    async restore() {
      feed.restore()
      await pushAll()
    },
    heartbeat: pushAll,
    feed: (claims) => signFeed(null, 0, claims),
    cutStreams() {
      for (const { response } of streams) response.destroy()
    },
    answer(path, answer) {
      if (answer === undefined) answers.delete(path)
      else answers.set(path, answer)
    },
    async close() {
      clearInterval(beat)
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
