import t from 'tap'
import { later } from '../../src/clock.ts'
import { lease } from '../../src/courier.ts'
import { createOutbound, type Outbound } from '../../src/http/outbound/index.ts'
import { anAddress, anEar } from '../support/relying-party.ts'
import { aServer, claims, type TestServer } from '../support/server.ts'
import { aJwt } from '../support/token-forms.ts'

/** Whoever hangs is left soon, and whoever answers has time. */
const hanging = new Set<string>()
const hurried = createOutbound({ allowLoopback: true, timeout: 3000 })
const patient = createOutbound({ allowLoopback: true, timeout: 60_000 })
const outbound: Outbound = {
  ...patient,
  post: (uri, form, trust) => (hanging.has(uri) ? hurried : patient).post(uri, form, trust),
}
const one = await aServer(t, { outbound })
const two = await aServer(t, { beside: one, outbound })
const alice = await one.aPerson()
const operator = { userId: undefined, ip: undefined, userAgent: undefined }

const anAppThatHears = async (answer?: (nth: number) => number | undefined) => {
  const ear = anEar(answer)
  const uri = `${await anAddress(t, ear)}/bc`
  const app = await one.anApp({ first_party: true, backchannel_logout_uri: uri })
  return { ear, app, uri, logIn: () => one.logIn(alice, app, { scope: 'openid' }) }
}
const sidOf = ({ id_token }: { readonly id_token: string }) => String(claims(id_token).sid)
const endedBy = (server: TestServer, sid: string) =>
  server.stores.endings.end({ of: 'session', id: sid }, 'revoked_by_admin', operator, server.clock.now())
const deliveryOf = async (sid: string) => {
  const found = (await one.stores.logouts.list({ limit: 1000 })).find(({ sessionId }) => sessionId === sid)
  if (!found) throw new Error('no delivery')
  return found
}
/** What another server announced arrives a moment later. */
const settled = async () => {
  one.courier.wake()
  two.courier.wake()
  await Promise.all([one.courier.idle(), two.courier.idle()])
}

t.test('S19 two servers, a session that an administrator ends: the app hears it once', async (t) => {
  const { ear, logIn } = await anAppThatHears()
  const sids = []
  for (let login = 0; login < 12; login++) sids.push(sidOf(await logIn()))
  for (const [index, sid] of sids.entries()) t.ok(await endedBy(index % 2 ? one : two, sid))
  await ear.until(sids.length)
  await settled()
  await settled()
  t.same(
    ear.heard.map(({ parameters }) => claims(parameters.get('logout_token')).sid).sort(),
    [...sids].sort(),
    'each once',
  )
  t.match(await deliveryOf(sids[0] ?? ''), { attempts: 1, outcome: 'delivered', nextAttemptAt: undefined })
})

t.test('S22 however a session ends, the app hears it', async (t) => {
  const { ear, app } = await anAppThatHears()
  const { stores, clock } = one
  const ways: Readonly<Record<string, (of: { readonly id: string; readonly sid: string }) => Promise<unknown>>> = {
    'the person logs out': ({ sid }) => stores.sessions.end(sid, 'logged_out', clock.now()),
    'somebody else logs in': ({ sid }) => stores.sessions.end(sid, 'replaced', clock.now()),
    'the person is disabled': ({ id }) => stores.users.disable(id, clock.now()),
    'a new password': ({ id }) => stores.users.setPassword(id, 'a hash', clock.now()),
    'everything of a person ends': ({ id }) => stores.endings.end({ of: 'user', id }, 'not_me', operator, clock.now()),
    'everything ends': () => stores.endings.end({ of: 'all' }, 'revoked_by_admin', operator, clock.now()),
  }
  for (const [index, [title, way]] of Object.entries(ways).entries()) {
    const person = await one.aPerson(`somebody-${index}`)
    const sid = sidOf(await one.logIn(person, app, { scope: 'openid' }))
    await way({ id: person.id, sid })
    await settled()
    const told = ear.heard.filter(({ parameters }) => claims(parameters.get('logout_token')).sid === sid)
    t.equal(told.length, 1, title)
  }
  const quiet = sidOf(await one.logIn(alice, app, { scope: 'openid' }))
  clock.advance({ seconds: 3600 })
  t.ok(await endedBy(two, quiet), 'also when every token of it has expired')
  await settled()
  t.match(await deliveryOf(quiet), { outcome: 'delivered' })
})

