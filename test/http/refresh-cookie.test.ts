import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { later } from '../../src/clock.ts'
import { createRefreshCookies } from '../../src/http/oauth/refresh-cookie.ts'
import { aClient } from '../support/clients.ts'
import { aFamily } from '../support/families.ts'
import { aRefreshScene, refused } from '../support/refreshing.ts'
import { type Answer, type App, aServer, claims } from '../support/server.ts'
import { aRefreshToken } from '../support/token-forms.ts'

const server = await aServer(t)
const scene = await aRefreshScene(server)
const { alice, visitor, familyOf, eventsOf, standing } = scene
const origin = 'https://app.example'
const sibling = 'https://elsewhere.app.example'
const page = { origin, 'sec-fetch-site': 'same-site' }
const delivered = { token_endpoint_auth_method: 'none', refresh_token_delivery: 'cookie' }
const anApp = (metadata: Record<string, unknown> = {}) => scene.anApp({ ...delivered, ...metadata })
const app = await anApp()
const metadataOfApp = async () => {
  const known = await server.stores.clients.find(app.client_id)
  if (!known) throw new Error('the client is gone')
  const { client_id, secrets, disabledAt, notBefore, createdAt, ...metadata } = known
  return metadata
}

const nameOf = ({ client_id }: App) => `tessera-rt-${client_id}`
const cookieOf = ({ headers }: Answer) => headers.getSetCookie()[0] ?? ''
const tokenOf = (answer: Answer) => /=(tsr_[\w-]+);/.exec(cookieOf(answer))?.[1] ?? ''
/** What a browser sends along, at each request to this server. */
const cookiesAt = (at = visitor) => [...at.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
const redeem = async (of: App, headers: Record<string, string> = page) => {
  const { to, verifier } = await server.authorize(alice, of, {}, visitor)
  const code = to.searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier }
  return { form, answer: await server.post('/oauth2/token', form, of, { cookie: cookiesAt(), ...headers }) }
}
const refresh = (of: App, token: string, headers: Record<string, string> = page, more: Record<string, string> = {}) => {
  const cookie = `other=1; ${nameOf(of)}=${token}`
  return server.post('/oauth2/token', { grant_type: 'refresh_token', ...more }, of, { cookie, ...headers })
}
const logIn = async (of: App) => {
  const { answer } = await redeem(of)
  if (answer.status !== 200) throw new Error(`the code was refused: ${JSON.stringify(answer.body)}`)
  return { answer, token: tokenOf(answer), access_token: String(answer.body.access_token) }
}
const isDelivered = (t: Test, answer: Answer) => {
  t.equal(answer.status, 200)
  t.match(cookieOf(answer), /=tsr_[\w-]{76};/)
  const body = JSON.stringify(answer.body)
  t.notMatch(body, /refresh_token"/, 'in no body')
  t.notMatch(body, aRefreshToken)
}

t.test('design "In a browser app": the refresh token is a cookie, and in no body', async (t) => {
  const { answer, access_token } = await logIn(app)
  isDelivered(t, answer)
  const [pair, ...attributes] = cookieOf(answer).split('; ')
  t.match(pair, new RegExp(`^${nameOf(app)}=tsr_`), 'unprefixed and not Secure on http loopback: Safari')
  t.same(attributes, ['Path=/oauth2/token', `Max-Age=${90 * 86400}`, 'HttpOnly', 'SameSite=Strict'])
  t.match(answer.body, {
    token_type: 'Bearer',
    refresh_token_timeout: 14 * 86400,
    authorization_expires_in: 90 * 86400,
    id_token: /^ey/,
  })
  t.equal((await familyOf(access_token)).cookieBound, true)
})

t.test('RFC 6749 §6 without the parameter: the cookie buys the next pair, until the absolute expiry', async (t) => {
  const { token, access_token } = await logIn(app)
  server.clock.advance({ seconds: 86_400 })
  // The browser's session has ended by then, but this family was granted offline.
  const second = await refresh(app, token)
  isDelivered(t, second)
  t.match(cookieOf(second), /; Max-Age=7689600;/)
  t.not(tokenOf(second), token)
  t.match(claims(second.body.access_token).jti, /\.2$/)
  t.equal((await familyOf(access_token)).live.generation, 2)
  isDelivered(t, await refresh(app, tokenOf(second)))
})

t.test('a lost race gets the same cookie, and a refusal never clears one', async (t) => {
  const { token, access_token } = await logIn(app)
  const answers = await Promise.all(Array.from({ length: 16 }, () => refresh(app, token)))
  for (const answer of answers) isDelivered(t, answer)
  t.equal(new Set(answers.map(tokenOf)).size, 1)
  t.equal(new Set(answers.map(({ body }) => body.access_token)).size, 1)
  t.equal((await familyOf(access_token)).live.generation, 2)

  server.clock.advance({ seconds: 60 })
  isDelivered(t, await refresh(app, token))
  server.clock.advance({ seconds: 1 })
  for (const old of [token, 'tsr_junk', `${token.slice(0, -2)}AA`]) {
    const answer = await refresh(app, old)
    t.match(answer, refused)
    t.equal(cookieOf(answer), '')
  }
  t.equal((await familyOf(access_token)).revokeReason, 'replayed', 'a cookie that was stolen and comes late')
})

t.test('stale refuse, where the token is in a cookie: nobody is logged out by a tab that slept', async (t) => {
  const patient = await anApp({ stale: 'refuse' })
  const { token, access_token } = await logIn(patient)
  const third = await refresh(patient, tokenOf(await refresh(patient, token)))
  t.match(await refresh(patient, token), refused)
  t.equal((await familyOf(access_token)).revokedAt, undefined)
  isDelivered(t, await refresh(patient, tokenOf(third)))
})

t.test('no cookie is nobody logged in: invalid_grant, and nothing changes', async (t) => {
  await logIn(app)
  const before = await standing()
  t.match(await server.post('/oauth2/token', { grant_type: 'refresh_token' }, app, page), refused)
  t.match(
    await server.post('/oauth2/token', { grant_type: 'refresh_token' }, app, { ...page, cookie: 'a; b=' }),
    refused,
  )
  t.match(await refresh(app, ''), refused)
  t.equal(await standing(), before)
})

t.test('a token is taken from where it was delivered, and from nowhere else', async (t) => {
  const { token } = await logIn(app)
  const inBody = scene.browserApp
  const other = await scene.logIn(inBody)
  const another = await anApp()
  const before = await standing()

  const parameter = await server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }, app, page)
  t.match(parameter, { status: 400, body: { error: 'invalid_request', error_description: /parameter must be absent/ } })
  t.match(await refresh(app, token, page, { refresh_token: token }), {
    status: 400,
    body: { error: 'invalid_request' },
  })
  t.match(await server.refresh(inBody, token), refused, "another client's, in a body")
  t.match(await refresh(another, token), refused, "another client's, in a cookie")
  t.match(await refresh(inBody, other.refresh_token), { status: 400, body: { error: 'invalid_request' } })
  t.equal(await standing(), before)

  const metadata = await metadataOfApp()
  await server.stores.clients.update(app.client_id, { ...metadata, refresh_token_delivery: 'body' }, server.clock.now())
  t.match(await server.refresh(app, token), refused, 'a cookie-bound family in a body')
  const bodyBound = await scene.logIn(app)
  await server.stores.clients.update(
    app.client_id,
    { ...metadata, refresh_token_delivery: 'cookie' },
    server.clock.now(),
  )
  t.match(await refresh(app, bodyBound.refresh_token), refused, 'a body-bound family in a cookie')
  isDelivered(t, await refresh(app, token))
})

