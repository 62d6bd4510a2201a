import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { bounds, capConnections } from '../../src/http/limits.ts'

/** The server's own bounds, but short; whatever ends a connection here is the server. */
const short = { headersTimeout: 3000, requestTimeout: 4000, keepAliveTimeout: 500, connectionsCheckingInterval: 50 }
const aShortServer = async (t: Test, { connections = 100, timeouts = short } = {}) => {
  const app = Fastify({ ...bounds({ timeouts }), logger: false })
  capConnections(app, connections)
  let handled = 0
  app.get('/', async () => ({ handled: ++handled }))
  app.post('/', async () => ({ handled: ++handled }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const url = new URL(app.listeningOrigin)
  const open = async (bytes: string): Promise<Line> => {
    const socket = connect(Number(url.port), url.hostname)
    const line = aLine(socket)
    await Promise.race([once(socket, 'connect'), line.ended])
    socket.write(bytes)
    return line
  }
  return { open, handled: () => handled, url: url.href }
}

type Line = { readonly socket: Socket; readonly ended: Promise<string> }
/** What came back, and when the other side ended it. */
const aLine = (socket: Socket): Line => {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  // A connection that is dropped may be reset: its end is what the tests are about.
  socket.on('error', () => {})
  return { socket, ended: new Promise((resolve) => socket.on('close', () => resolve(text))) }
}

const healthy = async (t: Test, url: string) => {
  const answer = await fetch(url, { headers: { connection: 'close' } })
  t.equal(answer.status, 200, 'somebody else is served')
}

t.test('D3 a header, and a body, that never end: 408, nothing is handled, and others are served', async (t) => {
  const { open, handled, url } = await aShortServer(t)
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n'
  const slow = await Promise.all(
    ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: ', head, `${head}\r\n`, `${head}\r\n{"a"`].flatMap((bytes) =>
      Array.from({ length: 5 }, () => open(bytes)),
    ),
  )
  await healthy(t, url)
  for (const text of await Promise.all(slow.map(({ ended }) => ended))) t.match(text, /^(HTTP\/1\.1 408 |$)/)
  t.equal(handled(), 1, 'the healthy one alone')
  await healthy(t, url)
})

t.test('D3 one byte after another buys no time', async (t) => {
  const { open, handled } = await aShortServer(t)
  const { socket, ended } = await open('GET / HTTP/1.1\r\nHost: x\r\nX-A: ')
  const drip = setInterval(() => socket.write('a'), 20)
  // What is sent after the end may take the answer away with it.
  t.match(await ended, /^(HTTP\/1\.1 408 |$)/)
  clearInterval(drip)
  t.equal(handled(), 0)
})

t.test('D3 idle connections are closed after their answer, however many', async (t) => {
  const { open, handled } = await aShortServer(t)
  const idle = await Promise.all(Array.from({ length: 50 }, () => open('GET / HTTP/1.1\r\nHost: x\r\n\r\n')))
  for (const text of await Promise.all(idle.map(({ ended }) => ended))) t.match(text, /^HTTP\/1\.1 200 /)
  t.equal(handled(), 50)
})

t.test('D3 connections beyond the cap are dropped, those below it served, and a freed place is taken', async (t) => {
  const { open, url } = await aShortServer(t, {
    connections: 3,
    timeouts: { ...short, headersTimeout: 5000, requestTimeout: 5000 },
  })
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n'
  const holding = [await open(request), await open(request), await open(request)]
  const beyond = await Promise.all(Array.from({ length: 5 }, () => open(request)))
  for (const text of await Promise.all(beyond.map(({ ended }) => ended))) t.equal(text, '', 'not a byte')
  for (const { socket } of holding) socket.write('\r\n')
  for (const text of await Promise.all(holding.map(({ ended }) => ended))) t.match(text, /^HTTP\/1\.1 200 /)
  t.match(await (await fetch(url)).json(), { handled: 4 })
})

t.test('D3 the bounds that are served are within what the list demands', async (t) => {
  const { http, keepAliveTimeout, requestTimeout } = bounds()
  t.ok(Number(http.headersTimeout) > 0 && Number(http.headersTimeout) <= 10_000)
  t.ok(requestTimeout && requestTimeout <= 30_000 && Number(http.requestTimeout) === requestTimeout)
  t.ok(keepAliveTimeout && keepAliveTimeout <= 120_000)
  t.ok(Number(http.connectionsCheckingInterval) <= 5_000, 'a timeout is only as good as who looks at the clock')
  const app = Fastify(bounds())
  capConnections(app)
  t.equal(app.server.maxConnections, 10_000)
})
