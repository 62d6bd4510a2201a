import t, { type Test } from 'tap'
import { argon2id, createPasswords, type Hasher } from '../../src/identity/password.ts'
import { systemRandom } from '../../src/random.ts'
import { filled, withoutIds } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { aServer, type Person } from '../support/server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

/** The real hash, counted. */
let evaluations = 0
const hasher: Hasher = {
  hash: argon2id.hash,
  verify: (hash, password) => {
    evaluations += 1
    return argon2id.verify(hash, password)
  },
}
const server = await aServer(t, { hasher })
const app = await server.anApp({ scope: 'openid read' })
const request = { scope: 'openid read' }

const atLogin = async (visitor: Visitor = server.visitor(), parameters: Record<string, string> = {}) => {
  const page = await visitor.visit(server.authorizeUrl(app, { ...request, ...parameters }).url)
  if (page.forms[0]?.id !== 'login-form') throw new Error(`no login at ${page.url}`)
  return visitor
}
const logIn = (visitor: Visitor, username: string, password: string, options = {}): Promise<Page> =>
  visitor.submit('login-form', { username, password }, 'login-submit', options)
/** The page's own form, sent by hand: it stays where it is. */
const send = (visitor: Visitor, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const [form] = visitor.at().forms
  if (!form) throw new Error('no form')
  return visitor.send(form.action, { method: 'POST', body: filled(form, fields, 'login-submit'), headers })
}
const sessionOf = (visitor: Visitor) => visitor.cookies.get('tessera-session')
const newWindow = () => server.clock.advance({ seconds: 86_400 })

const someoneWith = async (username: string, password: string | undefined): Promise<Person> => {
  const passwords = createPasswords({ concurrency: 1, random: systemRandom })
  const passwordHash = password === undefined ? undefined : await passwords.hash(password)
  const id = systemRandom.uuid()
  const person = { id, username, usernameKey: username, passwordHash, claims: {}, admin: false }
  await server.stores.users.create({ ...person, createdAt: server.clock.now() })
  return { id, username, password: password ?? '' }
}