const forgeries: Readonly<Record<string, Record<string, string>>> = {
  'without an Origin': {},
  'of no origin': { origin: 'null', 'sec-fetch-site': 'cross-site' },
  'of another site': { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  'of a sibling, which SameSite lets pass': { origin: sibling, 'sec-fetch-site': 'same-site' },
  'of a look-alike': { origin: `${origin}.evil.example` },
  'on another port': { origin: `${origin}:8443` },
  'on http': { origin: 'http://app.example' },
  'that names our origin from another site': { origin, 'sec-fetch-site': 'cross-site' },
  'of no page at all': { origin, 'sec-fetch-site': 'none' },
  'that says nonsense': { origin, 'sec-fetch-site': 'same-origin, cross-site' },
}
for (const [what, headers] of Object.entries(forgeries))
  t.test(`T23 CSRF: a request ${what} gets nothing and changes nothing`, async (t) => {
    const { token } = await logIn(app)
    const before = await standing()
    const forged = await refresh(app, token, headers)
    t.match(forged, { status: 400, body: { error: 'invalid_request' } })
    t.same(forged.headers.getSetCookie(), [])
    t.equal(await standing(), before)
    isDelivered(t, await refresh(app, token))

    const { form, answer } = await redeem(app, headers)
    t.match(answer, { status: 400, body: { error: 'invalid_request' } }, 'nor is a code spent')
    isDelivered(t, await server.post('/oauth2/token', form, app, { ...page, cookie: cookiesAt() }))
  })

t.test('a browser that sends no Sec-Fetch-Site is known by its Origin', async (t) => {
  const { token } = await logIn(app)
  isDelivered(t, await refresh(app, token, { origin }))
  isDelivered(t, await refresh(app, token, { origin, 'sec-fetch-site': 'same-origin' }))
})

t.test('RFC 10017: a code that a script carried away buys nothing elsewhere, whatever Origin is claimed', async (t) => {
  const thief = server.visitor()
  await server.authorize(await server.aPerson('mallory'), app, {}, thief)
  const stolen = await redeem(app, { ...page, cookie: '' })
  t.match(stolen.answer, refused, 'without the session')
  const before = await standing()
  for (const cookie of [cookiesAt(thief), 'tessera-session=junk', `tessera-session=tss_${'x'.repeat(43)}`])
    t.match(await server.post('/oauth2/token', stolen.form, app, { ...page, cookie }), refused, "another's session")
  t.equal(await standing(), before)
  isDelivered(t, await server.post('/oauth2/token', stolen.form, app, { ...page, cookie: cookiesAt() }))
})

t.test('RFC 6265 §8.6: of two cookies one was planted, so neither is taken', async (t) => {
  const [mine, planted] = [await logIn(app), await logIn(app)]
  const before = await standing()
  const cookie = `${nameOf(app)}=${planted.token}; ${nameOf(app)}=${mine.token}`
  t.match(await refresh(app, '', { ...page, cookie }), { status: 400, body: { error: 'invalid_request' } })
  t.equal(await standing(), before)
})

t.test('T23 CORS with credentials is for the origins of this very client, and never for *', async (t) => {
  const both = await anApp({ allowed_origins: ['https://spa.example'] })
  const of = ({ headers }: Answer | Response) => ({
    origin: headers.get('access-control-allow-origin'),
    credentials: headers.get('access-control-allow-credentials'),
  })
  for (const own of ['https://spa.example', origin]) {
    const answer = await refresh(both, 'junk', { origin: own, 'sec-fetch-site': 'same-site' })
    t.same(of(answer), { origin: own, credentials: 'true' }, 'an error can be read as well')
    t.match(answer.headers.get('vary'), /Origin/)
  }
  for (const other of ['https://evil.example', 'null', sibling])
    t.same(of(await refresh(both, 'junk', { origin: other })), { origin: null, credentials: null }, other)
  const unknown = { ...both, client_id: 'nobody' }
  t.same(of(await refresh(unknown, 'junk')), { origin: null, credentials: null }, 'an unknown client')
  t.same(of(await server.refresh(scene.browserApp, 'junk', {})), { origin: null, credentials: null })
  const inBody = await server.post('/oauth2/token', {}, scene.browserApp, page)
  t.same(of(inBody), { origin, credentials: null }, 'a client without a cookie')

  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-forged' }
  for (const from of [origin, 'https://evil.example']) {
    const headers = { ...asked, origin: from }
    const preflight = await fetch(`${server.issuer}/oauth2/token`, { method: 'OPTIONS', headers })
    t.same(of(preflight), { origin: '*', credentials: null }, 'a preflight knows no client and promises nobody cookies')
  }
})

t.test('RFC 7009 §2.1: the access token of a cookie-bound family ends it; no other token does', async (t) => {
  const { token, access_token } = await logIn(app)
  const other = await logIn(app)
  const foreign = await server.post('/oauth2/revoke', { token: access_token }, await anApp())
  t.match(foreign, { status: 400, body: { error: 'invalid_request' } })
  t.equal((await familyOf(access_token)).revokedAt, undefined, "another client's stays as it was")

  t.equal((await server.post('/oauth2/revoke', { token: access_token }, app, page)).status, 200)
  t.equal((await familyOf(access_token)).revokeReason, 'revoked_by_client')
  const after = await refresh(app, token)
  t.match(after, refused)
  t.equal(cookieOf(after), '')
  isDelivered(t, await refresh(app, other.token))

  const inBody = await scene.logIn(scene.browserApp)
  await server.post('/oauth2/revoke', { token: inBody.access_token }, scene.browserApp)
  t.equal((await familyOf(inBody.access_token)).revokedAt, undefined, 'without a cookie it ends alone, as ever')
})

t.test('OIDC RP-Initiated Logout: the family ends with its session', async (t) => {
  const session = server.visitor()
  const { to, verifier } = await server.authorize(alice, app, { scope: 'openid read' }, session)
  const code = to.searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier }
  const first = await server.post('/oauth2/token', form, app, { ...page, cookie: cookiesAt(session) })
  const second = await refresh(app, tokenOf(first))
  isDelivered(t, second)
  await session.visit(`/oauth2/logout?id_token_hint=${second.body.id_token}`)
  t.match(await refresh(app, tokenOf(second)), refused)
  t.equal((await familyOf(first.body.access_token)).revokeReason, 'logged_out')
})

