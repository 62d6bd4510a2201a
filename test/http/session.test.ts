import t from 'tap'
import { rows } from '../support/rows.ts'
import { aServer, type Person } from '../support/server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const app = await server.anApp({ scope: 'openid offline_access read' })
const day = 86_400

const silent = async (visitor: Visitor) => {
  const { leaves } = await visitor.send(server.authorizeUrl(app, { prompt: 'none' }).url)
  return leaves?.searchParams.get('error') ?? 'logged in'
}
const loggedIn = async (username: string) => {
  const visitor = server.visitor()
  const person = await server.aPerson(username)
  return { visitor, person, tokens: await server.logIn(person, app, {}, visitor) }
}

t.test('S22 idle: a session slides while it is used, and ends when it is not', async (t) => {
  const { visitor } = await loggedIn('una')
  for (const hours of [23, 46, 69]) {
    server.clock.advance({ seconds: 23 * 3600 })
    t.equal(await silent(visitor), 'logged in', `hour ${hours}`)
  }
  const before = await rows(server)
  server.clock.advance({ seconds: day + 1 })
  t.equal(await silent(visitor), 'login_required')
  t.equal((await visitor.send('/account')).status, 401)
  t.same(await rows(server), before)
})

t.test('S22 absolute: after seven days it ends, however busy', async (t) => {
  const { visitor } = await loggedIn('abe')
  for (let hour = 0; hour < 7 * 24 - 12; hour += 12) {
    server.clock.advance({ seconds: 12 * 3600 })
    if ((await silent(visitor)) !== 'logged in') t.fail(`it ended after ${hour} hours`)
  }
  server.clock.advance({ seconds: 12 * 3600 })
  t.equal(await silent(visitor), 'login_required')
})

t.test(
  'S22 disabled, killed, a new password: session, code, access and refresh token are dead on every node',
  async (t) => {
    const now = () => server.clock.now()
    const nobody = { userId: undefined, ip: undefined, userAgent: undefined }
    const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      disabled: (id: string) => server.stores.users.disable(id, now()),
      'a new password': (id: string) => server.stores.users.setPassword(id, '$argon2id$x', now()),
      killed: (id: string) => server.stores.endings.end({ of: 'user', id }, 'revoked_by_admin', nobody, now()),
      'not me': (id: string) => server.stores.endings.end({ of: 'user', id }, 'not_me', nobody, now()),
      'one session killed': async (id: string) => {
        for (const session of await server.stores.sessions.list({ userId: id, limit: 10 }, now()))
          await server.stores.endings.end({ of: 'session', id: session.id }, 'revoked_by_admin', nobody, now())
      },
    }
    for (const [title, end] of Object.entries(ends)) {
      const { visitor, person, tokens } = await loggedIn(title.replaceAll(' ', ''))
      const { to, verifier } = await server.authorize(person, app, {}, visitor)
      const elsewhere = beside.visitor()
      for (const [name, value] of visitor.cookies) elsewhere.cookies.set(name, value)
      t.equal((await elsewhere.send('/account')).status, 200, 'the other node knows the session')
      await end(person.id)
      t.equal(await silent(visitor), 'login_required', title)
      t.equal((await elsewhere.send('/account')).status, 401, title)
      const refused = { status: 400, body: { error: 'invalid_grant' } }
      for (const node of [server, beside]) {
        t.match(await node.redeem(app, to.searchParams.get('code') ?? '', verifier), refused, title)
        t.match(await node.refresh(app, tokens.refresh_token), refused, title)
        t.same(await node.introspect(app, tokens.access_token), { active: false }, title)
        const bearer = { authorization: `Bearer ${tokens.access_token}` }
        t.equal((await node.get('/oauth2/userinfo', bearer)).status, 401, title)
      }
    }
  },
)

t.test("S19 ending one session leaves the person's other one alone", async (t) => {
  const { visitor, person } = await loggedIn('two')
  const phone = server.visitor()
  await server.logIn(person, app, {}, phone)
  await visitor.visit('/logout')
  await visitor.submit('logout-form', {}, 'logout-confirm')
  t.equal(await silent(visitor), 'login_required')
  t.equal(await silent(phone), 'logged in')
})

t.test('S1 a session id that is not of our making is nobody, and is not adopted', async (t) => {
  const before = await rows(server)
  for (const value of [
    '',
    'x',
    'tss_',
    `tss_${'A'.repeat(43)}`,
    `tss_${'A'.repeat(43)}%00`,
    "' OR 1=1",
    's'.repeat(4000),
  ]) {
    const visitor = server.visitor()
    visitor.cookies.set('tessera-session', value)
    t.equal((await visitor.send('/account')).status, 401, value.slice(0, 20))
    t.equal(await silent(visitor), 'login_required', value.slice(0, 20))
  }
  t.same(await rows(server), before)
})

