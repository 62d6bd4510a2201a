import t, { type Test } from 'tap'
import { later } from '../../src/clock.ts'
import { notBeforeOf, type RevocationKind, revocationName } from '../../src/oauth/revocations/entry.ts'
import { withClient } from '../support/database.ts'
import { aReader, entryOf, getList, type List, names } from '../support/feed.ts'
import { aServer, claims, type Tokens } from '../support/server.ts'
import { until } from '../support/until.ts'

const api = 'https://api.example'
const one = await aServer(t)
const two = await aServer(t, { beside: one })
const app = await one.anApp({ first_party: true, resources: [api] })
const nobody = { userId: undefined, ip: undefined, userAgent: undefined }
const now = () => one.clock.now()

let people = 0
/** A person who is logged in, at one of the servers. */
const aLogin = async () => {
  const person = await one.aPerson(`person${people++}`)
  const visitor = one.visitor()
  const tokens = await one.logIn(person, app, { scope: 'openid read' }, visitor)
  return { person, visitor, tokens, ...idsOf(tokens) }
}
const idsOf = (tokens: Tokens) => {
  const { jti, sid } = claims(tokens.access_token)
  return { family: String(jti).split('.')[0] ?? '', session: String(sid) }
}
/** Acts go through the first server; the second tells them. */
const { base } = two

const follower = await aReader(one, base)
let last = (await follower.next())?.list
t.teardown(() => follower.close())

/** What the act adds to the feed of the other server, without a gap. */
const told = async (t: Test, act: () => Promise<unknown>): Promise<List> => {
  const before = last
  if (!before) throw new Error('nothing was ever told')
  await act()
  const event = await follower.next()
  if (!event) throw new Error('the stream ended')
  last = event.list
  t.equal(event.list.after, before.seq, 'it continues where it was')
  t.equal(event.list.seq, before.seq + 1, 'one number for one act')
  t.equal(event.id, `${event.list.epoch}.${event.list.seq}`)
  t.same((await getList(one, base, before)).seq, event.list.seq, 'the list says the same')
  return event.list
}
const tells = async (t: Test, what: string, kind: RevocationKind, id: string, act: () => Promise<unknown>) => {
  const list = await told(t, act)
  t.ok(names(list, kind, id), `${what}: ${JSON.stringify(list)}`)
  return list
}

t.test('S22 each act through one server is told by the other', async (t) => {
  let login = await aLogin()
  await tells(t, 'logout', 'session', login.session, () => one.stores.sessions.end(login.session, 'logged_out', now()))
  for (const target of ['family', 'session'] as const) {
    login = await aLogin()
    await tells(t, `an administrator ends a ${target}`, target, login[target], () =>
      one.stores.endings.end({ of: target, id: login[target] }, 'revoked_by_admin', nobody, now()),
    )
  }
  login = await aLogin()
  await tells(t, 'consent withdrawn', 'family', login.family, () =>
    one.stores.endings.end(
      { of: 'app', userId: login.person.id, clientId: app.client_id },
      'revoked_by_user',
      nobody,
      now(),
    ),
  )
  login = await aLogin()
  await tells(t, 'RFC 7009: a refresh token', 'family', login.family, () =>
    one.post('/oauth2/revoke', { token: login.tokens.refresh_token }, app),
  )
  login = await aLogin()
  const { jti } = claims(login.tokens.access_token)
  await tells(t, 'RFC 7009: an access token', 'token', String(jti), () =>
    one.post('/oauth2/revoke', { token: login.tokens.access_token }, app),
  )
  login = await aLogin()
  await one.refresh(app, login.tokens.refresh_token)
  one.clock.advance({ seconds: 61 })
  // A quiet feed is signed anew.
  last = (await follower.next())?.list
  await tells(t, 'a replay', 'family', login.family, async () => {
    const second = await one.refresh(app, login.tokens.refresh_token)
    t.equal(second.status, 400)
  })
  const machine = await one.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: [api],
  })
  const { body } = await one.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  await tells(t, 'RFC 7009: a token without a family', 'token', String(claims(body.access_token).jti), () =>
    one.post('/oauth2/revoke', { token: String(body.access_token) }, machine),
  )
})

/** What an act takes in seconds is added to its bound, and to its end. */
const isBound = (t: Test, entry: unknown, bound: number, expiry?: number) => {
  const [ends, from] = Array.isArray(entry) ? entry : []
  t.ok(from >= bound && from <= bound + 60, JSON.stringify(entry))
  if (expiry !== undefined) t.ok(ends >= expiry && ends <= expiry + 60, JSON.stringify(entry))
}

