import { createServer } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { optionalTokenOf, protect, tokenOf } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'

const issuer = await mockIssuer()
const { audience } = issuer
const guard = protect({
  issuer: issuer.issuer,
  audience,
  publicUrl: 'https://api.example',
  feedWait: 60,
  timeout: 60_000,
})
t.teardown(async () => {
  guard.close()
  await issuer.close()
})
const good = await issuer.issue({ scope: 'orders.read' })
const bearer = { authorization: `Bearer ${good}` }
type Api = (path: string, init?: RequestInit) => Promise<Response>

const listening = async (t: Test, server: ReturnType<typeof createServer>): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}
const over =
  (base: string): Api =>
  (path, init) =>
    fetch(base + path, init)

const step = { scope: 'orders.read', acr: ['2', '3'], maxAge: 60 }

const apis: Readonly<Record<string, (t: Test) => Promise<Api>>> = {
  async fastify(t) {
    const app = fastify()
    t.teardown(() => app.close())
    app.get('/orders', { preHandler: guard.fastify('orders.read') }, async (request) => tokenOf(request).sub)
    app.get('/admin', { onRequest: guard.fastify('orders.read admin') }, async () => 'never')
    app.get('/step', { preHandler: guard.fastify(step) }, async () => 'never')
    app.get('/maybe', { preHandler: guard.optional.fastify() }, async (request) =>
      optionalTokenOf(request) ? 'somebody' : 'nobody',
    )
    app.get('/bare', async (request) => (await guard.verify(request.raw)).sub)
    return over(await app.listen({ host: '127.0.0.1', port: 0 }))
  },

  async express(t) {
    const app = express()
    app.use('/orders', guard.express('orders.read'))
    app.get('/orders', (request, response) => void response.send(tokenOf(request).sub))
    app.get('/admin', guard.express(['orders.read', 'admin']), (_request, response) => void response.send('never'))
    app.get('/step', guard.express(step), (_request, response) => void response.send('never'))
    app.get('/maybe', guard.optional.express(), (request, response) => {
      response.send(optionalTokenOf(request) ? 'somebody' : 'nobody')
    })
    app.get('/bare', async (request, response) => void response.send((await guard.verify(request)).sub))
    return over(await listening(t, createServer(app)))
  },

  async http(t) {
    const routes: Record<string, Parameters<typeof createServer>[1]> = {
      '/orders': guard.http('orders.read', (_request, response, token) => response.end(token.sub)),
      '/admin': guard.http('orders.read admin', (_request, response) => response.end('never')),
      '/step': guard.http(step, (_request, response) => response.end('never')),
      '/maybe': guard.optional.http(undefined, (_, response, token) => response.end(token ? 'somebody' : 'nobody')),
      '/bare': guard.http(undefined, async (request, response) => response.end((await guard.verify(request)).sub)),
    }
    const server = createServer((request, response) => routes[request.url?.split('?')[0] ?? '']?.(request, response))
    return over(await listening(t, server))
  },

  async fetch() {
    const routes: Record<string, (request: Request) => Promise<Response>> = {
      '/orders': guard.fetch('orders.read', (_request, token) => new Response(token.sub)),
      '/admin': guard.fetch('orders.read admin', () => new Response('never')),
      '/step': guard.fetch(step, () => new Response('never')),
      '/maybe': guard.optional.fetch(undefined, (_, token) => new Response(token ? 'somebody' : 'nobody')),
      '/bare': guard.fetch(undefined, async (request) => new Response((await guard.verify(request.headers)).sub)),
    }
    return async (path, init) => {
      const request = new Request(`https://api.example${path}`, init)
      return (await routes[new URL(request.url).pathname]?.(request)) ?? new Response(null, { status: 404 })
    }
  },
}

const realm = `realm="${audience}"`
const said = (error: string, description: string) =>
  `Bearer ${realm}, error="${error}", error_description="${description}"`
/** RFC 9449 §7.2: of both ways, to whoever sent nothing. */
const both = (parameters: string) => `Bearer ${parameters}, DPoP ${parameters}, algs="ES256 PS256 EdDSA Ed25519"`
const asks = both(`${realm}, scope="orders.read"`)
const invalid = 'The access token is expired, revoked, malformed, or invalid for other reasons'
const wrongRequest = 'The access token must be sent once, in the Authorization header field'
const higher = 'The request requires higher privileges than provided by the access token'
const stronger = 'A more recent or a stronger authentication is required'

