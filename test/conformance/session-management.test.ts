import { createHash } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { sessionCheckPage } from '../../src/pages/session-check.ts'
import { aTlsServer } from '../support/tls-server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aTlsServer(t)
const discovery = (await server.get('/.well-known/openid-configuration')).body
const alice = await server.aPerson()
const back = 'https://app.example/out'
const app = await server.anApp({ first_party: true, post_logout_redirect_uris: [back] })
const cookieName = '__Host-tessera-state'

/** What the iframe answers a page of that origin, in a browser with these cookies. */
const answerOf = async (visitor: Visitor, message: unknown, origin = 'https://app.example') => {
  const { html } = await visitor.send(String(discovery.check_session_iframe))
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
  let hear: ((event: object) => void) | undefined
  const said: string[] = []
  runInNewContext(script, {
    addEventListener: (type: string, listener: typeof hear) => {
      t.equal(type, 'message')
      hear = listener
    },
    document: { cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
  })
  const source = {
    postMessage: (text: string, to: string) => {
      t.equal(to, origin, 'to the page that asked and no other')
      said.push(text)
    },
  }
  hear?.({ data: message, origin, source })
  return said
}

const loggedIn = async (visitor = server.visitor(), parameters: Record<string, string> = {}) => {
  const { to } = await server.authorize(alice, app, { scope: 'openid', ...parameters }, visitor)
  return { visitor, to, state: to.searchParams.get('session_state') }
}

t.test('oidcc-session-management-discovery-endpoint-verification', async (t) => {
  t.match(discovery.check_session_iframe, /^https:\/\//)
  t.match(discovery.end_session_endpoint, /^https:\/\//)
})

t.test('oidcc-session-management-rp-initiated-logout: unchanged before the logout, changed after it', async (t) => {
  const visitor = server.visitor()
  const tokens = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const { state } = await loggedIn(visitor, { prompt: 'none' })
  const asked = `${app.client_id} ${state}`
  t.same(await answerOf(visitor, asked), ['unchanged'])
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: back,
    state: 'the state',
  })
  const { leaves } = await visitor.send(`${discovery.end_session_endpoint}?${query}`)
  t.equal(leaves?.href, `${back}?state=the+state`)
  t.same(await answerOf(visitor, asked), ['changed'])
})

t.test('Session Management §3.2: the state is salted, of this client, this origin and this browser', async (t) => {
  const { visitor, state } = await loggedIn()
  const again = await loggedIn(visitor)
  t.not(again.state, state, 'another salt')
  const [digest, salt] = state?.split('.') ?? []
  const text = `${app.client_id} https://app.example ${visitor.cookies.get(cookieName)} ${salt}`
  t.equal(digest, createHash('sha256').update(text).digest('hex'))
  const asked = `${app.client_id} ${state}`
  t.same(await answerOf(visitor, asked), ['unchanged'])
  t.same(await answerOf(visitor, asked, 'https://evil.example'), ['changed'], 'another origin')
  t.same(await answerOf(visitor, `other ${state}`), ['changed'], 'another client')
  t.same(await answerOf((await loggedIn()).visitor, asked), ['changed'], 'another browser')
})

t.test('a second login of the browser changes it, a silent renewal does not', async (t) => {
  const { visitor, state } = await loggedIn()
  const asked = `${app.client_id} ${state}`
  await loggedIn(visitor, { prompt: 'none' })
  t.same(await answerOf(visitor, asked), ['unchanged'])
  server.clock.advance({ seconds: 1 })
  const { to } = await server.authorize(alice, app, { scope: 'openid', prompt: 'login' }, visitor)
  t.same(await answerOf(visitor, asked), ['changed'])
  t.same(await answerOf(visitor, `${app.client_id} ${to.searchParams.get('session_state')}`), ['unchanged'])
})

t.test('what is no question is an error; where no cookie can be read nothing is known', async (t) => {
  const { visitor, state } = await loggedIn()
  for (const wrong of ['', app.client_id, `${app.client_id} ${state} more`, `${app.client_id} nosalt`, ' x.y'])
    t.same(await answerOf(visitor, wrong), ['error'], JSON.stringify(wrong))
  for (const silent of [undefined, 1, { state }]) t.same(await answerOf(visitor, silent), [], 'not a text')
  t.same(await answerOf(visitor, `${app.client_id} ${state}`, 'null'), [], 'a sandbox has no origin')
  t.same(await answerOf(server.visitor(), `${app.client_id} ${state}`), ['error'])
})

t.test('session_state is for openid alone, and for no error', async (t) => {
  t.ok((await loggedIn()).state)
  t.equal((await loggedIn(undefined, { scope: 'read' })).state, null)
  const { leaves } = await server.visitor().send(server.authorizeUrl(app, { scope: 'openid', prompt: 'none' }).url)
  t.equal(leaves?.searchParams.get('error'), 'login_required')
  t.notOk(leaves?.searchParams.has('session_state'))
  const native = await server.anApp({
    redirect_uris: ['com.example.app:/cb'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  })
  const { to } = await server.authorize(alice, native, { scope: 'openid', redirect_uri: 'com.example.app:/cb' })
  t.ok(to.searchParams.get('code'))
  t.notOk(to.searchParams.has('session_state'), 'an app without an origin has no page that could ask')
})

t.test('S2 S4 the cookie that pages may read is worth nothing, and the page that may be framed is inert', async (t) => {
  const { visitor } = await loggedIn()
  const { headers, html } = await visitor.send(String(discovery.check_session_iframe))
  t.notOk(headers.has('x-frame-options'))
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, "default-src 'none'")
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
  t.match(policy, `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  t.notMatch(policy, 'unsafe')
  t.notMatch(html, /<(a|form|button|input|img|link)\b/)
  t.notMatch(html, visitor.cookies.get(cookieName) ?? 'no cookie')

  const fresh = server.visitor()
  await fresh.visit(server.authorizeUrl(app, { scope: 'openid' }).url)
  const { username, password } = alice
  const body = new URLSearchParams({ ...fresh.at().forms[0]?.fields, username, password })
  const sent = await fresh.send(`${server.base}/login`, { method: 'POST', body })
  const line = sent.headers.getSetCookie().find((each) => each.startsWith(cookieName))
  t.match(line, /; Path=\/; Secure; SameSite=None$/)
  t.notMatch(line, /; *(HttpOnly|Domain)/i)
  const before = fresh.cookies.get(cookieName)
  t.match(before, /^[\w-]{43}$/)
  // Somebody who only has that cookie is nobody.
  const thief = server.visitor()
  thief.cookies.set(cookieName, before ?? '')
  const { leaves } = await thief.send(server.authorizeUrl(app, { scope: 'openid', prompt: 'none' }).url)
  t.equal(leaves?.searchParams.get('error'), 'login_required')
})

t.test('Session Management §3.3: the frame answers at once, in the words of any browser', async (t) => {
  const { html } = sessionCheckPage(cookieName)
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
  t.notMatch(script, /=>|\b(?:async|await|const|let|class)\b|`|crypto/)
  const frame = { addEventListener: () => {} }
  const digestOf = (text: string) => runInNewContext(`${script}; sha256(${JSON.stringify(text)})`, frame)
  const isSame = (text: string) => digestOf(text) === createHash('sha256').update(text).digest('hex')
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 200]) t.ok(isSame('x'.repeat(length)), `${length}`)
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => isSame(text)))
})
