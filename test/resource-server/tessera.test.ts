import t from 'tap'
import { introspect, type ProtectOptions, protect, TokenRefused } from '../../src/resource-server/index.ts'
import { aServer, claims } from '../support/server.ts'
import { until } from '../support/until.ts'

const api = 'https://api.example'
const server = await aServer(t)
const replica = await aServer(t, { beside: server })
const app = await server.anApp({ first_party: true, resources: [api] })
const alice = await server.aPerson()
const options = { issuer: server.issuer, audience: api, now: server.clock.now, feedWait: 60, timeout: 60_000 }
const guard = protect(options)
t.teardown(() => guard.close())

const verdict = (token: unknown, by = guard): Promise<string> =>
  by.verify(String(token), 'read').then(
    () => 'passes',
    (error: unknown) => (error instanceof TokenRefused ? error.reason : String(error)),
  )
const refuses = (token: unknown, reason: RegExp) => until(async () => reason.test(await verdict(token)))

t.test('a token of the server passes, with its person, client and session', async (t) => {
  const { access_token } = await server.logIn(alice, app)
  const token = await guard.verify(access_token, 'read')
  t.match(token, { sub: alice.id, client_id: app.client_id, acr: '1', aud: [api], sid: claims(access_token).sid })
})

t.test('what a second server revokes is refused, and nothing else', async (t) => {
  const visitor = server.visitor()
  const [one, other] = [await server.logIn(alice, app, {}, visitor), await server.logIn(alice, app, {}, visitor)]
  t.equal(await verdict(one.access_token), 'passes')
  const { status } = await replica.post('/oauth2/revoke', { token: one.refresh_token }, app)
  t.equal(status, 200)
  await refuses(one.access_token, /its family was revoked/)
  t.equal(await verdict(other.access_token), 'passes')
})

t.test('a replayed refresh token ends what it bought (RFC 9700 §4.14.2)', async (t) => {
  const first = await server.logIn(alice, app)
  await server.refresh(app, first.refresh_token)
  server.clock.advance({ seconds: 1 })
  const { body } = await server.refresh(app, first.refresh_token)
  t.equal(await verdict(body.access_token), 'passes', 'a retry is none')
  const second = (await server.refresh(app, String(body.refresh_token))).body
  server.clock.advance({ seconds: 120 })
  t.equal((await replica.refresh(app, first.refresh_token)).body.error, 'invalid_grant')
  await refuses(second.access_token, /its family was revoked/)
})

t.test('a stale list is made up for by introspection at the server', async (t) => {
  const staleFeed: ProtectOptions['staleFeed'] = introspect({
    clientId: app.client_id,
    clientSecret: String(app.secret),
  })
  // A list that is stale from the first second: each token is asked about.
  const asking = protect({ ...options, staleFeed, maxFeedAge: 0, clockTolerance: 0 })
  t.teardown(() => asking.close())
  const { access_token, refresh_token } = await server.logIn(alice, app)
  await asking.ready()
  asking.close()
  server.clock.advance({ seconds: 1 })
  t.equal(await verdict(access_token, asking), 'passes')
  await server.post('/oauth2/revoke', { token: refresh_token }, app)
  t.match(await verdict(access_token, asking), /not active/)
})
