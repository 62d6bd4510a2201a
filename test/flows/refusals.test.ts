import t from 'tap'
import { aServer, claims } from '../support/server.ts'

t.test('S5 a no on the consent page is a no, whatever was allowed in another tab', async (t) => {
  const server = await aServer(t)
  const [alice, app, visitor] = [await server.aPerson(), await server.anApp(), server.visitor()]
  await visitor.visit(server.authorizeUrl(app, { state: 'A' }).url)
  const inTabA = await visitor.submit(
    'login-form',
    { username: alice.username, password: alice.password },
    'login-submit',
  )
  t.ok((await server.authorize(alice, app, { state: 'B' }, visitor)).to.searchParams.has('code'), 'allowed in tab B')

  const form = inTabA.forms.find(({ id }) => id === 'consent-form')
  const body = new URLSearchParams({ ...form?.fields, decision: 'deny' })
  const { leaves } = await visitor.visit(new URL(form?.action ?? '', inTabA.url).href, { method: 'POST', body })
  t.equal(leaves?.searchParams.get('error'), 'access_denied')
  t.equal(leaves?.searchParams.get('code'), null)
})

t.test('S7 the claims parameter gives nothing that no scope asked for', async (t) => {
  const server = await aServer(t)
  const alice = await server.aPerson('alice', { email: 'alice@example.com', name: 'Alice' })
  const app = await server.anApp()
  const asked = JSON.stringify({
    userinfo: { email: null, name: null },
    id_token: { email: { essential: true }, name: null },
  })
  const tokens = await server.logIn(alice, app, { scope: 'openid profile', claims: asked })
  const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
  t.match(userinfo.body, { name: 'Alice' })
  t.notOk('email' in userinfo.body)
  t.match(claims(tokens.id_token), { name: 'Alice' })
  t.notOk('email' in claims(tokens.id_token))
})

t.test('O12 what JSON can say in claims and a database cannot hold is invalid_request', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp()
  for (const value of ['"\\u0000"', '"\\ud800"', '{"a":"\\u0000"}', `${'['.repeat(500)}${']'.repeat(500)}`])
    for (const member of [`"value":${value}`, `"values":[${value}]`]) {
      const page = await server
        .visitor()
        .visit(server.authorizeUrl(app, { claims: `{"id_token":{"acr":{${member}}}}` }).url)
      t.equal(page.leaves?.searchParams.get('error'), 'invalid_request', member.slice(0, 40))
    }
})

t.test('an ID token of a client that reuses its refresh token is as fresh as its access token', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp({ rotation: 'reuse' })
  const { refresh_token } = await server.logIn(await server.aPerson(), app)
  server.clock.advance({ seconds: 3600 })
  const { body } = await server.refresh(app, refresh_token)
  t.equal(claims(body.id_token).iat, claims(body.access_token).iat)
  t.equal(claims(body.id_token).exp, claims(body.access_token).exp)
})

t.test('an issuer whose path looks like one of our pages logs people in', async (t) => {
  const server = await aServer(t, { path: '/login' })
  const app = await server.anApp()
  t.ok((await server.logIn(await server.aPerson(), app)).access_token)
})

t.test('S11 proxies that report ports: guesses from five addresses keep nobody else out', async (t) => {
  const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
  const [alice, app] = [await server.aPerson(), await server.anApp()]
  const attempt = async (from: string, password: string) => {
    const [visitor, headers] = [server.visitor(), { 'x-forwarded-for': from }]
    await visitor.visit(server.authorizeUrl(app).url)
    return visitor.submit('login-form', { username: alice.username, password }, 'login-submit', { headers })
  }
  for (let host = 1; host <= 6; host++) t.equal((await attempt(`192.0.2.${host}:5000`, 'wrong')).status, 401, `${host}`)
  t.equal((await attempt('198.51.100.1:6000', alice.password)).status, 200, 'the consent page')
})

t.test('T23 an opaque origin is nobody, whatever scheme an app registered', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp({ token_endpoint_auth_method: 'none', redirect_uris: ['com.example.app:/cb'] })
  const { headers } = await server.post('/oauth2/token', { grant_type: 'refresh_token' }, app, { origin: 'null' })
  t.equal(headers.get('access-control-allow-origin'), null)
})

t.test('the first administrator voids every link that makes one', async (t) => {
  const server = await aServer(t)
  const now = server.clock.now()
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  for (const hash of [one, other]) await server.stores.adminLinks.create(hash, now, new Date(now.getTime() + 1000))
  const admin = {
    username: 'root',
    usernameKey: 'root',
    passwordHash: undefined,
    claims: {},
    admin: true,
    createdAt: now,
  }
  t.equal(await server.stores.adminLinks.spend(one, { ...admin, id: crypto.randomUUID() }, now), true)
  t.equal(await server.stores.adminLinks.isOpen(other, now), false)
})
