import t from 'tap'
import { aRefreshScene, refused } from '../support/refreshing.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const { anApp, logIn, rotate, familyOf, eventsOf, noticesOf, refreshFrom } = await aRefreshScene(server)
const quiet = { early_refresh: 'allow' }
const observing = await anApp(quiet)
const settling = await anApp({ ...quiet, retry_elsewhere: 'revoke' })
const phone = { ip: '2001:db8::1', userAgent: 'a phone' }

t.test('retry_elsewhere observe, the default: the same pair, and an event that names both', async (t) => {
  const { access_token, refresh_token } = await logIn(observing)
  const rotated = await refreshFrom(phone, observing, refresh_token)
  server.clock.advance({ seconds: 5 })
  const laptop = { ip: '198.51.100.7', userAgent: 'a laptop' }
  const retried = await refreshFrom(laptop, observing, refresh_token)
  t.same(claims(retried.body.access_token), claims(rotated.body.access_token))
  const events = await eventsOf(access_token)
  t.match(events, [{ kind: 'retried_elsewhere', at: server.clock.now(), ...laptop }])
  t.same(events[0]?.detail, {
    presented: 1,
    generation: 2,
    rotated_ip: phone.ip,
    rotated_user_agent: phone.userAgent,
  })
  t.equal(events.length, 1)
  t.same(await noticesOf(access_token), [])
})

t.test('a retry from the same network and device is none, however the address is written', async (t) => {
  const { access_token, refresh_token } = await logIn(observing)
  await refreshFrom(phone, observing, refresh_token)
  for (const ip of ['2001:db8::1', '2001:db8::ffff:1', '2001:0DB8:0:0:1:2:3:4'])
    t.match(await refreshFrom({ ...phone, ip }, observing, refresh_token), { status: 200 })
  t.same(await eventsOf(access_token), [])

  const four = await logIn(settling)
  await refreshFrom({ ...phone, ip: '192.0.2.1' }, settling, four.refresh_token)
  t.match(await refreshFrom({ ...phone, ip: '::ffff:192.0.2.1' }, settling, four.refresh_token), { status: 200 })
  t.same(await eventsOf(four.access_token), [])
})

for (const [what, origin] of [
  ['network', { ...phone, ip: '2001:db8:0:1::1' }],
  ['device', { ...phone, userAgent: 'a laptop' }],
] as const)
  t.test(`retry_elsewhere revoke: a retry from another ${what} ends the family, once`, async (t) => {
    const { access_token, refresh_token } = await logIn(settling)
    const rotated = await refreshFrom(phone, settling, refresh_token)
    t.match(await refreshFrom(phone, settling, refresh_token), { status: 200 }, 'from here it is a retry')
    const answers = await Promise.all(Array.from({ length: 8 }, () => refreshFrom(origin, settling, refresh_token)))
    for (const answer of answers) t.match(answer, refused)
    const events = await eventsOf(access_token)
    t.match(events, [
      {
        kind: 'family_revoked',
        ...origin,
        detail: {
          reason: 'retry_elsewhere',
          presented: 1,
          generation: 2,
          rotated_ip: phone.ip,
          rotated_user_agent: phone.userAgent,
        },
      },
    ])
    t.equal(events.length, 1)
    t.same(await noticesOf(access_token), ['retry_elsewhere'])
    t.match(await refreshFrom(phone, settling, String(rotated.body.refresh_token)), refused)
  })

t.test('a rotation from elsewhere is none: people move', async (t) => {
  const { access_token, refresh_token } = await logIn(settling)
  const second = await refreshFrom(phone, settling, refresh_token)
  await refreshFrom({ ip: '198.51.100.7', userAgent: 'a laptop' }, settling, String(second.body.refresh_token))
  t.same(await eventsOf(access_token), [])
})

t.test('a retry changes no lifetime, told or kept; only when the family was last used', async (t) => {
  const app = await anApp({
    ...quiet,
    access_token_lifetime: 300,
    refresh_token_idle_lifetime: 1000,
    refresh_token_lifetime: 5000,
  })
  const { access_token, refresh_token } = await logIn(app, { scope: 'offline_access read' })
  server.clock.advance({ seconds: 100 })
  const rotated = await rotate(app, refresh_token)
  t.match(rotated.body, { expires_in: 300, refresh_token_timeout: 1000, authorization_expires_in: 4900 })
  const before = await familyOf(access_token)
  for (const seconds of [0, 20, 40]) {
    server.clock.advance({ seconds: 20 * Math.sign(seconds) })
    const { body } = await rotate(app, refresh_token)
    t.match(body, {
      expires_in: 300 - seconds,
      refresh_token_timeout: 1000 - seconds,
      authorization_expires_in: 4900 - seconds,
    })
  }
  const after = await familyOf(access_token)
  t.same(
    { ...after, retries: 0, lastUsedAt: before.lastUsedAt },
    { ...before, retries: 0 },
    'every other column stands as it stood',
  )
  t.same(after.lastUsedAt, server.clock.now())
  t.equal(after.retries, 3)

  server.clock.advance({ seconds: 21 })
  t.match(await server.refresh(app, refresh_token), refused, 'three retries have not moved the window')
})