t.test('S4 R15 R11 every page: not framed, not stored, no referrer, no foreign script', async (t) => {
  const { visitor } = await loggedIn('page')
  const stranger = server.visitor()
  server.clock.advance({ seconds: 1 })
  const more = await server.anApp({ scope: 'openid offline_access read' })
  const pages: Record<string, Page> = {
    start: await stranger.visit('/'),
    login: await stranger.visit(server.authorizeUrl(app).url),
    'a wrong password': await stranger.submit('login-form', { username: 'page', password: 'wrong' }, 'login-submit'),
    'no csrf': await stranger.submit('login-form', { csrf: '' }, 'login-submit'),
    consent: await visitor.visit(server.authorizeUrl(more).url),
    'select account': await visitor.visit(server.authorizeUrl(app, { prompt: 'select_account' }).url),
    form_post: await visitor.visit(server.authorizeUrl(app, { response_mode: 'form_post' }).url),
    account: await visitor.visit('/account'),
    'nobody at the account': await server.visitor().visit('/account'),
    logout: await visitor.visit('/logout'),
    'logged out': await visitor.submit('logout-form', {}, 'logout-confirm'),
    'an error': await stranger.visit('/oauth2/authorize'),
    'an unknown interaction': await stranger.visit('/consent?interaction=x'),
    'not found': await stranger.visit('/nothing/here'),
    'too large': await stranger.visit('/login', {
      method: 'POST',
      body: new URLSearchParams({ a: 'x'.repeat(70_000) }),
    }),
    administrator: await stranger.visit('/administrator?token=x'),
  }
  for (const [title, { headers, html }] of Object.entries(pages)) {
    t.match(headers.get('content-type'), 'text/html', title)
    t.equal(headers.get('x-frame-options'), 'DENY', title)
    t.equal(headers.get('referrer-policy'), 'no-referrer', title)
    t.equal(headers.get('cache-control'), 'no-store', title)
    t.equal(headers.get('x-content-type-options'), 'nosniff', title)
    const policy = headers.get('content-security-policy') ?? ''
    t.match(policy, "default-src 'none'", title)
    t.match(policy, "frame-ancestors 'none'", title)
    t.match(policy, "base-uri 'none'", title)
    t.match(policy, /script-src 'nonce-[\w+/=]{22,}'(;|$)/, title)
    t.notMatch(policy, /unsafe|form-action/, title)
    t.equal(headers.get('access-control-allow-origin'), null, `${title}: no CORS`)
    t.notMatch(
      html,
      /<(script|link|img|iframe)\b[^>]*\b(src|href)="(https?:)?\/\//,
      `${title}: nothing of a third party`,
    )
    for (const [, attributes = ''] of html.matchAll(/<script\b([^>]*)>/g)) t.match(attributes, /nonce="/, title)
  }
  const policies = Object.values(pages).map(({ headers }) => headers.get('content-security-policy'))
  t.equal(new Set(policies).size, policies.length, 'each nonce once')
})

t.test('Session Management 1.0 §3.2: a browser whose session ended elsewhere hears that it changed', async (t) => {
  const opened = ['/account', server.authorizeUrl(app).url, server.authorizeUrl(app, { prompt: 'none' }).url]
  for (const [index, address] of opened.entries()) {
    const { visitor, person } = await loggedIn(`zoe${index}`)
    await silent(visitor)
    const [session, state] = ['session', 'state'].map((name) => `tessera-${name}`)
    const before = visitor.cookies.get(state ?? '')
    t.ok(before && visitor.cookies.has(session ?? ''))
    const by = { userId: person.id, ip: undefined, userAgent: undefined }
    await server.stores.endings.end({ of: 'user', id: person.id }, 'revoked_by_user', by, server.clock.now())
    await visitor.send(address)
    const changed = visitor.cookies.get(state ?? '')
    t.not(changed, before)
    t.notOk(visitor.cookies.has(session ?? ''))
    await visitor.send(address)
    t.equal(visitor.cookies.get(state ?? ''), changed, 'and only once')
  }
})

t.test('a request that left before another tab logged in takes nothing away from it', async (t) => {
  const other = await server.aPerson('other')
  const cookiesOf = (visitor: Visitor) => [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const acts: Readonly<Record<string, (visitor: Visitor, person: Person) => Promise<unknown>>> = {
    'the same person': (visitor, person) => server.authorize(person, app, { prompt: 'login' }, visitor),
    'another person': (visitor) => server.authorize(other, app, { prompt: 'login' }, visitor),
    'a logout and a login': async (visitor, person) => {
      await visitor.visit('/oauth2/logout')
      await visitor.submit('logout-form', {}, 'logout-confirm')
      await server.authorize(person, app, {}, visitor)
    },
  }
  for (const [index, [title, act]] of Object.entries(acts).entries()) {
    const { visitor, person } = await loggedIn(`twotabs${index}`)
    const old = cookiesOf(visitor)
    server.clock.advance({ seconds: 60 })
    await act(visitor, person)
    const session = visitor.cookies.get('tessera-session')
    t.ok(session && !old.includes(session), `${title}: the other tab has a new cookie`)
    const opened = ['/account', server.authorizeUrl(app).url, server.authorizeUrl(app, { prompt: 'none' }).url]
    for (const address of opened) {
      const answer = await fetch(new URL(address, server.issuer), { headers: { cookie: old }, redirect: 'manual' })
      t.notMatch(answer.headers.getSetCookie().join('\n'), /tessera-(session|state)=/, `${title}: ${address}`)
    }
    t.equal(await silent(visitor), 'logged in', title)
  }
})
