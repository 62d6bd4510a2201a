import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { later } from '../../src/clock.ts'
import { bounds } from '../../src/http/limits.ts'
import { revocationsStream } from '../../src/http/oauth/revocations-stream.ts'
import type { SubscriberLimits } from '../../src/http/oauth/revocations-subscribers.ts'
import { answerFailures } from '../../src/http/operations/failure.ts'
import { aFeed } from '../oauth/revocations/memory.ts'
import { aReader, getList, openStream } from '../support/feed.ts'
import { aServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const server = await aServer(t)
let tokens = 0
const revoke = () =>
  server.stores.tokens.revoke(`token-${tokens++}`, later(server.clock.now(), 600), server.clock.now())

t.test('the stream: first what is missing, then each act, and a heartbeat in between', async (t) => {
  const reader = await aReader(server, server.base)
  t.teardown(reader.close)
  t.equal(reader.response.statusCode, 200)
  t.match(reader.response.headers, {
    'content-type': 'text/event-stream',
    'cache-control': /no-store/,
    'x-accel-buffering': 'no',
    'content-encoding': undefined,
    'access-control-allow-origin': '*',
  })

  const first = await reader.next()
  t.match(first, { type: 'revocations', list: { after: 0, seq: 0 }, id: `${first?.list.epoch}.0` })
  await revoke()
  const second = await reader.next()
  t.match(second?.list, { after: 0, seq: 1 })
  await revoke()
  t.match((await reader.next())?.list, { after: 1, seq: 2 })
  server.clock.advance({ seconds: 10 })
  const beat = await reader.next()
  t.match(beat?.list, { after: 2, seq: 2, token: undefined })
  t.equal(beat?.list.iat, server.clock.now().getTime() / 1000)

  const epoch = beat?.list.epoch ?? ''
  for (const [held, headers, expected] of [
    [{ epoch, seq: 1 }, {}, { after: 1, seq: 2 }],
    [{ epoch, seq: 2 }, {}, { after: 2, seq: 2 }],
    [{ epoch: 'another', seq: 2 }, {}, { after: 0, seq: 2 }],
    [undefined, { 'last-event-id': `${epoch}.1` }, { after: 1, seq: 2 }],
    // A browser asks for the same address again; its header knows better.
    [{ epoch, seq: 1 }, { 'last-event-id': `${epoch}.2` }, { after: 2, seq: 2 }],
  ] as const) {
    const other = await aReader(server, server.base, held, headers)
    t.match((await other.next())?.list, expected)
    other.close()
  }
  const bad = await server.get('/oauth2/revocations/stream', { 'last-event-id': 'junk' })
  t.match(bad, { status: 400, body: { error_description: /id of the last event/ } })
  t.equal((await fetch(`${server.base}/oauth2/revocations/stream`, { method: 'HEAD' })).status, 200, 'HEAD ends')
})

t.test('readers in step get the same bytes', async (t) => {
  const held = await getList(server, server.base)
  const readers = await Promise.all([1, 2, 3].map(() => aReader(server, server.base, held)))
  for (const reader of readers) t.match((await reader.next())?.list, { after: held.seq })
  await revoke()
  const events = await Promise.all(readers.map((reader) => reader.next()))
  t.match(events[0]?.list, { after: held.seq, seq: held.seq + 1 })
  t.equal(new Set(events.map((event) => event?.data)).size, 1)
  for (const reader of readers) reader.close()
})

/** The endpoint alone, over a table in memory. */
const anEndpoint = async (t: Test, limits?: SubscriberLimits, options: object = {}, padding = '') => {
  const world = await aFeed(t, { padding })
  await world.feed.start()
  const app = Fastify({ ...bounds(), ...options })
  answerFailures(app, { issuer: 'https://as.example' })
  await app.register(revocationsStream, { feed: world.feed, ...(limits && { limits }) })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const open = () => openStream(`http://127.0.0.1:${port}/oauth2/revocations/stream`)
  return { ...world, app, port, open }
}
const chunkOf = async (response: IncomingMessage): Promise<string> => String((await once(response, 'data'))[0])

t.test('one signature for all who are in step, however many', async (t) => {
  const { open, act, tell, signatures, newer } = await anEndpoint(t)
  const readers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const reader = await open()
      await chunkOf(reader)
      return reader
    }),
  )
  t.equal(signatures(), 1, 'the snapshot')
  const heard = newer()
  act()
  tell()
  await heard
  await Promise.all(readers.map(chunkOf))
  t.equal(signatures(), 2)
  for (const reader of readers) reader.destroy()
})

t.test('D3 more than are seated are 503 with Retry-After, and a place that was left is free', async (t) => {
  for (const limits of [
    { most: 2, mostOfNetwork: 10 },
    { most: 10, mostOfNetwork: 2 },
  ]) {
    const { open } = await anEndpoint(t, { ...limits, patience: 1000 })
    const [one, two] = [await open(), await open()]
    await Promise.all([chunkOf(one), chunkOf(two)])
    const refused = await open()
    t.equal(refused.statusCode, 503)
    t.ok(Number(refused.headers['retry-after']) > 0)
    t.match(JSON.parse(await chunkOf(refused)), { error: 'temporarily_unavailable' })
    t.equal(refused.headers['access-control-allow-origin'], '*')
    one.destroy()
    let again = await open()
    await until(async () => {
      if (again.statusCode === 503) again = await open()
      return again.statusCode !== 503
    }, 'a place')
    t.equal(again.statusCode, 200)
    again.destroy()
    two.destroy()
  }
})

t.test('D3 who does not read is dropped, and nothing heaps up for it meanwhile', async (t) => {
  const limits = { most: 9, mostOfNetwork: 9, patience: 100 }
  // More than the buffers of two sockets hold.
  const { app, act, tell, port, newer, signatures } = await anEndpoint(t, limits, {}, 'x'.repeat(64 * 1024 * 1024))
  const dropped = new Promise((resolve) => app.server.once('connection', (far) => far.once('close', resolve)))
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /oauth2/revocations/stream HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'readable')
  for (let n = 0; n < 20; n++) {
    const heard = newer()
    act()
    tell()
    await heard
  }
  t.equal(signatures(), 1, 'only the snapshot, which it does not take')
  await dropped
  socket.destroy()
})

t.test('a stream outlives the timeouts of requests (D3)', async (t) => {
  const options = {
    requestTimeout: 2000,
    http: { ...bounds().http, requestTimeout: 2000, headersTimeout: 2000, connectionsCheckingInterval: 20 },
  }
  const { open, act, tell } = await anEndpoint(t, undefined, options)
  const reader = await open()
  await chunkOf(reader)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const next = chunkOf(reader)
  act()
  tell()
  t.match(await next, /^id: [\w-]+\.1\n/)
  reader.destroy()
})

t.test('a stop ends the streams and waits for none of them', async (t) => {
  const { app, open, port } = await anEndpoint(t)
  const reader = await open()
  await chunkOf(reader)
  const ended = once(reader, 'end')
  const silent = connect(port, '127.0.0.1')
  silent.write('GET /oauth2/revocations/stream HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(silent, 'readable')
  await app.close()
  await ended
  t.equal(reader.complete, true, 'an end, not a break')
  silent.destroy()
})
