import { createHash } from 'node:crypto'
import t from 'tap'
import { aDevice, aDeviceApp, approve, deviceGrantName, toConsent } from '../support/devices.ts'
import { aProofKey, type ProofKey } from '../support/proofs.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const app = await aDeviceApp(server)
const visitor = server.visitor()
const refused = (error: string) => ({ status: 400, body: { error } })
const anApproved = async (as = app, person = alice, browser = visitor) => {
  const device = await aDevice(server, as)
  await approve(person, browser, device.userCode)
  return device
}
const isAlive = async (token: unknown) => (await server.introspect(await introspecting, String(token))).active
const introspecting = server.anApp({ introspect: 'all' })

t.test('T20 what is no device code of this client: invalid_grant, and its owner notices nothing', async (t) => {
  const device = await anApproved()
  const other = await aDeviceApp(server)
  const before = await rows(server)
  t.match(await device.poll({}, other), refused('invalid_grant'), "another client's")
  t.match(await device.poll({ device_code: '' }), refused('invalid_request'), 'missing')
  for (const junk of ['junk', `tsd_${'A'.repeat(43)}`, device.userCode, device.deviceCode.slice(0, -1)])
    t.match(await device.poll({ device_code: junk }), refused('invalid_grant'), junk)
  t.same(await rows(server), before)
  t.equal((await device.poll()).status, 200)
})

t.test('T20 only for its grant type, and only where that is registered', async (t) => {
  const device = await anApproved()
  const { device_code, unregistered } = { device_code: device.deviceCode, unregistered: await server.anApp() }
  const form = { grant_type: deviceGrantName, device_code }
  t.match(await server.post('/oauth2/token', form, unregistered), refused('unauthorized_client'))
  const both = await aDeviceApp(server, {
    grant_types: ['authorization_code', deviceGrantName],
    scope: 'openid read',
    redirect_uris: ['https://app.example/cb'],
  })
  const theirs = await aDevice(server, both, { scope: 'openid read' })
  await approve(alice, visitor, theirs.userCode)
  const hash = createHash('sha256').update(theirs.deviceCode).digest()
  for (const code of [
    theirs.deviceCode,
    `device\0${theirs.deviceCode}`,
    hash.toString('hex'),
    hash.toString('latin1'),
  ]) {
    const { status } = await server.post('/oauth2/token', { grant_type: 'authorization_code', code }, both)
    t.equal(status, 400, 'as an authorization code')
  }
  const { status, body } = await theirs.poll()
  t.equal(status, 200)
  t.notOk('refresh_token' in body, 'not registered for refresh tokens')
  t.equal((await device.poll()).status, 200)
})

t.test('T20 RFC 8628 §3.5: slow_down makes the interval five seconds longer, for good, on every server', async (t) => {
  const second = await aServer(t, { beside: server })
  const device = await aDevice(server, app)
  const form = { grant_type: deviceGrantName, device_code: device.deviceCode }
  const after = async (seconds: number, on = server) => {
    server.clock.advance({ seconds })
    return (await on.post('/oauth2/token', form, app)).body.error
  }
  t.equal(await after(0), 'authorization_pending')
  t.equal(await after(5), 'authorization_pending')
  t.equal(await after(4.6), 'authorization_pending', 'half a second is the network’s')
  t.equal(await after(4), 'slow_down')
  t.equal(await after(9, second), 'slow_down', '10 seconds now; then 15')
  t.equal(await after(14), 'slow_down', '15, then 20')
  t.equal(await after(20, second), 'authorization_pending')
  t.equal(await after(20), 'authorization_pending')
  await approve(alice, visitor, device.userCode)
  t.equal((await device.poll()).status, 200, 'what is decided is told at once')
})

t.test('T20 polls at once: one is too early for nobody, all others are', async (t) => {
  const device = await aDevice(server, app)
  const answers = await Promise.all(Array.from({ length: 8 }, () => device.poll()))
  t.equal(answers.filter(({ body }) => body.error === 'authorization_pending').length, 1)
  t.equal(answers.filter(({ body }) => body.error === 'slow_down').length, 7)
})

t.test('T20 RFC 8628 §3.5: expired_token, whether nobody decided or nobody redeemed', async (t) => {
  const [nobody, unredeemed] = [await aDevice(server, app), await anApproved()]
  server.clock.advance({ seconds: 599 })
  t.match(await nobody.poll(), refused('authorization_pending'))
  server.clock.advance({ seconds: 1 })
  for (const device of [nobody, unredeemed]) {
    t.match(await device.poll(), refused('expired_token'))
    t.match(await device.poll(), refused('expired_token'), 'and again')
  }
  server.clock.advance({ seconds: 3000 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.match(await unredeemed.poll(), refused('expired_token'), 'the grant is swept')
  server.clock.advance({ seconds: 601 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.match(await nobody.poll(), refused('invalid_grant'), 'nobody remembers it')
})

t.test('T20 approved in the last second, redeemed in time', async (t) => {
  const device = await aDevice(server, app)
  server.clock.advance({ seconds: 598 })
  await approve(alice, visitor, device.userCode)
  server.clock.advance({ seconds: 1 })
  t.equal((await device.poll()).status, 200)
})

t.test('T20 a device code is redeemed once, by twenty at once too', async (t) => {
  const device = await anApproved()
  const before = await rows(server)
  const answers = await Promise.all(Array.from({ length: 20 }, () => device.poll()))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ body }) => body.error === 'invalid_grant').length, 19)
  t.equal((await rows(server)).families, before.families + 1)
})

