import t from 'tap'
import { sessionHash } from '../../src/identity/session.ts'
import { aMember } from '../support/members.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const app = await server.anApp({ refresh_token_lifetime: 86_400 * 30 })

const points = async () =>
  (await server.database.prisma((prisma) => prisma.loginAttempt.findMany({ select: { points: true } })))
    .map((row) => row.points)
    .reduce((sum, each) => sum + each, 0)

t.test('S9 a login whose session ends under its feet takes its attempt back once', async (t) => {
  const ann = await server.aPerson('ann')
  const { visitor, sessionId } = await aMember(server, ann, app)
  // A stranger's guesses, which a forgiveness too many would hide.
  const guesser = server.visitor()
  await guesser.visit('/account')
  for (const _ of [1, 2]) await guesser.submit('login-form', { username: 'ann', password: 'wrong password' })
  for (const name of visitor.cookies.keys()) if (name.endsWith('device')) visitor.cookies.delete(name)
  const before = await points()

  await visitor.visit('/account')
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { prompt: 'login' }).url)
  const sessions = server.stores.sessions
  const { find } = sessions
  let ended = 0
  // Between the look at the session and its renewal, another device ends it.
  Object.assign(sessions, {
    find: async (...asked: Parameters<typeof find>) => {
      const found = await find(...asked)
      if (found?.session.id === sessionId && (await sessions.end(sessionId, 'revoked_by_user', asked[1]))) ended += 1
      return found
    },
  })
  t.teardown(() => Object.assign(sessions, { find }))
  await visitor.submit('login-form', { username: 'ann', password: ann.password }, 'login-submit')
  t.equal(ended, 1)
  t.equal(await points(), before)
  const hash = sessionHash(visitor.cookies.get('tessera-session'))
  const now = hash && (await find(hash, server.clock.now()))
  t.equal(now?.user.id, ann.id, 'and there is a session of its own')
  t.not(now?.session.id, sessionId)
})

t.test('P5 a code that nobody redeems is kept no longer than it may be redeemed, and a little', async (t) => {
  const bob = await server.aPerson('bob')
  const visitor = server.visitor()
  const { to, verifier } = await server.authorize(bob, app, {}, visitor)
  await server.authorize(bob, app, {}, visitor)
  const kept = async () =>
    (
      await server.database.prisma((prisma) =>
        prisma.authorizationCode.findMany({ where: { userId: bob.id }, orderBy: { keptUntil: 'desc' } }),
      )
    ).map(({ keptUntil }) => (keptUntil.getTime() - server.clock.now().getTime()) / 1000)
  t.same(await kept(), [120, 120])
  const code = to.searchParams.get('code') ?? ''
  const { body } = await server.redeem(app, code, verifier)
  t.equal(typeof body.access_token, 'string')
  const [spent = 0, pending] = await kept()
  t.ok(spent >= 86_400 * 30, 'what was spent is kept as long as its family')
  t.equal(pending, 120)

  server.clock.advance({ seconds: 121 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.equal((await kept()).length, 1)
  t.match(await server.redeem(app, code, verifier), { status: 400 })
  t.same(await server.introspect(app, String(body.access_token)), { active: false }, 'a replay is still seen')
})
