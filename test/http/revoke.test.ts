import t from 'tap'
import { dumpOf } from '../support/dump.ts'
import { type App, aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await server.anApp({ first_party: true, resources: ['https://api.example'] })
const logIn = (who = app) => server.logIn(alice, who, {}, visitor)
const revoke = (token: string, who: App | undefined = app, more: Record<string, string> = {}) =>
  server.post('/oauth2/revoke', { token, ...more }, who)
const isActive = async (token: unknown) => (await server.introspect(app, String(token))).active
const dump = () => dumpOf(server.databaseUrl)

t.test('T16 a refresh token ends its family and every access token of it, and no other family', async (t) => {
  const bystander = await logIn()
  const first = await logIn()
  const second = (await server.refresh(app, first.refresh_token)).body
  const { status, headers, body } = await revoke(String(second.refresh_token))
  t.equal(status, 200)
  t.equal(headers.get('content-type'), null, 'an empty answer has no type')
  t.equal(body.text, '')
  for (const token of [first.access_token, second.access_token, second.refresh_token]) t.notOk(await isActive(token))
  t.match(await server.refresh(app, String(second.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
  t.ok(await isActive(bystander.access_token))
  t.match(await server.refresh(app, bystander.refresh_token), { status: 200 })
})

t.test('T16 an old refresh token of the family ends it as well, whatever the hint says', async (t) => {
  const first = await logIn()
  const second = (await server.refresh(app, first.refresh_token)).body
  t.equal((await revoke(first.refresh_token, app, { token_type_hint: 'access_token' })).status, 200)
  t.notOk(await isActive(second.access_token))
})

t.test('T16 an access token is revoked alone', async (t) => {
  const { access_token, refresh_token } = await logIn()
  t.equal((await revoke(access_token)).status, 200)
  t.notOk(await isActive(access_token))
  t.match(await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` }), { status: 401 })
  server.clock.advance({ seconds: 1 })
  const next = await server.refresh(app, refresh_token)
  t.equal(next.status, 200)
  t.ok(await isActive(next.body.access_token))

  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })
  const { body } = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  t.equal((await revoke(String(body.access_token), machine)).status, 200)
  t.same(await server.introspect(machine, String(body.access_token)), { active: false }, 'one without a family too')
})

t.test('T15 T16 unknown, junk, expired and twice: 200, and nothing is changed', async (t) => {
  const { access_token, refresh_token, id_token } = await logIn()
  server.clock.advance({ seconds: 600 })
  await revoke(refresh_token)
  const before = await dump()
  const [header = '', payload = ''] = access_token.split('.')
  for (const token of [refresh_token, access_token, id_token, 'junk', 'tsr_junk', `${header}.${payload}.AAAA`])
    t.equal((await revoke(token)).status, 200)
  t.equal(await dump(), before)
})

t.test("T15 another client's token: an error, and nothing is changed (RFC 7009 §2.1)", async (t) => {
  const { access_token, refresh_token } = await logIn()
  const before = await dump()
  const others = [
    await server.anApp(),
    await server.anApp({ token_endpoint_auth_method: 'none' }),
    await server.anApp({ introspect: 'all' }),
  ]
  const registered = (await dump()).split('\n').length
  for (const who of others)
    for (const token of [access_token, refresh_token])
      t.match(await revoke(token, who), { status: 400, body: { error: 'invalid_request' } })
  t.equal((await dump()).split('\n').length, registered)
  t.ok(registered > before.split('\n').length)
  t.ok(await isActive(access_token))
  t.match(await server.refresh(app, refresh_token), { status: 200 })
})

t.test('T15 who is nobody revokes nothing', async (t) => {
  const { access_token, refresh_token } = await logIn()
  const before = await dump()
  for (const who of [undefined, { ...app, secret: 'wrong' }, { ...app, secret: undefined }])
    for (const token of [access_token, refresh_token]) {
      const answer = await server.post('/oauth2/revoke', { token }, who)
      t.match(answer, { status: 401, body: { error: 'invalid_client' } })
      t.match(answer.headers.get('www-authenticate'), /^Basic /, 'T3')
    }
  t.match(await server.post('/oauth2/revoke', {}, app), { status: 400, body: { error: 'invalid_request' } })
  t.match(await server.get(`/oauth2/revoke?token=${refresh_token}`), { status: 405 })
  t.equal(await dump(), before)
})

t.test('T16 a public client ends its own login', async (t) => {
  const browserApp = await server.anApp({ first_party: true, token_endpoint_auth_method: 'none' })
  const { refresh_token } = await logIn(browserApp)
  t.equal((await revoke(refresh_token, browserApp)).status, 200)
  t.match(await server.refresh(browserApp, refresh_token), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('O10 the revocation is an event with its actor', async (t) => {
  const { refresh_token, access_token } = await logIn()
  await revoke(refresh_token)
  const family = String(claims(access_token).jti).slice(0, 36)
  const [event] = await server.stores.events.list({ familyId: family, limit: 5 })
  t.match(event, {
    kind: 'family_revoked',
    userId: alice.id,
    clientId: app.client_id,
    ip: '127.0.0.1',
    detail: { reason: 'revoked_by_client' },
  })
})
