import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { createResolve } from '../../../src/http/outbound/address-of-name.ts'
import { createOutbound, type Resolve } from '../../../src/http/outbound/index.ts'
import { aCertificate } from '../../support/certificate.ts'
import { aPeer, aSilentPeer } from '../../support/peer.ts'
import { anHttpsApp } from '../../support/tls-server.ts'

const json = { 'content-type': 'application/json' }
const accept = ['application/jwk-set+json', 'application/json']
const outbound = createOutbound({ allowLoopback: true })

t.test('O2 what is fetched, and what is said while fetching', async (t) => {
  let headers: unknown
  const { uri } = await aPeer(t, (response, request) => {
    headers = request.headers
    response.writeHead(200, { 'content-type': 'Application/JWK-Set+json ; charset=utf-8' }).end('{"keys":[]}')
  })
  t.equal(await outbound.get(uri, { accept, mayUseNamed: true }), '{"keys":[]}')
  t.match(headers, { accept: accept.join(', '), 'accept-encoding': 'identity', connection: 'close' })
  t.notMatch(headers, { authorization: String })
  t.notMatch(headers, { cookie: String })
})

t.test('a form is posted, and the status is the answer (OIDC Back-Channel Logout §2.5)', async (t) => {
  let body = ''
  let statusCode = 204
  const { uri, requests } = await aPeer(t, (response, request) => {
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => response.writeHead(statusCode, { type: String(request.headers['content-type']) }).end('x'))
  })
  const form = new URLSearchParams({ logout_token: 'a.b&c', more: '1 2' })
  for (const status of [200, 204, 400, 404, 500, 503]) {
    statusCode = status
    t.same(await outbound.post(uri, form, { mayUseNamed: true }), { status })
  }
  t.ok(body.startsWith('logout_token=a.b%26c&more=1+2logout_token='))
  t.same(requests()[0], 'POST /')
  statusCode = 307
  await t.rejects(outbound.post(uri, form, { mayUseNamed: true }), { name: 'Refused', message: 'it redirects' })
})

t.test('O2 DNS rebinding: the name is asked once, and what it said is what is connected to', async (t) => {
  // The name itself leads to 127.0.0.1, where nothing listens on this port.
  const { port } = await aPeer(t, (response) => response.writeHead(200, json).end('{}'), '127.0.0.2')
  let asked = 0
  const resolve: Resolve = async () => {
    asked++
    return [{ address: asked === 1 ? '127.0.0.2' : '169.254.169.254', family: 4 }]
  }
  const rebound = createOutbound({ allowLoopback: true, resolve })
  t.equal(await rebound.get(`http://localhost:${port}/`, { accept, mayUseNamed: true }), '{}')
  t.equal(asked, 1)
  await t.rejects(
    rebound.get(`http://localhost:${port}/`, { accept, mayUseNamed: true }),
    /public network/,
    'and is checked every time',
  )
})

t.test('O2 answers that are not taken', async (t) => {
  const target = await aPeer(t, (response) => response.writeHead(200, json).end('{}'))
  const redirect = (status: number) => (response: ServerResponse) =>
    response.writeHead(status, { ...json, location: target.uri }).end('{}')
  const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024))
  const answers: readonly (readonly [reason: string, answer: (response: ServerResponse) => void])[] = [
    ...[301, 302, 303, 307, 308, 201, 204, 206, 304, 404, 500].map(
      (status) => ['its status is not 200', redirect(status)] as const,
    ),
    ...['text/html', 'application/octet-stream', 'application/jsonp', 'application/json-seq', ''].map(
      (type) =>
        [
          'its type is not what was asked for',
          (response: ServerResponse) => response.writeHead(200, { 'content-type': type }).end('{}'),
        ] as const,
    ),
    ['its type is not what was asked for', (response) => response.writeHead(200).end('{}')],
    ['it is compressed', (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb)],
    ['it is compressed', (response) => response.writeHead(200, { ...json, 'content-encoding': 'br' }).end('{}')],
    ['it is too large', (response) => response.writeHead(200, json).end(Buffer.alloc(10 * 1024 * 1024, ' '))],
    ['it is too large', (response) => response.writeHead(200, json).end(Buffer.alloc(64 * 1024 + 1, ' '))],
    [
      'it broke off',
      (response) => {
        response.writeHead(200, { ...json, 'content-length': 1000 }).write('{')
        setImmediate(() => response.destroy())
      },
    ],
    ['it cannot be reached', (response) => response.destroy()],
    ['it cannot be reached', (response) => response.writeHead(200, { ...json, x: 'x'.repeat(17 * 1024) }).end('{}')],
    ['it cannot be reached', (response) => response.socket?.end('HTTP/9 whatever\r\n\r\n')],
  ]
  for (const [reason, answer] of answers) {
    const { uri } = await aPeer(t, answer)
    await t.rejects(outbound.get(uri, { accept, mayUseNamed: true }), { name: 'Refused', message: reason }, reason)
  }
  t.same(target.requests(), [], 'no redirect was followed')
  const { uri } = await aPeer(t, (response) => response.writeHead(200, json).end(Buffer.alloc(64 * 1024, ' ')))
  t.equal((await outbound.get(uri, { accept, mayUseNamed: true })).length, 64 * 1024)
  await t.rejects(outbound.get(uri, { accept, size: 1024, mayUseNamed: true }), { message: 'it is too large' })
})

