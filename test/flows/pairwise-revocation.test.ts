import t from 'tap'
import { protect, TokenRefused } from '../../src/resource-server/index.ts'
import { getList, names } from '../support/feed.ts'
import { type App, aServer, claims, type Person } from '../support/server.ts'
import { until } from '../support/until.ts'
import type { Visitor } from '../support/visitor.ts'

const api = 'https://api.example'
const server = await aServer(t)
const metadata = { first_party: true, resources: [api] }
const pairwise = await server.anApp({ ...metadata, subject_type: 'pairwise' })
const known = await server.anApp(metadata)
const guard = protect({ issuer: server.issuer, audience: api, now: server.clock.now, feedWait: 60, timeout: 60_000 })
t.teardown(() => guard.close())
const nobody = { userId: undefined, ip: undefined, userAgent: undefined }
const now = () => server.clock.now()

const verdict = (token: string): Promise<string> =>
  guard.verify(token, 'read').then(
    () => 'passes',
    (error: unknown) => (error instanceof TokenRefused ? error.reason : String(error)),
  )
const refuses = (token: string, reason: RegExp) => until(async () => reason.test(await verdict(token)))
const familyOf = (token: string) => String(claims(token).jti).split('.')[0] ?? ''
const tokenAt = async (person: Person, app: App, visitor = server.visitor()) =>
  (await server.logIn(person, app, {}, visitor)).access_token

t.test('S22 OIDC Core §8.1: an act on a person reaches what pairwise clients have, offline', async (t) => {
  for (const [what, act] of [
    [
      'everything of a person is ended',
      (id: string) => server.stores.endings.end({ of: 'user', id }, 'revoked_by_admin', nobody, now()),
    ],
    ['a person is disabled', (id: string) => server.stores.users.disable(id, now())],
    ['a new password', (id: string) => server.stores.users.setPassword(id, 'another', now())],
  ] as const) {
    const person = await server.aPerson(what)
    const bystander = await server.aPerson(`not ${what}`)
    const [theirs, public_, other] = [
      await tokenAt(person, pairwise),
      await tokenAt(person, known),
      await tokenAt(bystander, pairwise),
    ]
    t.not(claims(theirs).sub, person.id)
    for (const token of [theirs, public_, other]) t.equal(await verdict(token), 'passes', what)
    await act(person.id)
    await refuses(theirs, /its family was revoked/)
    await refuses(public_, /everything of its user/)
    t.equal(await verdict(other), 'passes', 'nobody else’s')
  }
})

t.test('the spared session keeps what its pairwise clients have', async (t) => {
  const person = await server.aPerson('spared')
  const [here, there] = [server.visitor(), server.visitor()]
  const [mine, theirs] = [await tokenAt(person, pairwise, here), await tokenAt(person, pairwise, there)]
  const spare = String(claims(await tokenAt(person, known, here)).sid)
  await server.stores.users.setPassword(person.id, 'another', now(), { spare })
  await refuses(theirs, /its family was revoked/)
  t.equal(await verdict(mine), 'passes')
  const list = await getList(server, server.base)
  t.ok(names(list, 'user', person.id))
  t.ok(names(list, 'family', familyOf(theirs)))
  t.notOk(names(list, 'family', familyOf(mine)))
})

t.test('S22 a session that ends reaches what pairwise clients have, which know it by another sid', async (t) => {
  for (const [what, act] of [
    ['logged out', (id: string) => server.stores.sessions.end(id, 'logged_out', now())],
    ['ended', (id: string) => server.stores.endings.end({ of: 'session', id }, 'revoked_by_admin', nobody, now())],
  ] as const) {
    const person = await server.aPerson(what)
    const at = async (app: App, visitor: Visitor) =>
      (await server.logIn(person, app, { scope: 'openid read' }, visitor)).access_token
    const device = server.visitor()
    const [theirs, public_, other] = [
      await at(pairwise, device),
      await at(known, device),
      await at(pairwise, server.visitor()),
    ]
    const sid = String(claims(public_).sid)
    t.not(claims(theirs).sid, sid)
    for (const token of [theirs, public_, other]) t.equal(await verdict(token), 'passes', what)
    await act(sid)
    await refuses(theirs, /its family was revoked/)
    await refuses(public_, /its session|its family/)
    t.equal(await verdict(other), 'passes', 'of another session')
  }
})

t.test('a person without pairwise clients is told by one name', async (t) => {
  const person = await server.aPerson('plain')
  const token = await tokenAt(person, known)
  const before = await getList(server, server.base)
  await server.stores.users.disable(person.id, now())
  await refuses(token, /everything of its user/)
  t.equal((await getList(server, server.base)).seq, before.seq + 1)
})
