import t, { type Test } from 'tap'
import { dumpOf } from '../support/dump.ts'
import { type Answer, type App, aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const anApp = (metadata: Record<string, unknown> = {}) =>
  server.anApp({ first_party: true, resources: [api], ...metadata })
const app = await anApp()
const logIn = (who = app, parameters?: Record<string, string>) => server.logIn(alice, who, parameters, visitor)
const ask = (token: string, who: App | undefined, more: Record<string, string> = {}) =>
  server.post('/oauth2/introspect', { token, ...more }, who)
const inactive = { active: false }
const isNothing = (t: Test, answer: Answer, why: string) => t.same([answer.status, answer.body], [200, inactive], why)

t.test('T15 an active token is described in full, to whom it belongs (RFC 7662 §2.2)', async (t) => {
  const { access_token, refresh_token } = await logIn()
  const { status, headers, body } = await ask(access_token, app)
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.same(body, { active: true, token_type: 'Bearer', ...claims(access_token) })
  const refresh = await ask(refresh_token, app)
  t.match(refresh.body, {
    active: true,
    token_type: 'refresh_token',
    sub: alice.id,
    client_id: app.client_id,
    iss: server.issuer,
    scope: 'openid offline_access read',
    exp: Number,
  })
})

t.test('T15 OIDC Core §5.4 and §8.1: by which name a person logs in is told where profile was granted', async (t) => {
  const scope = 'openid profile read'
  for (const [subject_type, asked, username] of [
    ['public', scope, 'alice'],
    ['public', 'openid read', undefined],
    ['pairwise', scope, undefined],
  ] as const) {
    const owner = await anApp({ subject_type, scope })
    const { access_token } = await logIn(owner, { scope: asked })
    const { body } = await ask(access_token, owner)
    t.same([body.active, body.username], [true, username], `${subject_type} ${asked}`)
  }
})

t.test('T15 who does not prove who it is gets 401, for a good token too', async (t) => {
  const { access_token } = await logIn()
  const browserApp = await anApp({ token_endpoint_auth_method: 'none' })
  for (const [who, headers] of [
    [undefined, {}],
    [{ ...app, secret: 'wrong' }, {}],
    [browserApp, {}],
    [undefined, { authorization: `Bearer ${access_token}` }],
  ] as const) {
    const answer = await server.post('/oauth2/introspect', { token: access_token }, who, headers)
    t.match(answer, { status: 401, body: { error: 'invalid_client' } })
    t.match(answer.headers.get('www-authenticate'), /^Basic /, 'T3')
    t.notOk('active' in answer.body)
  }
})

t.test('T15 whoever is not entitled learns nothing, not even why', async (t) => {
  const { access_token, refresh_token } = await logIn()
  const stranger = await anApp({ resources: ['https://elsewhere.example'], introspect: 'resources' })
  const own = await anApp()
  const resource = await anApp({ introspect: 'resources' })
  const all = await anApp({ introspect: 'all', resources: [] })
  isNothing(t, await ask(access_token, stranger), 'a resource server of another audience')
  isNothing(t, await ask(access_token, own), 'an app that sees its own tokens')
  for (const who of [stranger, own, resource, all]) isNothing(t, await ask(refresh_token, who), 'a refresh token')
  t.match((await ask(access_token, resource)).body, { active: true }, 'the resource server it is for')
  t.match((await ask(access_token, all)).body, { active: true })
})

t.test('T15 T12 what is no token is inactive', async (t) => {
  const { access_token, id_token, refresh_token } = await logIn()
  const [header = '', payload = '', signature = ''] = access_token.split('.')
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const junk: readonly [string, string][] = [
    ['an ID token', id_token],
    ['alg none', `${encoded({ alg: 'none', typ: 'at+jwt' })}.${payload}.`],
    ['the algorithm changed', `${encoded({ alg: 'HS256', typ: 'at+jwt' })}.${payload}.${signature}`],
    ['claims changed', `${header}.${encoded({ ...claims(access_token), sub: 'root' })}.${signature}`],
    ['no signature', `${header}.${payload}`],
    ['a foreign kid', `${encoded({ alg: 'RS256', typ: 'at+jwt', kid: '../x' })}.${payload}.${signature}`],
    ['a kid that is an object', `${encoded({ alg: 'RS256', typ: 'at+jwt', kid: {} })}.${payload}.${signature}`],
    ['a refresh token cut short', refresh_token.slice(0, -4)],
    ['text', 'x'.repeat(20_000)],
    ['SQL', "'; DROP TABLE users; --"],
    ['JSON', '{"active":true}'],
  ]
  for (const [why, token] of junk) isNothing(t, await ask(token, app), why)
  for (const token_type_hint of ['refresh_token', 'access_token', 'id_token', 'nonsense', '__proto__'])
    for (const token of [access_token, refresh_token])
      t.match(
        (await ask(token, app, { token_type_hint })).body,
        { active: true },
        `the hint ${token_type_hint} is a hint`,
      )
  t.match(await server.post('/oauth2/introspect', {}, app), { status: 400, body: { error: 'invalid_request' } })
  t.match(await server.get('/oauth2/introspect'), { status: 405 }, 'only POST')
})

t.test('T15 expired, revoked, and every not-before', async (t) => {
  const expired = await logIn()
  server.clock.advance({ seconds: 600 })
  isNothing(t, await ask(expired.access_token, app), 'at its exp')

  const bob = await server.aPerson('bob')
  const mine = await server.logIn(bob, app)
  await server.stores.users.setPassword(bob.id, 'irrelevant', server.clock.now())
  isNothing(t, await ask(mine.access_token, app), 'the person changed the password')
  isNothing(t, await ask(mine.refresh_token, app), 'and the refresh token')

  const other = await anApp({ introspect: 'all' })
  const short = await anApp()
  const theirs = await logIn(short)
  await server.stores.clients.disable(short.client_id, server.clock.now())
  isNothing(t, await ask(theirs.access_token, other), 'the client is disabled')
  await server.stores.clients.enable(short.client_id, server.clock.now())
  isNothing(t, await ask(theirs.access_token, other), 'nor when it is enabled again')

  const machine = await anApp({ grant_types: ['client_credentials'], redirect_uris: [], scope: 'read' })
  const { body } = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  const token = String(body.access_token)
  t.match((await ask(token, machine)).body, { active: true, sub: machine.client_id })
  await server.stores.clients.disable(machine.client_id, server.clock.now())
  isNothing(t, await ask(token, other), 'a client token after its client was disabled')
})

t.test('T15 T16 what its client is registered for no longer, a token does not open', async (t) => {
  const scope = 'openid profile offline_access read write'
  const [owner, other] = [await anApp({ scope }), await anApp({ introspect: 'all' })]
  const carol = await server.aPerson('carol', { name: 'Carol' })
  const { access_token } = await server.logIn(carol, owner, { scope })
  const userinfo = () => server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` })
  const lose = async (left: string) => {
    const client = await server.stores.clients.find(owner.client_id)
    if (!client) throw new Error('no client')
    const { client_id, secrets, disabledAt, notBefore, createdAt, registration, ...metadata } = client
    await server.stores.clients.update(client_id, { ...metadata, scope: left }, server.clock.now())
  }
  t.match((await ask(access_token, other)).body, { scope, username: 'carol' })
  t.match((await userinfo()).body, { name: 'Carol' })
  await lose('openid offline_access read')
  t.match((await ask(access_token, other)).body, { scope: 'openid offline_access read', username: undefined })
  t.same((await userinfo()).body, { sub: carol.id })
  await lose('read')
  t.match((await ask(access_token, other)).body, { active: true, scope: 'read' })
  t.match(await userinfo(), { status: 403, body: { error: 'insufficient_scope' } })
  await lose('offline_access email')
  isNothing(t, await ask(access_token, other), 'nothing but the right to go on asking')
  t.match(await userinfo(), { status: 401, body: { error: 'invalid_token' } })
})

t.test('T15 introspection changes nothing', async (t) => {
  const { access_token, refresh_token } = await logIn()
  const before = await dumpOf(server.databaseUrl)
  for (const token of [access_token, refresh_token, 'junk']) await ask(token, app)
  t.equal(await dumpOf(server.databaseUrl), before)
})
