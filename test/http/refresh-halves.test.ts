import t, { type Test } from 'tap'
import { aRefreshScene, refused } from '../support/refreshing.ts'
import { type App, aServer, claims, type Tokens } from '../support/server.ts'
import { otherwiseSigned } from '../support/signed.ts'

const server = await aServer(t)
const scene = await aRefreshScene(server)
const { anApp, logIn, rotate, familyOf, eventsOf, noticesOf, standing, isActive } = scene
const enforcing = await anApp({ pair_binding: 'enforce' })
const observing = await anApp({ pair_binding: 'observe' })
const machine = await server.anApp({
  grant_types: ['client_credentials'],
  redirect_uris: [],
  scope: 'read',
  resources: ['https://api.example'],
})

const isEnded = async (t: Test, app: App, { access_token, refresh_token }: Tokens, detail: object) => {
  t.match(await server.refresh(app, refresh_token), refused)
  t.equal((await familyOf(access_token)).revokeReason, 'pair_mismatch')
  t.notOk(await isActive(app, access_token), 'both halves are revoked')
  const ends = (await eventsOf(access_token)).filter(({ kind }) => kind === 'family_revoked')
  t.same(
    ends.map((end) => end.detail),
    [{ reason: 'pair_mismatch', ...detail }],
    'one event',
  )
  t.same(await noticesOf(access_token), ['pair_mismatch'], 'and one notice')
}

t.test('pair_binding enforce: the pair together buys the next one, however long ago its token expired', async (t) => {
  const first = await logIn(enforcing, { scope: 'openid offline_access read write' })
  const second = await rotate(enforcing, first.refresh_token, { access_token: first.access_token })
  server.clock.advance({ seconds: 30 })
  const retried = await rotate(enforcing, first.refresh_token, { access_token: first.access_token })
  t.same(claims(retried.body.access_token), claims(second.body.access_token), 'a retry brings what the request brought')
  const beside = await rotate(enforcing, first.refresh_token, { access_token: first.access_token, scope: 'read' })
  t.match(claims(beside.body.access_token).jti, /\.2\.[\w-]{11}$/)

  server.clock.advance({ seconds: 13 * 86_400 })
  const half = String(beside.body.access_token)
  const third = await rotate(enforcing, String(second.body.refresh_token), { access_token: half })
  t.match(claims(third.body.access_token).jti, /\.3$/, 'a token from beside the pair is a half as well')
  t.same(
    (await eventsOf(first.access_token)).map(({ kind }) => kind),
    ['early_refresh'],
    'only what the default observes',
  )
})