t.test('S19 a server that is killed between taking and telling: another tells when the lease is over', async (t) => {
  const { ear, logIn } = await anAppThatHears()
  const sid = sidOf(await logIn())
  const now = one.clock.now()
  // What a server does that dies at once afterwards, before anybody else looked.
  const taken = await one.database.transaction(async (tx) => {
    await tx.session.updateMany({ where: { id: sid }, data: { endedAt: now, endReason: 'revoked_by_admin' } })
    return tx.logoutDelivery.updateMany({
      where: { sessionId: sid },
      data: { attempts: 1, nextAttemptAt: later(now, lease) },
    })
  })
  t.equal(taken.count, 1)
  await settled()
  t.equal(ear.heard.length, 0, 'it is taken')
  one.clock.advance({ seconds: lease - 1 })
  await settled()
  t.equal(ear.heard.length, 0, 'still')
  one.clock.advance({ seconds: 1 })
  await settled()
  t.equal(ear.heard.length, 1)
  t.match(await deliveryOf(sid), { attempts: 2, outcome: 'delivered' })
  t.notOk(
    await one.stores.logouts.record(
      { id: (await deliveryOf(sid)).id, attempts: 1 },
      { outcome: 'unanswered', deliveredAt: undefined, nextAttemptAt: now },
    ),
    'and the first, if it was only slow, changes nothing any more',
  )
})

t.test('S19 an app that fails three times hears it the fourth time', async (t) => {
  const { ear, logIn } = await anAppThatHears((nth) => (nth <= 3 ? 503 : 204))
  const sid = sidOf(await logIn())
  await endedBy(one, sid)
  await settled()
  for (const seconds of [5, 10, 20]) {
    const before = ear.heard.length
    t.match(await deliveryOf(sid), { attempts: before, outcome: 'http_503', deliveredAt: undefined })
    one.clock.advance({ seconds: seconds - 1 })
    await settled()
    t.equal(ear.heard.length, before, 'not before its time')
    one.clock.advance({ seconds: 1 })
    await settled()
    t.equal(ear.heard.length, before + 1)
  }
  t.match(await deliveryOf(sid), { attempts: 4, outcome: 'delivered', nextAttemptAt: undefined })
  const ids = ear.heard.map(({ parameters }) => claims(parameters.get('logout_token')).jti)
  t.equal(new Set(ids).size, 4, 'no jti twice')
  one.clock.advance({ seconds: 86_400 })
  await settled()
  t.equal(ear.heard.length, 4, 'and then never again')
})

