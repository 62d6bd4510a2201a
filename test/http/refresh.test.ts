import t from 'tap'
import { api, aRefreshScene, files, refused } from '../support/refreshing.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const {
  alice,
  visitor,
  anApp,
  logIn,
  logInToBoth,
  rotate,
  familyIdOf,
  familyOf,
  endings,
  standing,
  isActive,
  confidential,
  browserApp,
} = await aRefreshScene(server)

t.test('T19 rotated: one successor pair, one row in the family, and the last access token lives on', async (t) => {
  const first = await logIn(confidential)
  server.clock.advance({ seconds: 5 })
  const second = await rotate(confidential, first.refresh_token)

  t.not(second.body.refresh_token, first.refresh_token)
  t.equal(second.headers.get('cache-control'), 'no-store', 'T3')
  t.match(claims(second.body.access_token), { jti: /\.2$/, sub: alice.id, client_id: confidential.client_id })
  t.equal(claims(second.body.access_token).iat, Number(claims(first.access_token).iat) + 5)
  t.ok(await isActive(confidential, first.access_token))
  t.ok(await isActive(confidential, second.body.access_token))
  t.notOk(await isActive(confidential, first.refresh_token), 'the old refresh token is not active')
  t.ok(await isActive(confidential, second.body.refresh_token))

  const shown = await server.stores.families.show(familyIdOf(first.access_token))
  t.same(
    shown?.pairs.map(({ generation, verdict }) => [generation, verdict]),
    [
      [1, 'issued'],
      [2, 'rotated'],
    ],
  )
})

for (const [kind, app, window] of [
  ['confidential', confidential, 60],
  ['public', browserApp, 30],
] as const) {
  t.test(`T19 retried: a ${kind} client gets the same pair for ${window} seconds, and not longer`, async (t) => {
    const first = await logIn(app)
    const lost = await rotate(app, first.refresh_token)
    const before = await familyOf(first.access_token)

    for (const seconds of [0, 1, window - 1]) {
      server.clock.advance({ seconds })
      const { status, body } = await server.refresh(app, first.refresh_token)
      t.equal(status, 200, JSON.stringify(body))
      t.equal(body.refresh_token, lost.body.refresh_token, 'the same refresh token')
      t.same(claims(body.access_token), claims(lost.body.access_token), 'the same jti, iat and exp')
    }
    const after = await familyOf(first.access_token)
    t.equal(after.live.generation, 2)
    t.equal(after.retries, 3, 'each was counted')
    t.same(after.idleExpiresAt, before.idleExpiresAt, 'a retry extends no lifetime')
    t.same(after.absoluteExpiresAt, before.absoluteExpiresAt)
    t.equal((await endings(first.access_token)).length, 0)

    server.clock.advance({ seconds: 1 })
    t.match(await server.refresh(app, first.refresh_token), refused, 'one second later it is a replay')
    t.match(await server.refresh(app, String(lost.body.refresh_token)), refused, 'and the family is dead')
    t.match(await endings(first.access_token), [{ detail: { reason: 'replayed' } }])
  })
}

t.test('T19 retry_window: 0 knows no retry', async (t) => {
  const app = await anApp({ retry_window: 0 })
  const { refresh_token, access_token } = await logIn(app)
  await rotate(app, refresh_token)
  server.clock.advance({ seconds: 1 })
  t.match(await server.refresh(app, refresh_token), refused)
  t.equal((await familyOf(access_token)).revokeReason, 'replayed')
})

