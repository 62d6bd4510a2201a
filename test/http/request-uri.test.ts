import t from 'tap'
import { Busy, createOutbound, type Outbound } from '../../src/http/outbound/index.ts'
import { aKeyedClient, otherKey, rsaKey } from '../support/fapi.ts'
import { aPeer, aSilentPeer } from '../support/peer.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'

const door = createOutbound({ allowLoopback: true, timeout: 60_000 })
/** To the one that never answers. */
const hurried = createOutbound({ allowLoopback: true, timeout: 1500 })
let isFull = false
const get: Outbound['get'] = (uri, wanted) =>
  isFull
    ? Promise.reject(new Busy('too many requests are under way'))
    : (uri === hanging ? hurried : door).get(uri, wanted)
const server = await aServer(t, { outbound: { ...door, get } })
const alice = await server.aPerson()
const visitor = server.visitor()
const { url: first } = server.authorizeUrl(await server.anApp({ first_party: true }))
await visitor.visit(first)
await visitor.submit('login-form', { username: alice.username, password: alice.password })

/** A client that publishes what it asks at an address of its own. */
let published: { type: string; status?: number; body: string } = { type: 'application/jwt', body: '' }
const peer = await aPeer(t, (response) =>
  response.writeHead(published.status ?? 200, { 'content-type': published.type }).end(published.body),
)
const silent = await aSilentPeer(t)
const uris = ['one', 'two#hash', ...Array.from({ length: 9 }, (_, at) => `bad/${at}`)].map((path) => peer.uri + path)
const hanging = `http://127.0.0.1:${silent.port}/request`
const app = await aKeyedClient(server, { first_party: true, request_uris: [...uris, hanging] })
const publish = async (parameters: Record<string, string>, rest: Partial<typeof published> = {}) => {
  published = {
    type: 'application/oauth-authz-req+jwt',
    body: await app.object(app.parameters(parameters).parameters),
    ...rest,
  }
}
const send = (request_uri: string, more: Record<string, string> = {}, client_id = app.client_id) =>
  visitor.send(`/oauth2/authorize?${new URLSearchParams({ client_id, request_uri, ...more })}`)
const answerOf = (page: { leaves: URL | undefined }) => Object.fromEntries(page.leaves?.searchParams ?? [])

t.test('OIDC Core §6.2: a signed object at a registered address, whatever its fragment', async (t) => {
  await publish({ state: 'at one' })
  t.match(answerOf(await send(`${peer.uri}one`, { state: 'beside' })), { code: String, state: 'at one' })
  await publish({ state: 'later' })
  t.match(answerOf(await send(`${peer.uri}one`)), { code: String, state: 'later' }, 'what has no fragment may change')
  t.match(answerOf(await send(`${peer.uri}one#hash`)), { code: String, state: 'later' })
  const asked = peer.requests().length
  await publish({ state: 'third' })
  t.match(answerOf(await send(`${peer.uri}one#hash`)), { code: String, state: 'later' })
  t.equal(peer.requests().length, asked, 'a fragment says which one: it is kept for a moment')
  t.match(answerOf(await send(`${peer.uri}one#other`)), { code: String, state: 'third' }, 'another one is another')
  server.clock.advance({ seconds: 31 })
  t.match(answerOf(await send(`${peer.uri}one#hash`)), { code: String, state: 'third' })

  const body = await app.object(
    app.parameters().parameters,
    {},
    { header: { alg: 'RS256', kid: 'rsa' }, key: rsaKey.privateKey },
  )
  await publish({}, { body, type: 'application/jwt' })
  t.ok(answerOf(await send(`${peer.uri}two`)).code, 'RS256')
})

t.test('O1 O2 nothing that is not registered is fetched', async (t) => {
  const before = [peer.requests().length, await rows(server)]
  const other = await aKeyedClient(server, { first_party: true })
  for (const uri of [
    `${peer.uri}three`,
    `${peer.uri}one?x=1`,
    `${peer.uri}ONE`,
    'https://169.254.169.254/',
    'file:///etc/passwd',
    'x',
  ])
    t.equal((await send(uri)).status, 400, uri)
  const page = await send(`${peer.uri}one`, {}, other.client_id)
  t.equal(page.status, 400, 'the address of another client')
  t.match(page.html, /id="error-page"[\s\S]*invalid_request_uri/)
  t.same([peer.requests().length, await rows(server)], before)
  for (const uri of [
    'http://app.example/request',
    'javascript:alert(1)',
    'https://user@app.example/',
    'https://*.app.example/',
  ])
    await t.rejects(aKeyedClient(server, { request_uris: [uri] }), { code: 'invalid_client_metadata' }, uri)
})

t.test('OIDC Core §6.2 what cannot be used is a page', async (t) => {
  const unsigned = (payload: object) =>
    `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.`
  const parameters = app.parameters().parameters
  const cases: readonly (readonly [title: string, Partial<typeof published>, error: string])[] = [
    ['oidcc-request-uri-unsigned: alg none', { body: unsigned(parameters) }, 'invalid_request_object'],
    ['another key', { body: await app.object(parameters, {}, { key: otherKey.privateKey }) }, 'invalid_request_object'],
    ['empty', { body: '' }, 'invalid_request_uri|invalid_request_object'],
    ['another type', { type: 'text/html' }, 'invalid_request_uri'],
    ['404', { status: 404 }, 'invalid_request_uri'],
    ['a redirect', { status: 302 }, 'invalid_request_uri'],
    ['too large', { body: 'x'.repeat(20_000) }, 'invalid_request_uri'],
  ]
  for (const [at, [title, rest, error]] of cases.entries()) {
    await publish({}, rest)
    const page = await send(`${peer.uri}bad/${at}`)
    t.equal(page.status, 400, title)
    t.notOk(page.leaves, title)
    t.match(page.html, new RegExp(`id="error-page"[\\s\\S]*(?:${error})`), title)
  }
  const asked = peer.requests().length
  for (const fragment of ['', '#one', '#two']) await send(`${peer.uri}bad/4${fragment}`)
  t.equal(peer.requests().length, asked, 'nobody makes this server knock again and again')
})

t.test('O2 a peer that hangs holds a request no longer than the door allows', async (t) => {
  const page = await send(hanging)
  t.equal(page.status, 400)
  t.match(page.html, 'invalid_request_uri')
})

t.test('D8 while too much is under way, the page says to come again, and whoever does is served', async (t) => {
  await publish({ state: 'at last' })
  isFull = true
  const page = await send(`${peer.uri}one#busy`)
  t.equal(page.status, 503)
  t.match(page.html, /id="error-page"[\s\S]*temporarily_unavailable/)
  isFull = false
  t.match(answerOf(await send(`${peer.uri}one`)), { code: String, state: 'at last' })
})

t.test('FAPI 2.0 §5.3.2.2: a client of the profile has no request_uri but a pushed one', async (t) => {
  await t.rejects(aKeyedClient(server, { profile: 'fapi2', request_uris: ['https://app.example/r'] }), {
    code: 'invalid_client_metadata',
  })
  const bank = await aKeyedClient(server, { profile: 'fapi2' })
  const page = await send('https://app.example/r', {}, bank.client_id)
  t.match(page.html, /id="error-page"[\s\S]*invalid_request_uri/)
})
