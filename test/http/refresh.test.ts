import t from 'tap'
import { withClient } from '../support/database.ts'
import { dumpOf, standingTables } from '../support/dump.ts'
import { type Answer, type App, aServer, claims, type Tokens } from '../support/server.ts'

const api = 'https://api.example'
const files = 'https://files.example'

const server = await aServer(t)
const alice = await server.aPerson('alice')
const visitor = server.visitor()
const refused = { status: 400, body: { error: 'invalid_grant' } }

const anApp = (metadata: Record<string, unknown> = {}) =>
  server.anApp({ first_party: true, resources: [api, files], ...metadata })
const logIn = (app: App, parameters?: Record<string, string>): Promise<Tokens> =>
  server.logIn(alice, app, parameters, visitor)
/** Two resources: what a person grants without naming any is the default one alone. */
const logInToBoth = async (): Promise<Tokens> => {
  const { url, verifier } = server.authorizeUrl(confidential)
  const { leaves } = await visitor.visit(
    `${url}&${new URLSearchParams([
      ['resource', api],
      ['resource', files],
    ])}`,
  )
  const { body } = await server.redeem(confidential, leaves?.searchParams.get('code') ?? '', verifier, {
    resource: api,
  })
  const { access_token, refresh_token, id_token } = body
  return {
    access_token: String(access_token),
    refresh_token: String(refresh_token),
    id_token: String(id_token),
    expires_in: Number(body.expires_in),
    scope: String(body.scope),
  }
}
const rotate = async (app: App, token: string, more?: Record<string, string>): Promise<Answer> => {
  const answer = await server.refresh(app, token, more)
  if (answer.status !== 200) throw new Error(`the refresh was refused: ${JSON.stringify(answer.body)}`)
  return answer
}
const familyIdOf = (token: unknown): string => String(claims(token).jti).slice(0, 36)
const familyOf = async (token: unknown) => {
  const family = await server.stores.families.find(familyIdOf(token))
  if (!family) throw new Error('the family is gone')
  return family
}
const endings = async (token: unknown) => {
  const family = familyIdOf(token)
  const events = await server.stores.events.list({ limit: 500 })
  return events.filter(({ kind, familyId }) => kind === 'family_revoked' && familyId === family)
}
const standing = () => dumpOf(server.databaseUrl, standingTables)
const isActive = async (app: App, token: unknown) => (await server.introspect(app, String(token))).active
const confidential = await anApp()
const browserApp = await anApp({ token_endpoint_auth_method: 'none' })

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

t.test('T19 stale: the token before the last, within the window, ends the family', async (t) => {
  const first = await logIn(confidential)
  const second = await rotate(confidential, first.refresh_token)
  const third = await rotate(confidential, String(second.body.refresh_token))

  t.match(await server.refresh(confidential, first.refresh_token), refused)
  t.match(await endings(first.access_token), [{ detail: { reason: 'stale', generation: 3 } }])
  t.notOk(await isActive(confidential, third.body.access_token))
  t.match(await server.refresh(confidential, String(third.body.refresh_token)), refused)
})