t.test('a key that is gone still recognises its half, and honours nothing', async (t) => {
  const { access_token, refresh_token } = await logIn(enforcing)
  t.same((await server.keys.rotate('RS256', { emergency: true })).breaks.length, 1)
  t.notOk(await isActive(enforcing, access_token), 'the token itself is void')
  t.match(await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` }), { status: 401 })
  await rotate(enforcing, refresh_token, { access_token })
})

t.test('pair_binding enforce under rotation reuse: any token of the family is a half', async (t) => {
  const app = await anApp({ pair_binding: 'enforce', rotation: 'reuse' })
  const { access_token, refresh_token } = await logIn(app)
  const second = await rotate(app, refresh_token, { access_token })
  await rotate(app, refresh_token, { access_token: String(second.body.access_token) })
  await rotate(app, refresh_token, { access_token })
  t.match(await server.refresh(app, refresh_token), refused)
  t.equal((await familyOf(access_token)).revokeReason, 'pair_mismatch')
})

t.test('pair_binding enforce: a missing half ends the family', async (t) => {
  const pair = await logIn(enforcing)
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.refresh(enforcing, pair.refresh_token)))
  for (const answer of answers) t.match(answer, refused)
  await isEnded(t, enforcing, pair, { presented: 1, generation: 1, half: 'missing' })
})

const foreign: Readonly<Record<string, (pair: Tokens) => Promise<string>>> = {
  junk: async () => 'junk',
  'a wrong signature': async ({ access_token }) => otherwiseSigned(access_token),
  'the ID token': async ({ id_token }) => id_token,
  'the refresh token': async ({ refresh_token }) => refresh_token,
  'another family of the same person and client': async () => (await logIn(enforcing)).access_token,
  "another client's family": async () => (await logIn(observing)).access_token,
  'a token without a family': async () =>
    String((await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)).body.access_token),
}
for (const [what, half] of Object.entries(foreign))
  t.test(`pair_binding enforce: a foreign half ends the family: ${what}`, async (t) => {
    const pair = await logIn(enforcing)
    t.match(await server.refresh(enforcing, pair.refresh_token, { access_token: await half(pair) }), refused)
    await isEnded(t, enforcing, pair, { presented: 1, generation: 1, half: 'foreign' })
  })

t.test('pair_binding enforce: a half of another generation, at the rotation and at a retry', async (t) => {
  const first = await logIn(enforcing)
  const second = await rotate(enforcing, first.refresh_token, { access_token: first.access_token })
  const older = { access_token: first.access_token }
  t.match(await server.refresh(enforcing, String(second.body.refresh_token), older), refused)
  await isEnded(t, enforcing, first, { presented: 2, generation: 2, half: 'foreign' })

  const other = await logIn(enforcing)
  const next = await rotate(enforcing, other.refresh_token, { access_token: other.access_token })
  const newer = { access_token: String(next.body.access_token) }
  t.match(await server.refresh(enforcing, other.refresh_token, newer), refused)
  await isEnded(t, enforcing, other, { presented: 1, generation: 2, half: 'foreign' })
})

t.test('pair_binding enforce: a wrong presenter changes nothing, with or without a half', async (t) => {
  const { access_token, refresh_token } = await logIn(enforcing)
  const another = await anApp({ pair_binding: 'enforce' })
  const before = await standing()
  t.match(await server.refresh(another, refresh_token), refused)
  t.match(await server.refresh(another, refresh_token, { access_token }), refused)
  t.equal(await standing(), before)
  await rotate(enforcing, refresh_token, { access_token })
})

t.test('pair_binding enforce: what is over stays what it was, and a replay is a replay', async (t) => {
  const ended = await logIn(enforcing)
  await server.post('/oauth2/revoke', { token: ended.refresh_token }, enforcing)
  t.match(await server.refresh(enforcing, ended.refresh_token), refused)
  t.equal((await familyOf(ended.access_token)).revokeReason, 'revoked_by_client')

  const replayed = await logIn(enforcing)
  await rotate(enforcing, replayed.refresh_token, { access_token: replayed.access_token })
  server.clock.advance({ seconds: 61 })
  t.match(await server.refresh(enforcing, replayed.refresh_token), refused)
  t.equal((await familyOf(replayed.access_token)).revokeReason, 'replayed')

  const idle = await logIn(enforcing)
  server.clock.advance({ seconds: 14 * 86_400 })
  t.match(await server.refresh(enforcing, idle.refresh_token), refused)
  t.equal((await familyOf(idle.access_token)).revokedAt, undefined)
})

t.test('pair_binding observe: the refresh succeeds, and each request without its half is an event', async (t) => {
  const { access_token, refresh_token } = await logIn(observing)
  server.clock.advance({ seconds: 400 })
  const second = await rotate(observing, refresh_token, { access_token: 'junk' })
  await rotate(observing, refresh_token)
  await rotate(observing, refresh_token, { access_token })
  server.clock.advance({ seconds: 400 })
  await rotate(observing, String(second.body.refresh_token), { access_token: String(second.body.access_token) })
  t.same(
    (await eventsOf(access_token)).map(({ kind, detail }) => ({ kind, ...detail })),
    [
      { kind: 'pair_mismatch', presented: 1, generation: 2, half: 'foreign' },
      { kind: 'pair_mismatch', presented: 1, generation: 2, half: 'missing' },
    ],
  )
  t.same(await noticesOf(access_token), [])

  const app = await anApp({ pair_binding: 'observe', rotation: 'reuse' })
  const reused = await logIn(app)
  await rotate(app, reused.refresh_token)
  t.match(await eventsOf(reused.access_token), [{ kind: 'pair_mismatch', detail: { presented: 1, half: 'missing' } }])
})

t.test('pair_binding off, the default: the parameter is one that is not understood (RFC 6749 §3.2)', async (t) => {
  const { access_token, refresh_token } = await logIn(scene.confidential)
  server.clock.advance({ seconds: 400 })
  await rotate(scene.confidential, refresh_token, { access_token: 'junk' })
  t.same(await eventsOf(access_token), [])
})