t.test('T20 redeemed twice it has leaked: what it bought dies, also when its row is swept', async (t) => {
  for (const wait of [1, 5000]) {
    const device = await anApproved(app, alice, server.visitor())
    const { body } = await device.poll()
    t.equal(await isAlive(body.access_token), true)
    server.clock.advance({ seconds: wait })
    await server.stores.maintenance.sweep(server.clock.now())
    const before = await rows(server)
    t.match(await device.poll({}, await aDeviceApp(server)), refused('invalid_grant'), "another client's replay")
    t.same(await rows(server), before, 'which proves nothing')
    t.match(await device.poll(), refused('invalid_grant'))
    t.equal((await rows(server)).liveFamilies, before.liveFamilies - 1)
    t.equal(await isAlive(body.access_token), false)
    t.match(await server.refresh(app, String(body.refresh_token)), refused('invalid_grant'))
  }
})

t.test(
  'T20 RFC 9449 §5 nor does what it bought outlive another key that shows it: the first may be the thief',
  async (t) => {
    const bound = await aDeviceApp(server, { dpop_bound_access_tokens: true })
    const device = await anApproved(bound, alice, server.visitor())
    const [thief, owner] = [await aProofKey(), await aProofKey()]
    const poll = async (key: ProofKey) => {
      const dpop = await key.prove({ htu: `${server.issuer}/oauth2/token`, now: server.clock.now() })
      const form = { grant_type: deviceGrantName, device_code: device.deviceCode }
      return server.post('/oauth2/token', form, bound, { dpop })
    }
    const { status, body } = await poll(thief)
    t.equal(status, 200)
    t.equal(await isAlive(body.access_token), true)
    t.match(await poll(owner), refused('invalid_grant'))
    t.equal(await isAlive(body.access_token), false)
  },
)

t.test(
  'S22 an approved device code dies with its session, its person and its client, and with a consent',
  async (t) => {
    const now = () => server.clock.now()
    const by = { userId: undefined, ip: undefined, userAgent: undefined }
    const end = (target: Parameters<typeof server.stores.endings.end>[0]) =>
      server.stores.endings.end(target, 'revoked_by_admin', by, now())
    type Doomed = { readonly userId: string; readonly sessionId: string; readonly clientId: string }
    const ends: Record<string, (doomed: Doomed) => Promise<unknown>> = {
      'the session ended': ({ sessionId }) => server.stores.sessions.end(sessionId, 'logged_out', now()),
      'an act on the session': ({ sessionId }) => end({ of: 'session', id: sessionId }),
      'an act on the person': ({ userId }) => end({ of: 'user', id: userId }),
      'an act on the client': ({ clientId }) => end({ of: 'client', id: clientId }),
      'the consent withdrawn': ({ userId, clientId }) => end({ of: 'app', userId, clientId }),
      'the person disabled and enabled': async ({ userId }) => {
        await server.stores.users.disable(userId, now())
        await server.stores.users.enable(userId)
      },
    }
    for (const [index, [title, act]] of Object.entries(ends).entries()) {
      const person = await server.aPerson(`doomed${index}`)
      const doomed = await aDeviceApp(server)
      const device = await anApproved(doomed, person, server.visitor())
      const [session] = await server.stores.sessions.list({ userId: person.id, limit: 1 }, now())
      await act({ userId: person.id, sessionId: session?.id ?? '', clientId: doomed.client_id })
      const before = await rows(server)
      t.match(await device.poll(), refused('invalid_grant'), title)
      t.same(await rows(server), before, title)
    }
  },
)

t.test('S22 a session that ends before the decision decides nothing', async (t) => {
  const person = await server.aPerson('leaving')
  const device = await aDevice(server, app)
  const browser = server.visitor()
  await toConsent(person, browser, device.userCode)
  const [session] = await server.stores.sessions.list({ userId: person.id, limit: 1 }, server.clock.now())
  await server.stores.sessions.end(session?.id ?? '', 'revoked_by_admin', server.clock.now())
  t.equal((await browser.submit('consent-form', {}, 'consent-allow')).forms[0]?.id, 'login-form')
  t.match(await device.poll(), refused('authorization_pending'))
})

t.test('RFC 8707 §2.2: the token is for a resource of those that were granted', async (t) => {
  const resources = ['https://one.example', 'https://two.example', 'https://three.example']
  const several = await aDeviceApp(server, { resources })
  const form = new URLSearchParams({ client_id: several.client_id, scope: 'openid read' })
  for (const resource of resources.slice(0, 2)) form.append('resource', resource)
  const { body } = await server.post('/oauth2/device_authorization', form)
  await approve(alice, visitor, String(body.user_code))
  const poll = (resource: string) =>
    server.post(
      '/oauth2/token',
      { grant_type: deviceGrantName, device_code: String(body.device_code), resource },
      several,
    )
  t.match(await poll('https://three.example'), refused('invalid_target'), 'not granted, and nothing is spent')
  t.equal((await poll('https://two.example')).status, 200)
})