type Case = readonly [title: string, path: string, init: RequestInit, status: number, challenge: string, error?: string]
const cases: readonly Case[] = [
  ['no token: no error is named (RFC 6750 §3.1)', '/orders', {}, 401, asks],
  ['another scheme is no token', '/orders', { headers: { authorization: 'Basic YTpi' } }, 401, asks],
  ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].map(
    (scheme) =>
      [`${scheme} is no scheme`, '/orders', { headers: { authorization: `${scheme} ${good}` } }, 401, asks] as const,
  ),
  [
    'a token in a body is no token',
    '/orders',
    { method: 'POST', body: new URLSearchParams({ access_token: good }) },
    401,
    asks,
  ],
  [
    'a bad token',
    '/orders',
    { headers: { authorization: 'Bearer abc' } },
    401,
    said('invalid_token', invalid),
    'invalid_token',
  ],
  [
    'a bad token where none is needed',
    '/maybe',
    { headers: { authorization: 'Bearer abc' } },
    401,
    said('invalid_token', invalid),
    'invalid_token',
  ],
  [
    'a missing scope',
    '/admin',
    { headers: bearer },
    403,
    `${said('insufficient_scope', higher)}, scope="orders.read admin"`,
    'insufficient_scope',
  ],
  [
    'an older login (RFC 9470 §3)',
    '/step',
    { headers: bearer },
    401,
    `${said('insufficient_user_authentication', stronger)}, acr_values="2 3", max_age="60"`,
    'insufficient_user_authentication',
  ],
  [
    'a scheme without a token',
    '/orders',
    { headers: { authorization: 'Bearer' } },
    400,
    said('invalid_request', wrongRequest),
    'invalid_request',
  ],
  [
    'two tokens',
    '/orders',
    { headers: { authorization: `Bearer ${good}, Bearer ${good}` } },
    400,
    said('invalid_request', wrongRequest),
    'invalid_request',
  ],
  [
    'a token in the query (RFC 9700 §4.3.2)',
    `/orders?access_token=${good}`,
    {},
    400,
    said('invalid_request', wrongRequest),
    'invalid_request',
  ],
  [
    'a token in the query too, disguised',
    '/orders?a=b&access%5Ftoken=',
    { headers: bearer },
    400,
    said('invalid_request', wrongRequest),
    'invalid_request',
  ],
]

for (const [name, start] of Object.entries(apis))
  t.test(`${name} answers as RFC 6750 has it`, async (t) => {
    const api = await start(t)
    for (const [title, path, init, status, challenge, error] of cases) {
      const response = await api(path, init)
      // Express answers a path that has no POST before the guard could, and so may others.
      if (response.status === 404 && init.method === 'POST') continue
      t.equal(response.status, status, title)
      t.equal(response.headers.get('www-authenticate'), challenge, title)
      t.equal(response.headers.get('cache-control'), 'no-store')
      const body = await response.text()
      if (error === undefined) t.equal(body, '', 'nothing is said where nothing came')
      else t.match(JSON.parse(body), { error, error_description: String })
    }
    for (const path of ['/orders', '/bare']) {
      const response = await api(path, { headers: { authorization: `bEARER ${good}` } })
      t.equal(`${response.status} ${await response.text()}`, '200 alice', path)
    }
    t.equal(await (await api('/maybe')).text(), 'nobody')
    t.equal(await (await api('/maybe', { headers: { authorization: 'Basic YTpi' } })).text(), 'nobody')
    t.equal(await (await api('/maybe', { headers: bearer })).text(), 'somebody')
    t.equal((await api('/maybe?access_token=x')).status, 400)
  })

t.test('a refusal that nobody catches is answered all the same, without its reason', async (t) => {
  for (const name of ['fastify', 'express'] as const) {
    const response = await (await apis[name]?.(t))?.('/bare')
    t.equal(response?.status, 401, name)
    t.equal(response?.headers.get('www-authenticate'), both(realm), name)
    t.notMatch(await response?.text(), /send Authorization/)
  }
})

t.test('two Authorization headers are refused, although Node shows only the first', async (t) => {
  const base = await listening(
    t,
    createServer(guard.http('orders.read', (_request, response) => response.end('passed'))),
  )
  const { port } = new URL(base)
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let heard = ''
    socket.on('data', (chunk) => {
      heard += String(chunk)
    })
    socket.on('close', () => resolve(heard))
    const header = `Authorization: Bearer ${good}\r\n`
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}${header}\r\n`)
  })
  t.match(answer, /^HTTP\/1.1 400 /)
})

t.test('a recent and strong login passes (RFC 9470)', async (t) => {
  const strong = await issuer.issue({ scope: 'orders.read', acr: '2' })
  t.equal((await guard.verify(strong, step)).acr, '2')
  const error = await guard
    .verify(await issuer.issue({ scope: 'orders.read', acr: '2', auth_time: undefined }), step)
    .catch((one) => one)
  t.equal(error.rule, 'max_age')
})

t.test('a route that nobody protects has no token', async (t) => {
  for (const unguarded of [{}, { token: null }, { token: 'another library' }])
    for (const from of [tokenOf, optionalTokenOf])
      t.throws(() => from(unguarded), {
        message: /^this route has no token: put guard.fastify\(\) or guard.express\(\)/,
      })
})

t.test('tokenOf serves nobody without a token, and says where to ask for one that is optional', async (t) => {
  const anonymous = { headers: {} }
  await guard.optional.express()(anonymous, { statusCode: 200, setHeader() {}, end() {} }, () => {})
  t.equal(optionalTokenOf(anonymous), undefined)
  t.throws(() => tokenOf(anonymous), { message: /guard\.optional .* optionalTokenOf/ })
})