t.test('T19 replayed: the family dies with everything it bought, once, though the answer is an error', async (t) => {
  const bystander = await logIn(confidential)
  const stolen = await logIn(confidential)
  const second = await rotate(confidential, stolen.refresh_token)
  server.clock.advance({ seconds: 10 })
  const third = await rotate(confidential, String(second.body.refresh_token))
  const fourth = await rotate(confidential, String(third.body.refresh_token))
  server.clock.advance({ seconds: 1 })

  const replays = await Promise.all(Array.from({ length: 8 }, () => server.refresh(confidential, stolen.refresh_token)))
  for (const replay of replays) t.match(replay, refused)
  t.equal((await endings(stolen.access_token)).length, 1, 'one event, however many replays')
  t.match(await endings(stolen.access_token), [{ detail: { reason: 'replayed', generation: 4 } }])

  for (const answer of [stolen, second.body, third.body, fourth.body]) {
    t.same(await server.introspect(confidential, String(answer.access_token)), { active: false })
    t.same(await server.introspect(confidential, String(answer.refresh_token)), { active: false })
    const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${answer.access_token}` })
    t.match(userinfo, { status: 401, body: { error: 'invalid_token' } })
    t.match(await server.refresh(confidential, String(answer.refresh_token)), refused)
  }
  t.ok(await isActive(confidential, bystander.access_token), 'the other family of the same person and app lives')
  await rotate(confidential, bystander.refresh_token)
})

t.test('T19 ahead: after a restored backup the newer token is refused, and nothing is revoked', async (t) => {
  const first = await logIn(confidential)
  const second = await rotate(confidential, first.refresh_token)
  await withClient(server.databaseUrl, async (client) => {
    const family = [familyIdOf(first.access_token)]
    await client.query('UPDATE token_families SET generation = 1 WHERE id = $1', family)
    await client.query('DELETE FROM token_pairs WHERE family_id = $1 AND generation = 2', family)
  })
  const before = await standing()
  t.match(await server.refresh(confidential, String(second.body.refresh_token)), refused)
  t.equal(await standing(), before, 'nothing was changed')
  t.equal((await endings(first.access_token)).length, 0)
  t.match(server.log(), /ahead: generation 2 of family/)
  await rotate(confidential, first.refresh_token)
})

t.test('T19 expired: idle, and in the end whatever the use', async (t) => {
  const app = await anApp({ refresh_token_idle_lifetime: 1000, refresh_token_lifetime: 1500 })
  const first = await logIn(app, { scope: 'openid offline_access read' })
  server.clock.advance({ seconds: 999 })
  const second = await rotate(app, first.refresh_token)
  const family = await familyOf(first.access_token)
  t.same(family.idleExpiresAt, family.absoluteExpiresAt, 'the idle expiry never passes the absolute one')
  t.match(second.body, { refresh_token_timeout: 501, authorization_expires_in: 501 })

  server.clock.advance({ seconds: 500 })
  const third = await rotate(app, String(second.body.refresh_token))
  server.clock.advance({ seconds: 1 })
  const before = await standing()
  for (const token of [third.body.refresh_token, second.body.refresh_token, first.refresh_token])
    t.match(await server.refresh(app, String(token)), refused)
  t.equal(await standing(), before, 'an expired family is not revoked as well')

  const idle = await logIn(app, { scope: 'openid offline_access read' })
  server.clock.advance({ seconds: 1000 })
  t.match(await server.refresh(app, idle.refresh_token), refused)
  t.equal((await endings(idle.access_token)).length, 0)
})

t.test('T19 revoked: stays revoked, without another event', async (t) => {
  const { refresh_token, access_token } = await logIn(confidential)
  await server.post('/oauth2/revoke', { token: refresh_token }, confidential)
  for (let round = 0; round < 3; round++) t.match(await server.refresh(confidential, refresh_token), refused)
  t.match(await endings(access_token), [{ detail: { reason: 'revoked_by_client' } }])
})

t.test('T19 a wrong presenter changes nothing, whatever the token would be', async (t) => {
  const thief = await anApp({ token_endpoint_auth_method: 'none' })
  const first = await logIn(confidential)
  const second = await rotate(confidential, first.refresh_token)
  const third = await rotate(confidential, String(second.body.refresh_token))
  const before = await standing()
  for (const app of [thief, browserApp, await anApp()])
    for (const token of [first.refresh_token, second.body.refresh_token, third.body.refresh_token])
      t.match(await server.refresh(app, String(token)), refused)
  t.match(
    await server.post('/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: String(third.body.refresh_token),
      client_id: confidential.client_id,
    }),
    { status: 401, body: { error: 'invalid_client' } },
    'nor does its own client without its secret',
  )
  t.equal(await standing(), before)
  await rotate(confidential, String(third.body.refresh_token))
})

t.test('T19 junk is refused, and no family learns of it', async (t) => {
  const { refresh_token } = await logIn(confidential)
  const bytes = Buffer.from(refresh_token.slice(4), 'base64url')
  const flipped = Array.from({ length: bytes.length }, (_, at) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
    return `tsr_${copy.toString('base64url')}`
  })
  const before = await standing()
  const junk = [
    ...flipped,
    refresh_token.slice(0, -1),
    `${refresh_token}A`,
    `${refresh_token}=`,
    refresh_token.slice(4),
    refresh_token.toUpperCase(),
    `tsr_${bytes.toString('base64')}==`,
    `tsr_ ${refresh_token.slice(4)}`,
    'tsr_',
    '../../etc/passwd',
    "' OR 1=1 --",
  ]
  for (const token of junk) {
    const answer = await server.refresh(confidential, token)
    if (answer.status !== 400 || answer.body.error !== 'invalid_grant') t.fail(`${answer.status} for ${token}`)
  }
  t.match(await server.refresh(confidential, ''), { status: 400, body: { error: 'invalid_request' } })
  t.equal(await standing(), before)
  await rotate(confidential, refresh_token)
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

t.test('the refreshed ID token says who, when and for whom as the first one did (OIDC Core §12.2)', async (t) => {
  const first = await logIn(confidential)
  server.clock.advance({ seconds: 30 })
  const { body } = await rotate(confidential, first.refresh_token)
  const [one, two] = [claims(first.id_token), claims(body.id_token)]
  for (const name of ['iss', 'sub', 'aud', 'auth_time', 'sid', 'azp']) t.equal(two[name], one[name], name)
  t.equal(two.iat, Number(one.iat) + 30)
  t.notOk(two.nonce, 'there was no request to answer')
})
