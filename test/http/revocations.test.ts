import t from 'tap'
import { later } from '../../src/clock.ts'
import { getList, openList } from '../support/feed.ts'
import { aServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const server = await aServer(t)
const path = '/oauth2/revocations'
let tokens = 0
const revoke = () =>
  server.stores.tokens.revoke(`token-${tokens++}`, later(server.clock.now(), 600), server.clock.now())
/** Its own act a server hears like everybody's: by the announcement. */
const heard = (seq: number) => until(async () => (await getList(server, server.base)).seq >= seq, `revocation ${seq}`)

t.test('the list: type, caching, and open to everybody', async (t) => {
  const response = await fetch(server.base + path, { headers: { origin: 'https://spa.example' } })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'application/revocations+jwt')
  t.match(response.headers.get('etag'), /^"[\w-]{43}"$/)
  t.equal(response.headers.get('cache-control'), 'public, no-cache', 'a copy is never used without having asked')
  t.equal(response.headers.get('access-control-allow-origin'), '*')
  t.match(response.headers.get('access-control-expose-headers'), /ETag/)
  t.equal(response.headers.get('access-control-allow-credentials'), null)
  t.match(await openList(server, await response.text()), { after: 0, max_age: 30 })

  const head = await fetch(server.base + path, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers.get('etag'), response.headers.get('etag'))
  t.equal(await head.text(), '')
  const asked = await fetch(server.base + path, { method: 'OPTIONS' })
  t.equal(asked.status, 204)
  t.equal(asked.headers.get('access-control-allow-origin'), '*')
  t.match(asked.headers.get('access-control-allow-headers'), /If-None-Match/)
  t.equal((await fetch(server.base + path, { method: 'POST' })).status, 405)
})

t.test('T12 the list is no access token, and an access token no list', async (t) => {
  const app = await server.anApp({ first_party: true })
  const list = await (await fetch(server.base + path)).text()
  t.same(await server.introspect(app, list), { active: false })
  t.match(await server.get('/oauth2/userinfo', { authorization: `Bearer ${list}` }), { status: 401 })
  const { access_token } = await server.logIn(await server.aPerson(), app)
  await t.rejects(openList(server, access_token))
})

t.test('RFC 9110 §13.1.2: who has it gets 304, until something happens or it is signed anew', async (t) => {
  const { headers } = await server.get(path)
  const etag = headers.get('etag') ?? ''
  for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await fetch(server.base + path, { headers: { 'if-none-match': given } })
    t.equal(again.status, 304, given)
    t.equal(again.headers.get('etag'), etag)
    t.equal(await again.text(), '')
  }
  const ask = () => fetch(server.base + path, { headers: { 'if-none-match': etag } })
  server.clock.advance({ seconds: 9 })
  t.equal((await ask()).status, 304)
  server.clock.advance({ seconds: 1 })
  let renewed = await ask()
  // Where reading takes long, it is answered with what there is.
  await until(async () => {
    if (renewed.status === 304) renewed = await ask()
    return renewed.status !== 304
  }, 'a new signature')
  t.equal(renewed.status, 200, 'a quiet feed does not look stale')
  t.not(renewed.headers.get('etag'), etag)
  t.equal((await openList(server, await renewed.text())).iat, server.clock.now().getTime() / 1000)
})

t.test('a delta continues the list, and what cannot be continued is a snapshot', async (t) => {
  const first = await getList(server, server.base)
  await revoke()
  await revoke()
  await heard(first.seq + 2)
  const delta = await getList(server, server.base, first)
  t.match(delta, { epoch: first.epoch, after: first.seq, seq: first.seq + 2 })
  t.equal(Object.keys(delta.token ?? {}).length, 2)
  t.match(await getList(server, server.base, delta), { after: delta.seq, seq: delta.seq, token: undefined })
  t.match(await getList(server, server.base, { epoch: 'another', seq: 1 }), { after: 0, seq: delta.seq })
  t.match(await getList(server, server.base, { epoch: delta.epoch, seq: 10 ** 14 }), { after: 0, seq: delta.seq })
})

t.test('parameters that cannot be meant are 400, and the answer says what is', async (t) => {
  const { epoch } = await getList(server, server.base)
  const cases = [
    [`epoch=${epoch}`, /belong together/],
    ['after=1', /belong together/],
    [`epoch=${epoch}&after=-1`, /letter for letter/],
    [`epoch=${epoch}&after=1.5`, /letter for letter/],
    [`epoch=${epoch}&after=01`, /letter for letter/],
    [`epoch=${epoch}&after=${'9'.repeat(16)}`, /letter for letter/],
    [`epoch=${epoch}&after=x`, /letter for letter/],
    [`epoch=${'x'.repeat(101)}&after=1`, /letter for letter/],
    [`epoch=%3Cscript%3E&after=1`, /letter for letter/],
    [`epoch=${epoch}&after=1&after=2`, /more than once/],
    [`epoch=${epoch}&after=1%01`, /control character/],
  ] as const
  for (const at of [path, `${path}/stream`])
    for (const [query, says] of cases) {
      const { status, body, headers } = await server.get(`${at}?${query}`)
      t.equal(status, 400, query)
      t.match(body, { error: 'invalid_request', error_description: says })
      t.equal(headers.get('access-control-allow-origin'), '*', 'a browser app can read what is wrong')
    }
  t.equal((await server.get(`${path}?epoch=&after=`)).status, 200, 'RFC 6749 §3.1: empty is absent')
})