t.test('S22 acts on a person, a client and everybody have their bound', async (t) => {
  const bound = notBeforeOf(now()).getTime() / 1000
  const { person, session } = await aLogin()
  await one.logIn(person, app, { scope: 'openid read' })
  const changed = await tells(t, 'a password, sparing a session', 'user', person.id, () =>
    one.stores.users.setPassword(person.id, 'another', now(), { spare: session }),
  )
  const name = revocationName('user', person.id)
  t.match(changed.user, { [name]: [Number, Number, revocationName('session', session)] })
  const disabled = await told(t, () => one.stores.users.disable(person.id, now()))
  for (const list of [changed, disabled]) isBound(t, entryOf(list, 'user', person.id), bound)

  const expiry = now().getTime() / 1000 + 86_460
  const other = await one.anApp()
  const ended = await told(t, () => one.stores.clients.disable(other.client_id, now()))
  await aLogin()
  const { all } = await told(t, () => one.stores.endings.end({ of: 'all' }, 'revoked_by_admin', nobody, now()))
  for (const entry of [entryOf(ended, 'client', other.client_id), all]) isBound(t, entry, bound, expiry)
})

t.test('a bulk act on an app of a person tells each family, in one event', async (t) => {
  const { person, family } = await aLogin()
  const again = idsOf(await one.logIn(person, app, { scope: 'openid read' }))
  const before = last
  await one.stores.endings.end(
    { of: 'app', userId: person.id, clientId: app.client_id },
    'revoked_by_user',
    nobody,
    now(),
  )
  last = (await follower.next())?.list
  t.equal(last?.seq, (before?.seq ?? 0) + 2)
  for (const id of [family, again.family]) t.ok(last && names(last, 'family', id))
})

t.test('K2 an emergency rotation tells the stolen key for a year, everywhere, and the server refuses it', async (t) => {
  const { tokens } = await aLogin()
  const [stolen] = one.keys.published()
  const list = await told(t, () => one.keys.rotate('RS256', { emergency: true }))
  const expiry = Math.ceil(now().getTime() / 1000) + 365 * 86_400 + 60
  t.same(list.key, { [revocationName('key', String(stolen?.kid))]: expiry })
  t.same(await one.introspect(app, tokens.access_token), { active: false })
  await until(async () => (await two.introspect(app, tokens.access_token)).active === false)
  t.match(await two.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` }), { status: 401 })
  t.match(await two.introspect(app, (await aLogin()).tokens.access_token), { active: true }, 'the new one is accepted')
})

t.test('many acts at once through both: nothing is missing, nothing comes late', async (t) => {
  const before = last
  const mark = (server: typeof one, n: number) =>
    server.stores.tokens.revoke(`token-${before?.seq}-${n}`, later(now(), 600), now())
  await Promise.all(Array.from({ length: 100 }, (_, n) => mark(n % 2 ? one : two, n)))
  const seen = new Set<string>()
  while (seen.size < 100) {
    const event = await follower.next()
    if (!event) throw new Error('the stream ended')
    t.equal(event.list.after, last?.seq, 'the next begins where the last ended')
    for (const told of Object.keys(event.list.token ?? {})) seen.add(told)
    last = event.list
  }
  t.equal(last?.seq, (before?.seq ?? 0) + 100)
  const listOf = (server: typeof one) => getList(one, server.base)
  await until(async () => (await listOf(one)).seq === last?.seq, 'the news')
  t.same((await listOf(one)).token, (await listOf(two)).token, 'and both servers say the same')
})

t.test('a restored database begins another epoch: everybody gets the snapshot', async (t) => {
  const before = last
  await withClient(one.databaseUrl, async (client) => {
    await client.query(
      `UPDATE revocation_counter SET epoch = gen_random_uuid(), seq = 2;
       DELETE FROM revocations WHERE seq > 2;
       NOTIFY tessera_changes, 'revocations'`,
    )
  })
  const event = await follower.next()
  t.match(event?.list, { after: 0, seq: 2 })
  t.not(event?.list.epoch, before?.epoch)
  t.match(await getList(one, base, before), { after: 0, seq: 2 })
  await until(async () => (await getList(one, one.base)).epoch === event?.list.epoch, 'the same epoch at the other')
})