t.test('pair_binding and early_refresh hold for a cookie, too', async (t) => {
  const bound = await anApp({ pair_binding: 'enforce' })
  const { token, access_token } = await logIn(bound)
  isDelivered(t, await refresh(bound, token, page, { access_token }))
  const alone = await logIn(bound)
  t.match(await refresh(bound, alone.token), refused)
  t.equal((await familyOf(alone.access_token)).revokeReason, 'pair_mismatch')

  const strict = await anApp({ early_refresh: 'revoke', resources: ['https://api.example'] })
  const early = await logIn(strict)
  t.match(await refresh(strict, early.token), refused)
  t.equal((await familyOf(early.access_token)).revokeReason, 'early_refresh')
  const calm = await logIn(strict)
  server.clock.advance({ seconds: 301 })
  isDelivered(t, await refresh(strict, calm.token))
  t.same((await eventsOf(calm.access_token)).length, 0)
})

t.test('RFC 6265 §4.1: the cookie of an https issuer with a path, and of a client with an unusual id', async (t) => {
  const names = { 'demo-spa': 'demo-spa', 'a;b=c': 'a%3Bb%3Dc', "(x)'!*": '%28x%29%27%21%2a', '%28x': '%2528x' }
  const cookies = createRefreshCookies('https://id.example/tenant')
  const now = new Date('2026-01-01T00:00:00Z')
  const response = { access_token: 'at', token_type: 'Bearer' as const, expires_in: 600, refresh_token: 'tsr_1' }
  const site = Fastify()
  t.teardown(() => site.close())
  site.get('/set', async (request, reply) => {
    const clientId = String(request.headers.client)
    const family = aFamily({ clientId, cookieBound: true, absoluteExpiresAt: later(now, 90) })
    const pair = { ...family.live, jti: 'x' }
    return cookies.deliver(reply, response, { by: 'person', family, pair, nonce: undefined }, now)
  })
  site.get('/get', async (request) => {
    const client = aClient({ client_id: String(request.headers.client), refresh_token_delivery: 'cookie' })
    return { read: cookies.read(request, client) }
  })
  for (const [client, safe] of Object.entries(names)) {
    const name = `__Secure-tessera-rt-${safe}`
    const set = await site.inject({ url: '/set', headers: { client } })
    const attributes = 'Path=/tenant/oauth2/token; Max-Age=90; HttpOnly; SameSite=Strict; Secure'
    t.equal(set.headers['set-cookie'], `${name}=tsr_1; ${attributes}`)
    t.same(set.json(), { access_token: 'at', token_type: 'Bearer', expires_in: 600 })
    const sent = { client, origin, cookie: `${name}=tsr_2; tessera-rt-${safe}=x` }
    t.same((await site.inject({ url: '/get', headers: sent })).json(), { read: 'tsr_2' })
  }
})

t.test('O10 no refresh token is in the log, nor what was offered as one', async (t) => {
  await refresh(app, `tsr_canary${'x'.repeat(66)}`)
  t.notMatch(server.log(), aRefreshToken)
  t.notMatch(server.log(), /canaryx/)
})