t.test('S8 unknown, wrong, disabled, without a password: one answer after one evaluation', async (t) => {
  const alice = await server.aPerson()
  const closed = await server.aPerson('closed')
  await server.stores.users.disable(closed.id, server.clock.now())
  await someoneWith('federated', undefined)
  const before = await rows(server)

  const attempt = async (username: string, password: string) => {
    const visitor = await atLogin()
    evaluations = 0
    const page = await logIn(visitor, username, password)
    const headers: Record<string, string> = {}
    page.headers.forEach((value, name) => {
      headers[name] = value
    })
    for (const name of ['date', 'content-security-policy', 'x-request-id']) delete headers[name]
    const html = withoutIds(page.html).replaceAll(username, 'NAME')
    const length = Number(headers['content-length']) - username.length
    const policy = page.headers.get('content-security-policy')?.replace(/nonce-[^']+/, '')
    return { status: page.status, html, headers: { ...headers, 'content-length': length }, policy, evaluations }
  }

  const wrong = await attempt('alice', 'not her password')
  t.match(wrong, { status: 401, evaluations: 1 })
  for (const [username, password] of [
    ['nobody', 'not her password'],
    ['closed', 'not her password'],
    ['closed', closed.password],
    ['federated', 'not her password'],
    ['federated', ''],
  ] as const) {
    const expected = password === '' ? await attempt('alice', '') : wrong
    t.same(await attempt(username, password), expected, `${username} / ${password}`)
  }
  const { interactions: _, openInteractions: __, ...after } = await rows(server)
  const { interactions: ___, openInteractions: ____, ...was } = before
  t.same(after, was, 'nobody was logged in')
  newWindow()
  const page = await logIn(await atLogin(), alice.username, alice.password)
  t.equal(page.forms[0]?.id, 'consent-form')
})

t.test('S9 twenty wrong passwords at once: five are looked at, and the owner elsewhere is not kept out', async (t) => {
  const victim = await server.aPerson('victim')
  const known = await atLogin()
  await logIn(known, victim.username, victim.password)
  await known.visit('/logout')
  await known.submit('logout-form', {}, 'logout-confirm')
  await atLogin(known)

  const guesser = await atLogin()
  evaluations = 0
  const guesses = Array.from({ length: 20 }, (_, i) => send(guesser, { username: 'victim', password: `guess ${i}` }))
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  t.ok(evaluations <= 5, `${evaluations} evaluated`)
  t.equal(statuses.filter((status) => status === 429).length, 15)
  evaluations = 0
  const right = await send(guesser, { username: 'VICTIM', password: victim.password })
  t.equal(right.status, 429, 'the right one is not looked at either, nor under another spelling')
  t.ok(Number(right.headers.get('retry-after')) > 0)
  t.equal(evaluations, 0)
  t.notOk(sessionOf(guesser))

  // S10: the device its owner has logged in on has a bucket of its own.
  t.equal((await logIn(known, victim.username, victim.password)).forms[0]?.id, 'consent-form')
  newWindow()
})

t.test('S12 a password beyond its bounds is refused at no cost', async (t) => {
  const visitor = await atLogin()
  const before = await rows(server)
  evaluations = 0
  const refused: readonly (readonly [string, string, number])[] = [
    ['1 MiB', 'x'.repeat(1024 * 1024), 413],
    ['10 000 code points', '🦊'.repeat(10_000), 413],
    ['10 000 bytes', 'x'.repeat(10_000), 401],
    ['1025 bytes', 'x'.repeat(1025), 401],
    ['NUL', 'a\0b', 400],
  ]
  for (const [title, password, status] of refused) {
    const page = await send(visitor, { username: 'alice', password })
    t.equal(page.status, status, title)
    t.notOk(page.html.includes('xxxxxxxx'), 'never repeated')
  }
  t.equal(evaluations, 0)
  t.same(await rows(server), before)
})

t.test('S12 64 and 1024 bytes are accepted, and every spelling of one password', async (t) => {
  for (const [username, password, typed] of [
    ['long64', 'p'.repeat(64), 'p'.repeat(64)],
    ['long1024', 'p'.repeat(1024), 'p'.repeat(1024)],
    ['composed', 'caf\u00e9 \u212b\ufb01 8', 'cafe\u0301 A\u030afi 8'],
  ] as const) {
    await someoneWith(username, password)
    t.equal((await logIn(await atLogin(), username, typed)).forms[0]?.id, 'consent-form', username)
  }
  t.equal((await logIn(await atLogin(), 'long1024', 'p'.repeat(1023))).status, 401, 'no byte is cut off')
})

t.test('S3 a login that is not our own form in this browser: 403, and nobody is logged in', async (t) => {
  const attacker = await server.aPerson('attacker')
  const visitor = await atLogin()
  const other = await atLogin()
  const credentials = { username: attacker.username, password: attacker.password }
  const foreign = other.at().forms[0]?.fields.csrf ?? ''
  evaluations = 0
  const before = await rows(server)
  const attacks: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
    ['no token', { csrf: '' }, {}],
    ["another browser's token", { csrf: foreign }, {}],
    ['a token of the wrong length', { csrf: 'AAAA' }, {}],
    ['another origin', {}, { origin: 'https://evil.example' }],
    ['another port', {}, { origin: 'http://127.0.0.1:1' }],
    ['cross-site', {}, { 'sec-fetch-site': 'cross-site' }],
    ['same-site', {}, { 'sec-fetch-site': 'same-site' }],
    ['no cookie at all', {}, { cookie: '' }],
    ['a planted cookie of another form', {}, { cookie: 'tessera-browser=tsb_planted' }],
  ]
  for (const [title, fields, headers] of attacks) {
    const page = await send(visitor, { ...credentials, ...fields }, headers)
    t.equal(page.status, 403, title)
    t.match(page.html, 'id="error-page"', title)
    t.notMatch(page.headers.get('set-cookie') ?? '', 'session', title)
  }
  t.equal(evaluations, 0)
  t.same(await rows(server), before)
  t.equal(
    (await logIn(visitor, attacker.username, attacker.password)).forms[0]?.id,
    'consent-form',
    'the form still works',
  )
})

t.test("S5 an interaction is its browser's: with another cookie it is 403, whoever is logged in there", async (t) => {
  const mallory = await server.aPerson('mallory')
  const victim = await atLogin()
  const thief = await atLogin()
  const interaction = victim.at().forms[0]?.fields.interaction ?? ''
  const before = await rows(server)
  const page = await send(thief, { interaction, username: mallory.username, password: mallory.password })
  t.equal(page.status, 403)
  for (const path of ['login', 'consent'])
    t.equal((await thief.send(`/${path}?interaction=${interaction}`)).status, 403, path)
  t.same(await rows(server), before)
  t.equal((await victim.visit(victim.at().url)).forms[0]?.id, 'login-form', 'it is still open')
  for (const strange of ['', 'x', 'tsi_', `tsi_${'A'.repeat(43)}`, '../../x', "' OR 1=1"]) {
    const none = await thief.send(`/login?${new URLSearchParams({ interaction: strange })}`)
    t.equal(none.status, 400, strange)
    t.match(none.html, 'id="error-page"')
  }
})

t.test('S1 S2 R14 the session: new at each login, with its attributes, and 303 after the POST', async (t) => {
  const eve = await server.aPerson('eve')
  const visitor = await atLogin()
  const planted = `tss_${'A'.repeat(43)}`
  visitor.cookies.set('tessera-session', planted)
  await visitor.visit(visitor.at().url)
  const answer = await send(visitor, { username: eve.username, password: eve.password })
  t.equal(answer.status, 303, 'R14')
  const first = sessionOf(visitor) ?? ''
  t.not(first, planted, 'S1: a planted id is not adopted')
  t.match(first, /^tss_[\w-]{43}$/, '256 bits')
  const lines = answer.headers.getSetCookie()
  t.ok(lines.length >= 2)
  for (const line of lines) {
    t.match(line, /; Path=\/(;|$)/)
    // Pages read this one; what it is worth, session-management.test.ts says.
    if (!line.startsWith('tessera-state=')) t.match(line, /; HttpOnly/)
    t.match(line, /; SameSite=Lax/)
    t.notMatch(line, /Domain=/i)
  }
  t.notMatch(answer.html + answer.leaves?.href, first, 'never in an address')
  const stored = await server.database.prisma((prisma) => prisma.session.findMany())
  t.notOk(JSON.stringify(stored).includes(first), 'only its hash is stored')

  server.clock.advance({ seconds: 1 })
  await atLogin(visitor, { prompt: 'login' })
  const again = await logIn(visitor, eve.username, eve.password)
  t.equal(again.forms[0]?.id, 'consent-form')
  const second = sessionOf(visitor) ?? ''
  t.not(second, first, 'S1: rotated by the second login')
  const old = server.visitor()
  old.cookies.set('tessera-session', first)
  t.equal((await old.visit('/account')).status, 401, 'the old id is dead')
  t.equal((await visitor.visit('/account')).status, 200)
})

t.test('S2 over https the cookies are __Host- and Secure', async (t) => {
  const proxied = await aServer(t, { beside: server, env: { ISSUER: 'https://login.example' } })
  const { status, headers } = await proxied.get('/logout')
  t.equal(status, 200)
  const url = new URL(server.authorizeUrl(app, request).url)
  const answer = await proxied.get(url.pathname + url.search)
  t.equal(answer.status, 303)
  const cookies = answer.headers.getSetCookie()
  t.equal(cookies.length, 1)
  for (const cookie of cookies)
    t.match(cookie, /^__Host-tessera-browser=tsb_[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  t.ok(headers)
})

t.test('two persons in one browser: the second login ends the first session, and mixes nothing', async (t: Test) => {
  const [ann, ben] = [await server.aPerson('ann'), await server.aPerson('ben')]
  const visitor = server.visitor()
  const hers = await server.logIn(ann, app, request, visitor)
  const annsCookie = sessionOf(visitor)
  server.clock.advance({ seconds: 1 })
  await atLogin(visitor, { prompt: 'login' })
  await visitor.submit('login-form', {}, 'login-other')
  const page = await logIn(visitor, ben.username, ben.password)
  t.equal(page.forms[0]?.id, 'consent-form', "Ann's consent is not Ben's")
  t.match(page.html, '<strong>ben</strong>')
  t.notMatch(page.html, '<strong>ann</strong>')
  const old = server.visitor()
  old.cookies.set('tessera-session', annsCookie ?? '')
  t.equal((await old.visit('/account')).status, 401)
  t.same(await server.introspect(app, hers.access_token), { active: false }, "Ann's tokens ended with her session")
})

t.test('cancelling says access_denied, once, and logs nobody in', async (t) => {
  const visitor = await atLogin()
  const before = await rows(server)
  const form = visitor.at().forms[0]
  if (!form) throw new Error('no form')
  const cancel = () => visitor.send('/login', { method: 'POST', body: filled(form, {}, 'login-cancel') })
  const { status, leaves } = await cancel()
  t.equal(status, 303)
  t.match(Object.fromEntries(leaves?.searchParams ?? []), {
    error: 'access_denied',
    iss: server.issuer,
    state: 'the state',
  })
  const replay = await cancel()
  t.equal(replay.status, 400)
  t.notOk(replay.leaves)
  t.same(await rows(server), { ...before, openInteractions: before.openInteractions - 1 })
})

t.test('a person who is disabled between the two pages gets no code', async (t) => {
  const dan = await server.aPerson('dan')
  const visitor = await atLogin()
  await logIn(visitor, dan.username, dan.password)
  const before = await rows(server)
  await server.stores.users.disable(dan.id, server.clock.now())
  const page = await visitor.submit('consent-form', {}, 'consent-allow')
  t.equal(page.forms[0]?.id, 'login-form')
  const again = await logIn(visitor, dan.username, dan.password)
  t.equal(again.status, 401)
  t.same(await rows(server), { ...before, liveSessions: before.liveSessions - 1 })
})

t.test('a client that is deleted or disabled meanwhile gets no person and no redirect', async (t) => {
  const fay = await server.aPerson('fay')
  for (const end of ['disable', 'delete'] as const) {
    const doomed = await server.anApp({ scope: 'openid read' })
    const visitor = server.visitor()
    await visitor.visit(server.authorizeUrl(doomed, request).url)
    await server.stores.clients[end](doomed.client_id, server.clock.now())
    const page = await logIn(visitor, fay.username, fay.password)
    t.equal(page.status, 400, end)
    t.notOk(page.leaves, end)
    t.notOk(sessionOf(visitor), end)
  }
})

t.test('an interaction is over after ten minutes, however correct the password', async (t) => {
  const gus = await server.aPerson('gus')
  const visitor = await atLogin()
  server.clock.advance({ seconds: 601 })
  const before = await rows(server)
  const page = await logIn(visitor, gus.username, gus.password)
  t.equal(page.status, 400)
  t.notOk(sessionOf(visitor))
  t.same(await rows(server), before)
})