t.test(
  'T19 a retry that asks for another API gets the same refresh token and an access token of its own',
  async (t) => {
    const first = await logIn(confidential, { resource: api })
    const all = await logInToBoth()
    const rotated = await rotate(confidential, all.refresh_token, { resource: api })
    const other = await rotate(confidential, all.refresh_token, { resource: files })
    const again = await rotate(confidential, all.refresh_token, { resource: files })

    t.equal(claims(rotated.body.access_token).aud, api)
    t.equal(claims(other.body.access_token).aud, files)
    t.equal(other.body.refresh_token, rotated.body.refresh_token)
    t.match(claims(other.body.access_token).jti, /^[0-9a-f-]{36}\.2\.[\w-]{11}$/, 'its own jti')
    t.equal(again.body.access_token, other.body.access_token, 'and its own retry repeats it')
    t.ok(await isActive(confidential, other.body.access_token))

    const narrower = await rotate(confidential, all.refresh_token, { scope: 'read' })
    t.equal(narrower.body.scope, 'read')
    t.equal(narrower.body.refresh_token, rotated.body.refresh_token)
    t.not(claims(narrower.body.access_token).jti, claims(rotated.body.access_token).jti)

    t.match(
      await server.refresh(confidential, first.refresh_token, { resource: files }),
      { status: 400, body: { error: 'invalid_target' } },
      'what the person did not grant stays refused (RFC 8707 §2.2)',
    )
    t.equal((await familyOf(first.access_token)).live.generation, 1, 'and nothing was consumed')
  },
)

t.test('T19 a retry may not ask for more than was granted', async (t) => {
  const { refresh_token, access_token } = await logIn(confidential, { scope: 'openid read' })
  await rotate(confidential, refresh_token)
  const before = await standing()
  t.match(await server.refresh(confidential, refresh_token, { scope: 'read write' }), {
    status: 400,
    body: { error: 'invalid_scope' },
  })
  t.equal(await standing(), before)
  t.equal((await familyOf(access_token)).revokedAt, undefined)
})

t.test('T19 rotation reuse: the refresh token stands still, each access token has its own jti', async (t) => {
  const app = await anApp({ rotation: 'reuse' })
  const { refresh_token, access_token } = await logIn(app)
  const seen = new Set<unknown>([claims(access_token).jti])
  for (let round = 0; round < 4; round++) {
    server.clock.advance({ seconds: 100 })
    const { body } = await rotate(app, refresh_token)
    t.equal(body.refresh_token, refresh_token)
    t.match(claims(body.access_token).jti, /^[0-9a-f-]{36}\.1\.[\w-]{12}$/)
    t.ok(await isActive(app, body.access_token))
    seen.add(claims(body.access_token).jti)
  }
  t.equal(seen.size, 5)
  t.match(await server.refresh(await anApp({ rotation: 'reuse' }), refresh_token), refused, 'another client')
  await server.post('/oauth2/revoke', { token: refresh_token }, app)
  t.match(await server.refresh(app, refresh_token), refused, 'revoked')
})

t.test('refresh_token_timeout and authorization_expires_in count down to the expiries', async (t) => {
  const app = await anApp({
    refresh_token_idle_lifetime: 1000,
    refresh_token_lifetime: 5000,
    access_token_lifetime: 60,
  })
  const { to, verifier } = await server.authorize(alice, app, {}, visitor)
  const first = await server.redeem(app, to.searchParams.get('code') ?? '', verifier)
  t.match(first.body, { expires_in: 60, refresh_token_timeout: 1000, authorization_expires_in: 5000 })
  server.clock.advance({ seconds: 400 })
  const second = await rotate(app, String(first.body.refresh_token))
  t.match(second.body, { expires_in: 60, refresh_token_timeout: 1000, authorization_expires_in: 4600 })
  server.clock.advance({ seconds: 20 })
  const retried = await rotate(app, String(first.body.refresh_token))
  t.match(retried.body, { expires_in: 40, refresh_token_timeout: 980, authorization_expires_in: 4580 })
})

t.test('the refreshed ID token says who, when and for whom as the first one did (OIDC Core §12.2)', async (t) => {
  const first = await logIn(confidential)
  server.clock.advance({ seconds: 30 })
  const { body } = await rotate(confidential, first.refresh_token)
  const [one, two] = [claims(first.id_token), claims(body.id_token)]
  for (const name of ['iss', 'sub', 'aud', 'auth_time', 'sid', 'azp']) t.equal(two[name], one[name], name)
  t.equal(two.iat, Number(one.iat) + 30)
  t.notOk(two.nonce, 'there was no request to answer')
})