t.test('O2 whoever dawdles is left: with the name, TLS, the headers, or a byte at a time', async (t) => {
  const impatient = createOutbound({ allowLoopback: true, timeout: 100 })
  const late = { name: 'Refused', message: 'it took too long' }
  const drip = await aPeer(t, (response) => {
    response.writeHead(200, json)
    const drops = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(drops))
  })
  const silent = await aSilentPeer(t)
  for (const uri of [drip.uri, `http://127.0.0.1:${silent.port}/`, `https://127.0.0.1:${silent.port}/`]) {
    await t.rejects(impatient.get(uri, { accept, mayUseNamed: true }), late, uri)
    if (uri !== drip.uri)
      await t.rejects(impatient.post(uri, new URLSearchParams({ a: 'b' }), { mayUseNamed: true }), late, uri)
  }
  const nameless = createOutbound({ allowLoopback: true, timeout: 50, resolve: () => new Promise(() => {}) })
  // Nothing else keeps the process alive meanwhile.
  const alive = setInterval(() => {}, 1000)
  await t.rejects(nameless.get('https://keys.example/', { accept, mayUseNamed: true }), late)
  clearInterval(alive)
})

t.test('O2 a certificate must be of an authority that is trusted, and of the very name', async (t) => {
  const certificate = await aCertificate(t)
  const url = await anHttpsApp(t, certificate, () => (_request, response) => response.writeHead(200, json).end('{}'))
  const { port } = new URL(url)
  const reached = (outbound: ReturnType<typeof createOutbound>, host: string) =>
    outbound.get(`https://${host}:${port}/`, { accept, mayUseNamed: true })
  const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const trusting = createOutbound({ allowLoopback: true, ca: certificate.ca, resolve })
  t.equal(await reached(trusting, '127.0.0.1'), '{}')
  t.equal(await reached(trusting, 'localhost'), '{}')
  await t.rejects(reached(trusting, 'keys.example'), { message: 'it cannot be reached' }, 'another name')
  await t.rejects(reached(outbound, '127.0.0.1'), { message: 'it cannot be reached' }, 'another authority')
})

t.test(
  'a name is looked for in the hosts file before DNS; localhost is never asked of DNS (RFC 6761 §6.3)',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-hosts-'))
    t.teardown(() => rm(folder, { recursive: true }))
    const hosts = join(folder, 'hosts')
    await writeFile(
      hosts,
      '# 10.0.0.9 keys.example\n10.0.0.1\tkeys.example  Other.example # 10.0.0.2\nfd00::1 keys.example\nx keys.example\n',
    )
    const resolve = createResolve({ hosts, timeout: 10 })
    t.same(await resolve('keys.example'), [
      { address: '10.0.0.1', family: 4 },
      { address: 'fd00::1', family: 6 },
    ])
    t.same(await resolve('other.example'), [{ address: '10.0.0.1', family: 4 }])
    t.same(await resolve('localhost'), [{ address: '127.0.0.1', family: 4 }])
    t.same(await resolve('any.localhost'), [{ address: '127.0.0.1', family: 4 }])
    t.same(await resolve('no-such-name.invalid'), [])
  },
)
