import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { rows } from '../support/rows.ts'
import { aServer, claims, type Person } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t)
const app = await server.anApp({ scope: 'openid read' })
const request = { scope: 'openid read' }
const [alice, bob] = [await server.aPerson(), await server.aPerson('bob')]
await server.authorize(bob, app, request)

const loggedIn = async (person: Person = alice) => {
  const visitor = server.visitor()
  const { id_token, access_token } = await server.logIn(person, app, request, visitor)
  return { visitor, id_token, access_token }
}
const ask = (visitor: Visitor, parameters: Record<string, string>) =>
  visitor.visit(server.authorizeUrl(app, { ...request, ...parameters }).url)
const errorOf = async (visitor: Visitor, parameters: Record<string, string>) => {
  const { leaves } = await ask(visitor, { prompt: 'none', ...parameters })
  return leaves?.searchParams.get('error') ?? (leaves?.searchParams.has('code') ? 'code' : 'a page')
}
const logInAgain = async (visitor: Visitor, person: Person, parameters: Record<string, string>) => {
  const { url, verifier } = server.authorizeUrl(app, { ...request, ...parameters })
  await visitor.visit(url)
  const { username, password } = person
  const { leaves } = await visitor.submit('login-form', { username, password }, 'login-submit')
  return { leaves, verifier }
}

t.test('R16 oidcc-prompt-none-not-logged-in: login_required, iss, and never a page', async (t) => {
  const before = await rows(server)
  const { leaves } = await ask(server.visitor(), { prompt: 'none' })
  t.match(Object.fromEntries(leaves?.searchParams ?? []), {
    error: 'login_required',
    state: 'the state',
    iss: server.issuer,
  })
  const forged = server.visitor()
  forged.cookies.set('tessera-session', `tss_${'A'.repeat(43)}`)
  t.equal(await errorOf(forged, {}), 'login_required', 'a made-up session')
  t.same(await rows(server), before)
})

t.test('oidcc-prompt-none-logged-in, oidcc-id-token-hint: silent, the same sub and auth_time', async (t) => {
  const { visitor, id_token } = await loggedIn()
  server.clock.advance({ seconds: 5 })
  const silent = await server.logIn(alice, app, { ...request, prompt: 'none', id_token_hint: id_token }, visitor)
  const [first, second] = [claims(id_token), claims(silent.id_token)]
  t.equal(second.sub, first.sub)
  t.equal(second.auth_time, first.auth_time)
  t.equal(second.iat, (first.iat ?? 0) + 5)
})

t.test('oidcc-prompt-login: the password is asked for again, and auth_time is later', async (t) => {
  const { visitor, id_token } = await loggedIn()
  server.clock.advance({ seconds: 10 })
  const page = await ask(visitor, { prompt: 'login' })
  t.equal(page.forms[0]?.id, 'login-form')
  const before = await rows(server)
  const skipped = await visitor.visit(page.url.replace('/login', '/consent'))
  t.equal(skipped.forms[0]?.id, 'login-form', 'the page cannot be walked around')
  t.same(await rows(server), before)
  const { leaves, verifier } = await logInAgain(visitor, alice, { prompt: 'login' })
  const { body } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)
  t.equal(Number(claims(body.id_token).auth_time), Number(claims(id_token).auth_time) + 10)
})

t.test(
  'R19 oidcc-max-age-1, -10000: an older login is renewed, a younger one is not; auth_time is there',
  async (t) => {
    const { visitor, id_token } = await loggedIn()
    server.clock.advance({ seconds: 2 })
    t.equal(await errorOf(visitor, { max_age: '10000' }), 'code')
    t.equal(await errorOf(visitor, { max_age: '1000000000' }), 'code')
    t.equal(await errorOf(visitor, { max_age: '1' }), 'login_required')
    t.equal(await errorOf(visitor, { max_age: '0' }), 'login_required')
    for (const max_age of ['0', '1']) {
      server.clock.advance({ seconds: 2 })
      t.equal((await ask(visitor, { max_age })).forms[0]?.id, 'login-form', max_age)
      const { leaves, verifier } = await logInAgain(visitor, alice, { max_age })
      const { body } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)
      t.ok(Number(claims(body.id_token).auth_time) > Number(claims(id_token).auth_time))
    }
  },
)

t.test('R20 a hint of somebody else, one that expired, and those that are none', async (t) => {
  const { visitor, id_token, access_token } = await loggedIn()
  const bobs = await loggedIn(bob)
  const second = await server.anApp({ scope: 'openid read' })
  const foreignApp = await server.logIn(alice, second, request)
  const { privateKey } = await generateKeyPair('RS256')
  const before = await rows(server)
  t.equal(await errorOf(visitor, { id_token_hint: bobs.id_token }), 'login_required')
  const known = claims(id_token)
  const hints: Record<string, string> = {
    none: new UnsecuredJWT(known).encode(),
    'a foreign key': await new SignJWT(known).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(privateKey),
    'an access token': access_token,
    "another app's": foreignApp.id_token,
    junk: 'junk',
  }
  for (const [title, id_token_hint] of Object.entries(hints))
    t.equal(await errorOf(visitor, { id_token_hint }), 'invalid_request', title)
  t.same(await rows(server), before, 'nothing was issued')
  server.clock.advance({ seconds: 4000 })
  t.equal(await errorOf(visitor, { id_token_hint: id_token }), 'code', 'an expired one is a hint still')
  t.equal(await errorOf(server.visitor(), { id_token_hint: id_token }), 'login_required', 'and never a login')
})

t.test('R20 a hint is not satisfied by another person who logs in', async (t) => {
  const { id_token } = await loggedIn()
  const visitor = server.visitor()
  const { leaves } = await logInAgain(visitor, bob, { id_token_hint: id_token })
  t.equal(leaves?.searchParams.get('error'), 'login_required')
  t.notOk(leaves?.searchParams.has('code'))
})

t.test('R20 claims.id_token.sub asks for a person too, and may not contradict the hint (OIDC Core §5.5)', async (t) => {
  const { visitor, id_token } = await loggedIn()
  const sub = (value: string) => JSON.stringify({ id_token: { sub: { value } } })
  t.equal(await errorOf(visitor, { claims: sub(alice.id) }), 'code')
  t.equal(await errorOf(visitor, { claims: sub(bob.id) }), 'login_required')
  const bobs = await loggedIn(bob)
  const before = await rows(server)
  t.equal(await errorOf(bobs.visitor, { claims: sub(bob.id), id_token_hint: id_token }), 'invalid_request')
  t.same(await rows(server), before)
})

t.test(
  'oidcc-ensure-request-with-acr-values-succeeds, oidcc-claims-essential: acr and the claims are returned',
  async (t) => {
    const eve = await server.aPerson('eve', { name: 'Eve Example' })
    const known = await server.anApp()
    const scope = 'openid profile'
    const more = {
      scope,
      acr_values: '1 2',
      claims: '{"userinfo":{"name":{"essential":true}},"id_token":{"name":null}}',
    }
    const { id_token, access_token } = await server.logIn(eve, known, { ...request, ...more })
    t.match(claims(id_token), { acr: '1', name: 'Eve Example' })
    const info = await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` })
    t.same(info.body, { sub: eve.id, name: 'Eve Example' })
  },
)
