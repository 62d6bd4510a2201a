import type pg from 'pg'
import t from 'tap'
import { withClient } from '../support/database.ts'
import { api, aRefreshScene, files, refused } from '../support/refreshing.ts'
import { aServer, claims } from '../support/server.ts'
import { aWaiter } from '../support/waiter.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const { anApp, logIn, logInToBoth, rotate, familyIdOf, familyOf, eventsOf, noticesOf, refreshFrom, confidential } =
  await aRefreshScene(server)
const phone = { ip: '198.51.100.7', userAgent: 'a phone' }
const oneApi = { resources: [api] }

t.test('early_refresh observe, the default: the refresh succeeds, with one event for the family', async (t) => {
  const { access_token, refresh_token } = await logIn(confidential)
  server.clock.advance({ seconds: 299 })
  const early = await refreshFrom(phone, confidential, refresh_token)
  t.equal(early.status, 200)
  const [event, ...more] = await eventsOf(access_token)
  t.match(event, { kind: 'early_refresh', at: server.clock.now(), ...phone, clientId: confidential.client_id })
  t.same(event?.detail, { presented: 1, generation: 2, remaining: 301, lifetime: 600 })
  t.same(more, [])

  server.clock.advance({ seconds: 300 })
  const due = await rotate(confidential, String(early.body.refresh_token))
  t.equal((await eventsOf(access_token)).length, 1, 'half of the life is over: it is due')
  const again = await rotate(confidential, String(due.body.refresh_token))
  t.equal((await eventsOf(access_token)).length, 1, 'early once more: who does it always is told of once')
  server.clock.advance({ seconds: 601 })
  await rotate(confidential, String(again.body.refresh_token))
  t.equal((await eventsOf(access_token)).length, 1)
  t.same(await noticesOf(access_token), [])
  t.equal((await familyOf(access_token)).revokedAt, undefined)
})

t.test('early_refresh allow says nothing', async (t) => {
  const app = await anApp({ early_refresh: 'allow' })
  const { access_token, refresh_token } = await logIn(app)
  await rotate(app, refresh_token)
  t.same(await eventsOf(access_token), [])
})

t.test('early_refresh revoke: the family ends with everything it bought, and the person is told once', async (t) => {
  const app = await anApp({ early_refresh: 'revoke', ...oneApi })
  const { access_token, refresh_token } = await logIn(app)
  server.clock.advance({ seconds: 300 })
  const due = await rotate(app, refresh_token)
  t.match(await server.refresh(app, refresh_token), { status: 200 }, 'a retry is not early')
  server.clock.advance({ seconds: 61 })

  const token = String(due.body.refresh_token)
  const answers = await Promise.all(Array.from({ length: 8 }, () => refreshFrom(phone, app, token)))
  for (const answer of answers) t.match(answer, refused)
  const events = await eventsOf(access_token)
  t.match(events, [{ kind: 'family_revoked', ...phone }])
  t.same(events[0]?.detail, { reason: 'early_refresh', presented: 2, generation: 2, remaining: 539, lifetime: 600 })
  t.equal(events.length, 1)
  t.same(await noticesOf(access_token), ['early_refresh'])
  t.same(await server.introspect(app, String(due.body.access_token)), { active: false })
})

t.test('early_refresh revoke: another client changes nothing, and too wide a scope consumes nothing', async (t) => {
  const app = await anApp({ early_refresh: 'revoke', ...oneApi })
  const { access_token, refresh_token } = await logIn(app)
  t.match(await server.refresh(confidential, refresh_token), refused)
  t.match(await server.refresh(app, refresh_token, { scope: 'admin' }), { body: { error: 'invalid_scope' } })
  t.equal((await familyOf(access_token)).revokedAt, undefined)
  server.clock.advance({ seconds: 300 })
  await rotate(app, refresh_token)
})

t.test('two APIs take turns: a request for the other one is not early, for the same one it is', async (t) => {
  const { access_token, refresh_token } = await logInToBoth()
  t.equal(claims(access_token).aud, api)
  const second = await rotate(confidential, refresh_token, { resource: files })
  const third = await rotate(confidential, String(second.body.refresh_token), { resource: api })
  const fourth = await rotate(confidential, String(third.body.refresh_token), { resource: files })
  t.same(await eventsOf(access_token), [])
  await rotate(confidential, String(fourth.body.refresh_token), { resource: files })
  t.match(await eventsOf(access_token), [{ kind: 'early_refresh', detail: { presented: 4, generation: 5 } }])
})

t.test('under rotation reuse nothing is early', async (t) => {
  const app = await anApp({ rotation: 'reuse' })
  const { access_token, refresh_token } = await logIn(app)
  await rotate(app, refresh_token)
  t.same(await eventsOf(access_token), [])
})

t.test('READ COMMITTED: beside a winner the loser reports nothing early, and is answered with the pair', async (t) => {
  const { access_token, refresh_token } = await logIn(confidential)
  const id = familyIdOf(access_token)
  const answer = await withClient(server.databaseUrl, async (winner: pg.Client) => {
    await winner.query('BEGIN')
    await winner.query('UPDATE token_families SET generation = 2 WHERE id = $1', [id])
    const loser = server.refresh(confidential, refresh_token)
    await aWaiter(server.databaseUrl)
    await winner.query('COMMIT')
    return loser
  })
  t.equal(answer.status, 200)
  t.match(claims(answer.body.access_token).jti, /\.2$/)
  t.same(await eventsOf(access_token), [])
})

t.test('READ COMMITTED: who waited for a writer that let the generation stand reports what is true', async (t) => {
  const { access_token, refresh_token } = await logIn(confidential)
  const id = familyIdOf(access_token)
  server.clock.advance({ seconds: 100 })
  const answer = await withClient(server.databaseUrl, async (other: pg.Client) => {
    await other.query('BEGIN')
    await other.query('UPDATE token_families SET retries = retries + 1 WHERE id = $1', [id])
    const waiting = server.refresh(confidential, refresh_token)
    await aWaiter(server.databaseUrl)
    await other.query('COMMIT')
    return waiting
  })
  t.equal(answer.status, 200)
  const events = await eventsOf(access_token)
  t.same(
    events.map(({ kind, detail }) => ({ kind, ...detail })),
    [{ kind: 'early_refresh', presented: 1, generation: 2, remaining: 500, lifetime: 600 }],
  )
})
