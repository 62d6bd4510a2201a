import t from 'tap'
import { api, aRefreshScene, files, refused } from '../support/refreshing.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const { alice, visitor, anApp, logIn, logInToBoth, rotate, familyOf, standing, isActive, confidential } =
  await aRefreshScene(server)

t.test('T10 a narrower scope does not narrow later ones, and what exceeds the grant consumes nothing', async (t) => {
  const first = await logIn(confidential, { scope: 'openid offline_access read write' })
  const narrow = await rotate(confidential, first.refresh_token, { scope: 'read' })
  t.equal(narrow.body.scope, 'read')
  t.equal(claims(narrow.body.access_token).scope, 'read')
  t.notOk(narrow.body.id_token, 'without openid there is no ID token')

  const before = await standing()
  for (const scope of ['read email', 'admin', 'READ']) {
    t.match(await server.refresh(confidential, String(narrow.body.refresh_token), { scope }), {
      status: 400,
      body: { error: 'invalid_scope' },
    })
  }
  t.equal(await standing(), before, 'invalid_scope consumed nothing')

  const wide = await rotate(confidential, String(narrow.body.refresh_token))
  t.equal(wide.body.scope, 'openid offline_access read write')
  const repeated = await rotate(confidential, String(wide.body.refresh_token), { scope: String(wide.body.scope) })
  t.equal(repeated.body.scope, 'openid offline_access read write', 'who repeats the granted scope asks for no more')
})

t.test('T11 invalid_target consumes nothing', async (t) => {
  const { refresh_token } = await logInToBoth()
  const before = await standing()
  const targets = ['https://elsewhere.example', '/relative', `${api}#fragment`, 'not a uri']
  for (const resource of targets)
    t.match(await server.refresh(confidential, refresh_token, { resource }), {
      status: 400,
      body: { error: 'invalid_target' },
    })
  t.equal(await standing(), before)
  const { body } = await rotate(confidential, refresh_token, { resource: files })
  t.equal(claims(body.access_token).aud, files, 'aud is exactly the resource')
})

t.test('S22 a person who is disabled refreshes no more, nor after being enabled again', async (t) => {
  const bob = await server.aPerson('bob')
  const first = await server.logIn(bob, confidential)
  const second = await rotate(confidential, first.refresh_token)
  await server.stores.users.disable(bob.id, server.clock.now())
  for (const token of [second.body.refresh_token, first.refresh_token])
    t.match(await server.refresh(confidential, String(token)), refused)
  t.notOk(await isActive(confidential, second.body.access_token))
  await server.stores.users.enable(bob.id)
  t.match(await server.refresh(confidential, String(second.body.refresh_token)), refused)
  t.notOk(await isActive(confidential, second.body.access_token))
})

t.test('S22 a session that ends takes its families with it, but not those with offline_access', async (t) => {
  const carol = await server.aPerson('carol')
  const device = server.visitor()
  const bound = await server.logIn(carol, confidential, { scope: 'openid read' }, device)
  const offline = await server.logIn(carol, confidential, { scope: 'openid offline_access read' }, device)
  await device.visit('/oauth2/logout')
  await device.submit('logout-form', {}, 'logout-confirm')

  t.match(await server.refresh(confidential, bound.refresh_token), refused)
  t.notOk(await isActive(confidential, bound.access_token))
  t.equal((await familyOf(bound.access_token)).revokeReason, 'logged_out')
  await rotate(confidential, offline.refresh_token)
  t.ok(await isActive(confidential, offline.access_token))
})

t.test('S22 a session that expires takes its families with it, but not those with offline_access', async (t) => {
  const dora = await server.aPerson('dora')
  const device = server.visitor()
  const bound = await server.logIn(dora, confidential, { scope: 'openid read' }, device)
  const offline = await server.logIn(dora, confidential, { scope: 'openid offline_access read' }, device)
  server.clock.advance({ seconds: 86_400 })
  t.match(await server.refresh(confidential, bound.refresh_token), refused)
  await rotate(confidential, offline.refresh_token)
})

t.test('a client without the grant gets no refresh token, and cannot use one (T9)', async (t) => {
  const app = await anApp({ grant_types: ['authorization_code'], scope: 'openid read' })
  const { to, verifier } = await server.authorize(alice, app, { scope: 'openid read' }, visitor)
  const { body } = await server.redeem(app, to.searchParams.get('code') ?? '', verifier)
  t.notOk('refresh_token' in body)
  t.notOk('refresh_token_timeout' in body)
  const { refresh_token } = await logIn(confidential)
  const before = await standing()
  t.match(await server.refresh(app, refresh_token), { status: 400, body: { error: 'unauthorized_client' } })
  t.equal(await standing(), before)
})
