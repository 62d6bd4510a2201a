import t from 'tap'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { dumpOf, standingTables } from '../support/dump.ts'
import { type App, aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const files = 'https://files.example'
const everything = 'openid profile email offline_access read write'

const server = await aServer(t)
const alice = await server.aPerson('alice', { name: 'Alice', email: 'alice@example.org' })
const visitor = server.visitor()
const metadataOf = (more: Record<string, unknown> = {}) => ({
  client_name: 'An app',
  redirect_uris: ['https://app.example/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: everything,
  first_party: true,
  resources: [api, files],
  ...more,
})
const anApp = (more?: Record<string, unknown>) => server.anApp(metadataOf(more))
const register = (app: App, more?: Record<string, unknown>) =>
  server.stores.clients.update(app.client_id, checkMetadata(metadataOf(more)), server.clock.now())
const logIn = (app: App, parameters?: Record<string, string>) => server.logIn(alice, app, parameters, visitor)
const standing = () => dumpOf(server.databaseUrl, standingTables)
const invalidScope = { status: 400, body: { error: 'invalid_scope' } }
const invalidTarget = { status: 400, body: { error: 'invalid_target' } }

for (const rotation of ['rotate', 'reuse'] as const) {
  t.test(`T10 a scope that the client lost is not refreshed (rotation: ${rotation}, RFC 6749 §6)`, async (t) => {
    const app = await anApp({ rotation })
    const first = await logIn(app, { scope: 'openid offline_access read write' })
    await register(app, { rotation, scope: 'openid offline_access read' })

    const before = await standing()
    t.match(await server.refresh(app, first.refresh_token, { scope: 'read write' }), invalidScope)
    t.equal(await standing(), before, 'and nothing was consumed')
    const { body } = await server.refresh(app, first.refresh_token)
    t.equal(body.scope, 'openid offline_access read')
    t.equal(claims(body.access_token).scope, 'openid offline_access read')
    t.match(await server.introspect(app, String(body.refresh_token)), { scope: 'openid offline_access read' })

    await register(app, { rotation, scope: `${everything} admin` })
    const { body: later } = await server.refresh(app, String(body.refresh_token))
    t.equal(later.scope, 'openid offline_access read write', 'at most what the person granted comes back')
  })

  t.test(`T10 a family whose whole scope is gone gets invalid_scope (rotation: ${rotation})`, async (t) => {
    const app = await anApp({ rotation })
    const { refresh_token } = await logIn(app, { scope: 'offline_access read' })
    for (const scope of ['openid offline_access write', 'openid write']) {
      await register(app, { rotation, scope })
      const before = await standing()
      t.match(await server.refresh(app, refresh_token), invalidScope, scope)
      t.match(await server.refresh(app, refresh_token, { scope: 'read' }), invalidScope)
      t.match(await server.refresh(app, refresh_token, { scope: 'offline_access' }), invalidScope)
      t.equal(await standing(), before)
      t.same(await server.introspect(app, refresh_token), { active: false })
    }
  })

  t.test(`T11 a resource that the client lost is not refreshed (rotation: ${rotation}, RFC 8707 §2.2)`, async (t) => {
    const app = await anApp({ rotation })
    const { refresh_token } = await logIn(app)
    await register(app, { rotation, resources: [files] })
    const before = await standing()
    t.match(await server.refresh(app, refresh_token), invalidTarget, 'the one resource granted is gone')
    t.match(await server.refresh(app, refresh_token, { resource: api }), invalidTarget)
    t.match(await server.refresh(app, refresh_token, { resource: files }), invalidTarget, 'nobody granted that one')
    t.equal(await standing(), before)
    await register(app, { rotation })
    t.equal(claims((await server.refresh(app, refresh_token)).body.access_token).aud, api)
  })
}

t.test('T11 of two resources granted the one that is left is the default', async (t) => {
  const app = await anApp()
  const { url, verifier } = server.authorizeUrl(app)
  const both = [api, files].map((uri) => `&resource=${encodeURIComponent(uri)}`).join('')
  const { leaves } = await visitor.visit(url + both)
  const { body: first } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)
  t.equal(claims(first.access_token).aud, api)
  await register(app, { resources: [files] })
  const { body } = await server.refresh(app, String(first.refresh_token))
  t.equal(claims(body.access_token).aud, files)
})

t.test('T19 a retry after the client lost a scope repeats what is left of it', async (t) => {
  const app = await anApp()
  const first = await logIn(app)
  const rotated = await server.refresh(app, first.refresh_token)
  await register(app, { scope: 'openid offline_access' })
  const retried = await server.refresh(app, first.refresh_token)
  t.equal(retried.body.refresh_token, rotated.body.refresh_token)
  t.equal(retried.body.scope, 'openid offline_access')
})

t.test('S22 without offline_access in its registration a family ends with its session', async (t) => {
  const app = await anApp()
  const device = server.visitor()
  const offline = await server.logIn(alice, app, {}, device)
  await register(app, { scope: 'openid read' })
  const { body } = await server.refresh(app, offline.refresh_token)
  t.equal(body.scope, 'openid read')
  await device.visit('/oauth2/logout')
  await device.submit('logout-form', {}, 'logout-confirm')
  t.match(await server.refresh(app, String(body.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
  t.same(await server.introspect(app, String(body.refresh_token)), { active: false })
  t.same(await server.introspect(app, String(body.access_token)), { active: false })
})

t.test('S7 without openid there is no ID token, without email no claim that was asked for by name', async (t) => {
  const app = await anApp()
  const asked = JSON.stringify({ id_token: { email: null, name: null }, userinfo: { email: null } })
  const first = await logIn(app, { scope: everything, claims: asked })
  t.match(claims(first.id_token), { email: 'alice@example.org', name: 'Alice' })
  await register(app, { scope: 'openid profile offline_access' })
  const { body } = await server.refresh(app, first.refresh_token)
  t.equal(claims(body.id_token).name, 'Alice')
  t.notOk('email' in claims(body.id_token))
  const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${body.access_token}` })
  t.equal(userinfo.body.name, 'Alice')
  t.notOk('email' in userinfo.body)

  await register(app, { scope: 'read offline_access' })
  t.match(await server.refresh(app, String(body.refresh_token), { scope: 'openid' }), invalidScope)
  const { body: bare } = await server.refresh(app, String(body.refresh_token))
  t.equal(bare.scope, 'offline_access read')
  t.notOk('id_token' in bare)
})

t.test('T15 a client created again under the id of one that was deleted inherits no token', async (t) => {
  const observer = await server.anApp({ introspect: 'all' })
  const app = await anApp({ grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] })
  const person = await logIn(app)
  const machine = await server.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'read' }, app)
  const tokens = [person.access_token, String(machine.body.access_token)]
  for (const token of tokens) t.match(await server.introspect(observer, token), { active: true })

  server.clock.advance({ seconds: 1 })
  const secrets = (await server.stores.clients.find(app.client_id))?.secrets ?? []
  await server.stores.clients.delete(app.client_id, server.clock.now())
  await server.stores.clients.create(app.client_id, checkMetadata(metadataOf()), secrets, server.clock.now())
  for (const token of [...tokens, person.refresh_token])
    for (const who of [observer, app]) t.same(await server.introspect(who, token), { active: false })
  t.match(await server.refresh(app, person.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  t.match(await server.get('/oauth2/userinfo', { authorization: `Bearer ${person.access_token}` }), { status: 401 })

  const again = await logIn(app)
  t.match(await server.introspect(observer, again.access_token), { active: true }, 'of the same second as the client')
})