t.test('an app that refuses the token is asked three times, one that is away for a day', async (t) => {
  const refusing = await anAppThatHears(() => 400)
  const away = await one.anApp({ first_party: true, backchannel_logout_uri: 'http://127.0.0.1:1/bc' })
  const visitor = one.visitor()
  const sid = sidOf(await one.logIn(alice, refusing.app, { scope: 'openid' }, visitor))
  await one.logIn(alice, away, { scope: 'openid' }, visitor)
  await endedBy(one, sid)
  await settled()
  const of = async (clientId: string) => {
    const found = (await one.stores.logouts.list({ limit: 1000 })).find((each) => each.clientId === clientId)
    if (!found) throw new Error('no delivery')
    return found
  }
  let ahead = 0
  for (; (await of(away.client_id)).nextAttemptAt && ahead < 40; ahead++) {
    const { nextAttemptAt } = await of(away.client_id)
    const wait = nextAttemptAt ? (nextAttemptAt.getTime() - one.clock.now().getTime()) / 1000 : 0
    t.ok(wait >= 5 && wait <= 3600, 'never longer than an hour')
    one.clock.advance({ seconds: wait })
    await settled()
  }
  t.ok(ahead > 20 && ahead < 40, `${ahead} attempts`)
  t.match(await of(away.client_id), { outcome: 'unanswered', deliveredAt: undefined, nextAttemptAt: undefined })
  t.match(await of(refusing.app.client_id), { outcome: 'http_400', attempts: 3, nextAttemptAt: undefined })
  t.equal(refusing.ear.heard.length, 3)

  t.ok(await one.stores.logouts.again((await of(refusing.app.client_id)).id, one.clock.now()))
  await settled()
  t.equal(refusing.ear.heard.length, 4, 'unless somebody says so')
  t.notOk(await one.stores.logouts.again('0', one.clock.now()))
  t.notOk(await one.stores.logouts.again("1' OR 1=1", one.clock.now()))
})

t.test('an app that hangs holds up nobody', async (t) => {
  const silent = await anAppThatHears(() => undefined)
  hanging.add(silent.uri)
  const sids = []
  for (let login = 0; login < 6; login++) sids.push(sidOf(await silent.logIn()))
  const well = await anAppThatHears()
  const last = sidOf(await well.logIn())
  for (const sid of sids) await endedBy(one, sid)
  await silent.ear.until(4)
  await endedBy(one, last)
  await well.ear.until(1)
  t.match(await deliveryOf(sids[0] ?? ''), { deliveredAt: undefined }, 'the news overtook it')
  await settled()
  t.match(await deliveryOf(sids[5] ?? ''), { outcome: 'unanswered', attempts: 1 }, 'and it ends by itself')
})

t.test('an app that is gone, or says no address any more, is told nothing, and the log says so', async (t) => {
  const { ear, app, logIn } = await anAppThatHears()
  const sid = sidOf(await logIn())
  await one.stores.clients.disable(app.client_id, one.clock.now())
  const now = one.clock.now()
  await one.database.prisma((prisma) =>
    prisma.logoutDelivery.create({
      data: { clientId: app.client_id, userId: alice.id, sessionId: sid, createdAt: now, nextAttemptAt: now },
    }),
  )
  await settled()
  t.equal(ear.heard.length, 0)
  t.match(await deliveryOf(sid), { outcome: 'no_client', nextAttemptAt: undefined })
})

t.test('O10 what is logged of a delivery that failed names the app and the session, and holds no token', async (t) => {
  const lines = one
    .log()
    .split('\n')
    .filter((line) => line.includes('logout_undelivered'))
  t.ok(lines.length > 0)
  for (const line of lines) {
    t.notMatch(line, aJwt)
    t.notMatch(line, /127\.0\.0\.1:/)
    t.match(JSON.parse(line), { client_id: String, session_id: String, count: Number, error: String })
  }
})

t.test('deliveries are swept thirty days after the logout', async (t) => {
  const count = () => one.database.prisma((prisma) => prisma.logoutDelivery.count())
  t.ok((await count()) > 0)
  await one.stores.maintenance.sweep(one.clock.now())
  t.ok((await count()) > 0)
  one.clock.advance({ seconds: 31 * 86_400 })
  await one.stores.maintenance.sweep(one.clock.now())
  t.equal(await count(), 0)
})

t.test('D6 an act on everybody tells of the sessions that were alive, not of those that had expired', async (t) => {
  const { logIn } = await anAppThatHears()
  const expired = sidOf(await logIn())
  one.clock.advance({ seconds: 86_400 })
  const alive = sidOf(await logIn())
  await one.stores.endings.end({ of: 'all' }, 'revoked_by_admin', operator, one.clock.now())
  await settled()
  t.match(await deliveryOf(alive), { outcome: 'delivered' })
  await t.rejects(deliveryOf(expired), { message: 'no delivery' })
})
