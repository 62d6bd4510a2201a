import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

const server = await aTlsServer(t)
const discovery = (await server.get('/.well-known/openid-configuration')).body
const alice = await server.aPerson()
const back = 'https://app.example/out'
const app = await server.anApp({ first_party: true, post_logout_redirect_uris: [back] })

const logIn = async () => {
  const visitor = server.visitor()
  return { visitor, ...(await server.logIn(alice, app, { scope: 'openid' }, visitor)) }
}
const end = (visitor: Visitor, parameters: Record<string, string>) =>
  visitor.visit(`${discovery.end_session_endpoint}?${new URLSearchParams(parameters)}`)
const silently = async (visitor: Visitor) => {
  const { leaves } = await visitor.send(server.authorizeUrl(app, { scope: 'openid', prompt: 'none' }).url)
  return leaves?.searchParams.get('error') ?? 'logged in'
}
const isAsked = (page: Page) => page.status === 200 && page.forms.some(({ id }) => id === 'logout-form')
const isLoggedOut = (page: Page) => page.status === 200 && page.html.includes('id="logged-out-page"')

t.test('oidcc-rp-initiated-logout-discovery-endpoint-verification', async (t) => {
  t.match(discovery.end_session_endpoint, /^https:\/\//)
})

t.test('oidcc-rp-initiated-logout: back with the state, and then nobody is logged in (S19)', async (t) => {
  const { visitor, id_token } = await logIn()
  t.equal(await silently(visitor), 'logged in')
  const { leaves } = await end(visitor, { id_token_hint: id_token, post_logout_redirect_uri: back, state: 'xyz' })
  t.equal(leaves?.href, `${back}?state=xyz`)
  t.equal(await silently(visitor), 'login_required')
})

t.test('oidcc-rp-initiated-logout-no-state: back without one', async (t) => {
  const { visitor, id_token } = await logIn()
  const { leaves } = await end(visitor, { id_token_hint: id_token, post_logout_redirect_uri: back })
  t.equal(leaves?.href, back)
  t.equal(await silently(visitor), 'login_required')
})

t.test('oidcc-rp-initiated-logout-no-post-logout-redirect-uri: the logged-out page', async (t) => {
  const { visitor, id_token } = await logIn()
  const page = await end(visitor, { id_token_hint: id_token, state: 'xyz' })
  t.notOk(page.leaves)
  t.ok(isLoggedOut(page))
  t.equal(await silently(visitor), 'login_required')
})

for (const [module, parameters] of [
  ['oidcc-rp-initiated-logout-no-params', {}],
  ['oidcc-rp-initiated-logout-only-state', { state: 'xyz' }],
] as const)
  t.test(`${module}: the person is asked, and then the logged-out page`, async (t) => {
    const { visitor } = await logIn()
    const page = await end(visitor, parameters)
    t.ok(isAsked(page))
    t.equal(await silently(visitor), 'logged in', 'not before')
    const done = await visitor.submit('logout-form', {}, 'logout-confirm')
    t.notOk(done.leaves)
    t.ok(isLoggedOut(done))
    t.equal(await silently(visitor), 'login_required')
  })

const foreign = async (idToken: string) => {
  const { privateKey } = await generateKeyPair('RS256')
  return new SignJWT(claims(idToken)).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(privateKey)
}
const wrong: Readonly<Record<string, (idToken: string) => Promise<Record<string, string>> | Record<string, string>>> = {
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': (id_token_hint) => ({
    id_token_hint,
    post_logout_redirect_uri: 'https://app.example/out/other',
  }),
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': (id_token_hint) => ({
    id_token_hint,
    post_logout_redirect_uri: `${back}?foo=bar`,
  }),
  'oidcc-rp-initiated-logout-modified-id-token-hint': (idToken) => ({
    id_token_hint: new UnsecuredJWT(claims(idToken)).encode(),
    post_logout_redirect_uri: back,
  }),
  'oidcc-rp-initiated-logout-bad-id-token-hint': async (idToken) => ({
    id_token_hint: await foreign(idToken),
    post_logout_redirect_uri: back,
  }),
  'oidcc-rp-initiated-logout-no-id-token-hint': () => ({ post_logout_redirect_uri: back }),
}
for (const [module, parameters] of Object.entries(wrong))
  t.test(`S18 ${module}: no redirect, and the person is asked`, async (t) => {
    const { visitor, id_token } = await logIn()
    const page = await end(visitor, { ...(await parameters(id_token)), state: 'xyz' })
    t.notOk(page.leaves)
    t.ok(isAsked(page))
    t.equal(await silently(visitor), 'logged in')
    const done = await visitor.submit('logout-form', {}, 'logout-confirm')
    t.notOk(done.leaves, 'nor afterwards')
    t.ok(isLoggedOut(done))
  })
