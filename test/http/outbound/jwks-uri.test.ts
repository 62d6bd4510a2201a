import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { createOutbound, type Resolve } from '../../../src/http/outbound/index.ts'
import { anAssertingClient, keyed, sign } from '../../support/assertions.ts'
import { forbidden } from '../../support/forbidden-destinations.ts'
import { aPeer, aSilentPeer } from '../../support/peer.ts'
import { type App, aServer, type TestServer } from '../../support/server.ts'
import { refusedClient } from '../../support/token-requests.ts'

const { jwks: _, ...unkeyed } = keyed
const app = (server: TestServer, jwks_uri: string): Promise<App> => server.anApp({ ...unkeyed, jwks_uri })

/** Without its keys a client is neither accepted nor refused. */
const unavailable = { status: 503, body: { error: 'temporarily_unavailable' } }

/** The door's own log lines. */
const reasonsIn = (log: string): readonly unknown[] =>
  log
    .split('\n')
    .filter((line) => line.includes('the keys of a client cannot be read'))
    .map((line) => JSON.parse(line).reason)

const key = (kid: string) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

t.test('O2 through jwks_uri: every forbidden destination is refused alike, and only the log knows why', async (t) => {
  let leads: readonly string[] = []
  const resolve: Resolve = async () => leads.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const server = await aServer(t, { outbound: createOutbound({ allowLoopback: false, resolve }) })
  const { payloadOf, present } = await anAssertingClient(server)
  const { privateKey } = key('one')
  const bodies = new Set<string>()
  for (const row of forbidden) {
    leads = row.leads ?? []
    // Registration refuses some of them already.
    const registered = await app(server, row.uri).catch(() => undefined)
    if (!registered) continue
    const logged = reasonsIn(server.log()).length
    const answer = await present(await sign(payloadOf({}, registered.client_id), { kid: 'one' }, privateKey))
    t.match(answer, unavailable, row.uri)
    bodies.add([answer.body.error, answer.body.error_description].join())
    t.same(reasonsIn(server.log()).slice(logged), [row.reason], `${row.uri}: the reason is in the log`)
  }
  t.equal(bodies.size, 1, 'whoever asks learns nothing of the network')
})

t.test('O2 through jwks_uri: a peer that hangs holds a request no longer than the door does', async (t) => {
  const server = await aServer(t, { outbound: createOutbound({ allowLoopback: true, timeout: 100 }) })
  const { payloadOf, present } = await anAssertingClient(server)
  const silent = await aSilentPeer(t)
  const { client_id } = await app(server, `https://127.0.0.1:${silent.port}/jwks`)
  t.match(await present(await sign(payloadOf({}, client_id), { kid: 'one' }, key('one').privateKey)), unavailable)
  t.same(reasonsIn(server.log()), ['it took too long'])
})

const rotating = async (t: Test) => {
  const server = await aServer(t)
  const { payloadOf, present } = await anAssertingClient(server)
  let keys = [key('one')]
  const peer = await aPeer(t, (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })),
  )
  const { client_id } = await app(server, peer.uri)
  return {
    server,
    peer,
    rotate: (...next: ReturnType<typeof key>[]) => {
      keys = next
    },
    by: async ({ kid, privateKey }: ReturnType<typeof key>) =>
      present(await sign(payloadOf({}, client_id), { kid }, privateKey)),
    current: () => keys[0] ?? key('none'),
  }
}

t.test('oidcc-refresh-token-rp-key-rotation: a new key at jwks_uri is found when its kid is met', async (t) => {
  const { server, peer, rotate, by, current } = await rotating(t)
  const [old, next] = [current(), key('two')]
  t.match(await by(old), { status: 200 })
  rotate(next)
  server.clock.advance({ seconds: 60 })
  t.match(await by(next), { status: 200 })
  t.match(await by(old), refusedClient, 'the key that was withdrawn')
  t.equal(peer.requests().length, 2)
})

t.test('D8 kids that nobody knows make the keys be read again once in thirty seconds', async (t) => {
  const { server, peer, by, current } = await rotating(t)
  t.match(await by(current()), { status: 200 })
  server.clock.advance({ seconds: 30 })
  const stranger = key('stranger')
  for (let index = 0; index < 20; index++) t.match(await by({ ...stranger, kid: `stranger ${index}` }), refusedClient)
  t.equal(peer.requests().length, 2)
  t.match(await by(current()), { status: 200 }, 'and the known key still counts')
})
