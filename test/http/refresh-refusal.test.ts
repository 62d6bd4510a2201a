import t from 'tap'
import { withClient } from '../support/database.ts'
import { aRefreshScene, refused } from '../support/refreshing.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const { anApp, logIn, rotate, familyIdOf, familyOf, endings, standing, isActive, confidential, browserApp } =
  await aRefreshScene(server)

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
