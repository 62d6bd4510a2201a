import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { filled } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { aServer, claims, type Person, type Tokens } from '../support/server.ts'
import { otherwiseSigned } from '../support/signed.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t)
const back = 'https://app.example/out'
const app = await server.anApp({ post_logout_redirect_uris: [back, 'https://app.example/out?x=1'] })
const nina = await server.aPerson('nina')
const bystander = server.visitor()
await server.logIn(await server.aPerson('olga'), app, {}, bystander)

type LoggedIn = { readonly visitor: Visitor; readonly tokens: Tokens }
const loggedIn = async (person: Person = nina, scope = 'openid read'): Promise<LoggedIn> => {
  const visitor = server.visitor()
  return { visitor, tokens: await server.logIn(person, app, { scope }, visitor) }
}
const end = (visitor: Visitor, parameters: Record<string, string>) =>
  visitor.send(`/oauth2/logout?${new URLSearchParams(parameters)}`)
const silent = async (visitor: Visitor) => {
  const { leaves } = await visitor.send(server.authorizeUrl(app, { scope: 'openid read', prompt: 'none' }).url)
  return leaves?.searchParams.get('error') ?? 'logged in'
}

t.test('S18 S19 oidcc-rp-initiated-logout: redirect with state, and then nobody is logged in', async (t) => {
  const { visitor, tokens } = await loggedIn()
  t.equal(await silent(visitor), 'logged in')
  const cookie = visitor.cookies.get('tessera-session') ?? ''
  const page = await end(visitor, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: back,
    state: 'a b&c=d#é',
  })
  t.equal(page.status, 303)
  t.equal(page.leaves?.origin, 'https://app.example')
  t.same([...(page.leaves?.searchParams ?? [])], [['state', 'a b&c=d#é']])
  t.equal(await silent(visitor), 'login_required')
  visitor.cookies.set('tessera-session', cookie)
  t.equal(await silent(visitor), 'login_required', 'S19: the old cookie is dead')
  t.equal((await visitor.send('/account')).status, 401)
  t.match(await server.refresh(app, tokens.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  t.same(await server.introspect(app, tokens.access_token), { active: false })
  t.equal(await silent(bystander), 'logged in', 'nobody else was logged out')
})

t.test('S19 a refresh token with offline_access outlives the logout', async (t) => {
  const { visitor, tokens } = await loggedIn(nina, 'openid offline_access read')
  await visitor.visit('/logout')
  await visitor.submit('logout-form', {}, 'logout-confirm')
  t.equal((await server.refresh(app, tokens.refresh_token)).status, 200)
})

t.test('oidcc-rp-initiated-logout-no-state: a redirect without one', async (t) => {
  const { visitor, tokens } = await loggedIn()
  const page = await end(visitor, { id_token_hint: tokens.id_token, post_logout_redirect_uri: back })
  t.equal(page.leaves?.href, back)
  t.equal(await silent(visitor), 'login_required')
})

t.test('S18 no redirect, and the person is asked: the session stays until they say so', async (t) => {
  const { visitor, tokens } = await loggedIn()
  const other = await loggedIn(await server.aPerson('pia'))
  const { privateKey } = await generateKeyPair('RS256')
  const known = claims(tokens.id_token)
  const unsigned = new UnsecuredJWT(known).encode()
  const foreign = await new SignJWT(known).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(privateKey)
  const changed = otherwiseSigned(tokens.id_token)
  const second = await server.anApp({ post_logout_redirect_uris: ['https://second.example/out'] })
  const to = { post_logout_redirect_uri: back, state: 's' }
  const before = await rows(server)
  const cases: Record<string, Record<string, string>> = {
    'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: 'https://evil.example/',
    },
    'oidcc-rp-initiated-logout-modified-id-token-hint': { id_token_hint: unsigned, ...to },
    'oidcc-rp-initiated-logout-no-id-token-hint': to,
    'the same with client_id': { client_id: app.client_id, ...to },
    'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: `${back}?foo=bar`,
    },
    'a longer path': { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${back}/more` },
    'another case': { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://APP.example/out' },
    'javascript:': { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'javascript:alert(1)' },
    'protocol-relative': { id_token_hint: tokens.id_token, post_logout_redirect_uri: '//app.example/out' },
    "another client's address": {
      id_token_hint: tokens.id_token,
      client_id: second.client_id,
      post_logout_redirect_uri: 'https://second.example/out',
    },
    'oidcc-rp-initiated-logout-bad-id-token-hint': { id_token_hint: foreign, ...to },
    'a changed signature': { id_token_hint: changed, ...to },
    'an access token as hint': { id_token_hint: tokens.access_token, ...to },
    'junk as hint': { id_token_hint: 'junk', ...to },
    "another person's hint": { id_token_hint: other.tokens.id_token, ...to },
    'oidcc-rp-initiated-logout-no-params': {},
    'oidcc-rp-initiated-logout-only-state': { state: 's' },
  }
  for (const [title, parameters] of Object.entries(cases)) {
    const page = await end(visitor, parameters)
    t.equal(page.status, 200, title)
    t.notOk(page.leaves, `${title}: no redirect`)
    t.equal(page.forms[0]?.id, 'logout-form', `${title}: asked`)
  }
  t.same(await rows(server), before, 'nobody was logged out')
  t.equal(await silent(visitor), 'logged in')
  await visitor.visit('/oauth2/logout')
  const stayed = await visitor.submit('logout-form', {}, 'logout-cancel')
  t.equal(stayed.url.endsWith('/account'), true)
  t.equal(await silent(visitor), 'logged in', 'staying is staying')
  await visitor.visit(`/oauth2/logout?${new URLSearchParams(cases['another case'])}`)
  const done = await visitor.submit('logout-form', {}, 'logout-confirm')
  t.match(done.html, 'id="logged-out-page"')
  t.notOk(done.leaves)
  t.equal(await silent(visitor), 'login_required')
})

t.test(
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri: the logged-out page; an expired hint is one too',
  async (t) => {
    const { visitor, tokens } = await loggedIn()
    server.clock.advance({ seconds: 3600 })
    const page = await end(visitor, { id_token_hint: tokens.id_token })
    t.equal(page.status, 200)
    t.match(page.html, 'id="logged-out-page"')
    t.equal(await silent(visitor), 'login_required')
    const again = await end(visitor, { id_token_hint: tokens.id_token, post_logout_redirect_uri: back })
    t.equal(again.leaves?.href, back, 'nobody is logged in any more, and the app is not left waiting')
    const stranger = await end(server.visitor(), { post_logout_redirect_uri: back })
    t.notOk(stranger.leaves, 'without a hint nobody is sent anywhere')
  },
)

t.test('S18 an old hint of an earlier session asks before it ends the present one', async (t) => {
  const first = await loggedIn()
  const present = await loggedIn()
  const page = await end(present.visitor, { id_token_hint: first.tokens.id_token, post_logout_redirect_uri: back })
  t.notOk(page.leaves)
  t.equal(await silent(present.visitor), 'logged in')
  t.equal(await silent(first.visitor), 'logged in', 'and the other one is not ended from here')
})

t.test('a POST to the end_session endpoint from another site really logs out (RP-Initiated Logout §2)', async (t) => {
  const { visitor, tokens } = await loggedIn()
  const body = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: back, state: 's' })
  // A Lax cookie does not come with it.
  const headers = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site', cookie: '' }
  const first = await visitor.send('/oauth2/logout', { method: 'POST', body, headers })
  t.equal(first.status, 303)
  t.equal(first.leaves?.origin, new URL(server.issuer).origin, 'it comes again as a GET, with the cookie')
  const { leaves } = await visitor.send(first.leaves?.href ?? '')
  t.equal(leaves?.href, `${back}?state=s`)
  t.equal(await silent(visitor), 'login_required')
})

t.test('R7 a parameter twice, in the query or across query and body, logs nobody out', async (t) => {
  const { visitor, tokens } = await loggedIn()
  const query = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: back })
  const twice = await visitor.send(`/oauth2/logout?${query}&post_logout_redirect_uri=https://evil.example/`)
  t.equal(twice.status, 400)
  t.notOk(twice.leaves)
  const body = new URLSearchParams({ post_logout_redirect_uri: 'https://evil.example/' })
  const across = await visitor.visit(`/oauth2/logout?${query}`, { method: 'POST', body })
  t.equal(across.status, 400)
  t.equal(await silent(visitor), 'logged in')
})

t.test('S3 a logout form that is not our own: 403, and the session stays', async (t) => {
  const { visitor } = await loggedIn()
  await visitor.visit('/logout')
  const [form] = visitor.at().forms
  if (!form) throw new Error('no form')
  const foreign = server.visitor()
  await bystander.visit('/logout')
  const before = await rows(server)
  const attacks: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
    ['no token', { csrf: '' }, {}],
    ["another browser's token", { csrf: bystander.at().forms[0]?.fields.csrf ?? '' }, {}],
    ['another origin', {}, { origin: 'https://evil.example' }],
    ['cross-site', {}, { 'sec-fetch-site': 'cross-site' }],
  ]
  for (const [title, fields, headers] of attacks) {
    const page = await visitor.send('/logout', {
      method: 'POST',
      body: filled(form, fields, 'logout-confirm'),
      headers,
    })
    t.equal(page.status, 403, title)
  }
  t.equal((await foreign.send('/logout', { method: 'POST', body: filled(form, {}, 'logout-confirm') })).status, 403)
  t.same(await rows(server), before)
  t.equal(await silent(visitor), 'logged in')
})

t.test('S20 state with markup and line breaks: escaped, refused, never a header', async (t) => {
  for (const state of ['"><script>alert(1)</script>', 'a\r\nSet-Cookie: x=y', 'é\u2028']) {
    const { visitor, tokens } = await loggedIn()
    const asked = await end(visitor, { state, ui_locales: state, post_logout_redirect_uri: state })
    t.notOk(asked.html.includes('<script>alert'))
    const page = await end(visitor, { id_token_hint: tokens.id_token, post_logout_redirect_uri: back, state })
    t.notOk(page.headers.get('set-cookie')?.includes('x=y'))
    if (page.leaves) t.same([...page.leaves.searchParams], [['state', state]])
    else t.equal(page.status, 400)
  }
})
