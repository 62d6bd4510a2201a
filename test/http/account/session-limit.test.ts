import t from 'tap'
import { later } from '../../../src/clock.ts'
import type { SessionLimit } from '../../../src/identity/stores.ts'
import { aDatabase } from '../../support/database.ts'
import { allLeft, aMember, leftOf, nothingLeft } from '../../support/members.ts'
import { aHash, aSession } from '../../support/records.ts'
import { aServer } from '../../support/server.ts'

// Twenty who wait for one another wait for the last.
const on = await aDatabase(t, { statementTimeoutMs: 60_000 })
const server = await aServer(t, { on, env: { MAX_SESSIONS: '2' } })
const strict = await aServer(t, { beside: server, env: { MAX_SESSIONS: '2', MAX_SESSIONS_POLICY: 'refuse' } })
const app = await server.anApp({ scope: 'openid offline_access read', resources: ['https://api.example'] })
const brief = { scope: 'openid read' }

const alive = (userId: string) => server.stores.sessions.list({ userId, limit: 100 }, server.clock.now())
const logIn = async (at: typeof server, { username, password }: { username: string; password: string }) => {
  const visitor = at.visitor()
  await visitor.visit('/account')
  // The page's issuer is the first server's; its forms are sent to the one that drew them.
  const headers = { origin: server.issuer }
  const page = await visitor.submit('login-form', { username, password }, 'login-submit', { headers })
  return { visitor, page }
}

t.test(
  'evict-oldest: the login that began first ends, with its code and its tokens, and the feed says so',
  async (t) => {
    const ann = await server.aPerson('ann')
    const first = await aMember(server, ann, app, brief)
    server.clock.advance({ seconds: 10 })
    const second = await aMember(server, ann, app, brief)
    server.clock.advance({ seconds: 10 })
    await first.visitor.visit('/account')
    const { seq } = await server.stores.revocations.state()
    const third = await aMember(server, ann, app, brief)

    const told = await server.stores.revocations.after(seq, server.clock.now())
    t.match(told, [{ kind: 'session', subject: first.sessionId }])
    t.same(await leftOf(server, app, first), nothingLeft)
    for (const member of [second, third]) t.same(await leftOf(server, app, member), allLeft)
    const events = await server.stores.events.list({ userId: ann.id, limit: 100 })
    t.match(
      events.filter(({ kind }) => kind === 'revoked'),
      [{ sessionId: first.sessionId, detail: { reason: 'session_evicted', sessions: 1, families: 1, codes: 1 } }],
    )
    t.match((await third.visitor.visit('/account/ended')).html, 'one device more than you may have at once')
  },
)

t.test('evict-oldest: what was allowed to go on while the person is away goes on', async (t) => {
  const bob = await server.aPerson('bob')
  const first = await aMember(server, bob, app)
  for (const _ of [2, 3]) {
    server.clock.advance({ seconds: 1 })
    await aMember(server, bob, app)
  }
  t.same(await leftOf(server, app, first), { ...nothingLeft, access: true, refresh: true })
})

t.test('refuse: one more is told what to do, with the right password only, and nothing ends', async (t) => {
  const cem = await server.aPerson('cem')
  const [one, two] = [await logIn(strict, cem), await logIn(strict, cem)]
  const three = await logIn(strict, cem)
  t.equal(three.page.status, 409)
  t.match(three.page.html, 'Log out on one of them, then log in here.')
  t.notOk(three.visitor.cookies.has('tessera-session'))
  const wrong = await logIn(strict, { ...cem, password: 'wrong password' })
  t.equal(wrong.page.status, 401)
  t.notMatch(wrong.page.html, 'Log out on one of them')
  for (const _ of [1, 2, 3, 4, 5, 6]) t.equal((await logIn(strict, cem)).page.status, 409, 'no attempt is counted')
  for (const { visitor } of [one, two]) t.equal((await visitor.send('/account')).status, 200)

  await one.visitor.visit('/logout')
  await one.visitor.submit('logout-form', {}, 'logout-confirm', { headers: { origin: server.issuer } })
  t.equal((await logIn(strict, cem)).page.status, 200, 'there is room again')
  server.clock.advance({ seconds: 86_401 })
  for (const _ of [1, 2]) t.equal((await logIn(strict, cem)).page.status, 200, 'and what expired takes none')
})

t.test('the same person in the same browser takes no second place', async (t) => {
  const dee = await server.aPerson('dee')
  const { visitor } = await logIn(strict, dee)
  await logIn(strict, dee)
  server.clock.advance({ seconds: 1 })
  await visitor.visit(strict.authorizeUrl(app, { prompt: 'login' }).url)
  const { username, password } = dee
  const headers = { origin: server.issuer }
  await visitor.submit('login-form', { username, password }, 'login-submit', { headers })
  t.match(new URL(visitor.at().url).pathname, '/consent')
  t.equal((await alive(dee.id)).length, 2)
})

const begin = (at: typeof server, userId: string, policy: SessionLimit['policy']) => {
  const [now, hash] = [at.clock.now(), aHash()]
  const session = aSession(userId, {
    authenticatedAt: now,
    createdAt: now,
    idleExpiresAt: later(now, 3600),
    absoluteExpiresAt: later(now, 3600),
  })
  return at.stores.sessions.create(session, hash, [], { most: 2, policy })
}

for (const [policy, started] of [
  ['evict-oldest', 20],
  ['refuse', 2],
] as const)
  t.test(`${policy}: twenty logins at once on two servers leave as many sessions as may be`, async (t) => {
    const eve = await server.aPerson(`eve-${policy}`)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => begin(index % 2 === 0 ? server : strict, eve.id, policy)),
    )
    t.equal(all.filter((created) => created === 'created').length, started)
    t.equal(all.filter((created) => created === 'full').length, 20 - started)
    t.equal((await alive(eve.id)).length, 2)
    const evicted = await server.database.prisma((prisma) =>
      prisma.session.count({ where: { userId: eve.id, endReason: 'session_evicted' } }),
    )
    t.equal(evicted, started - 2)
  })

t.test('logins, endings and new passwords of one person at once wait for one another, and none for ever', async (t) => {
  const fay = await server.aPerson('fay')
  const by = { userId: fay.id, ip: undefined, userAgent: undefined }
  const acts = Array.from({ length: 6 }, (_, index) => [
    begin(server, fay.id, 'evict-oldest'),
    begin(strict, fay.id, 'evict-oldest'),
    server.stores.endings.end({ of: 'user', id: fay.id }, 'revoked_by_user', by, server.clock.now()),
    server.stores.users.setPassword(fay.id, `hash ${index}`, server.clock.now()),
  ])
  await t.resolves(Promise.all(acts.flat()))
  await server.stores.endings.end({ of: 'user', id: fay.id }, 'not_me', by, server.clock.now())
  t.equal(await begin(server, fay.id, 'evict-oldest'), 'overtaken')
  t.same(await alive(fay.id), [])
})
