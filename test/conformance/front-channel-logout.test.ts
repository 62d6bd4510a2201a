import t from 'tap'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { anEar } from '../support/relying-party.ts'
import { type App, claims } from '../support/server.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

const server = await aTlsServer(t)
const discovery = (await server.get('/.well-known/openid-configuration')).body
const alice = await server.aPerson()

const anAppInTheBrowser = async (metadata: Record<string, unknown> = {}) => {
  const ear = anEar()
  const origin = await anHttpsApp(t, server.certificate, () => ear.listener)
  const app = await server.anApp({
    client_name: 'Notes',
    first_party: true,
    redirect_uris: [`${origin}/cb`],
    post_logout_redirect_uris: [`${origin}/out`, 'com.example.app:/out'],
    frontchannel_logout_uri: `${origin}/frontchannel?of=us`,
    frontchannel_logout_session_required: true,
    ...metadata,
  })
  return { ear, origin, app }
}
const logIn = async (app: App, visitor = server.visitor()) => {
  const tokens = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  return { visitor, tokens, sid: String(claims(tokens.id_token).sid) }
}
const unescaped = (text = '') => text.replaceAll('&amp;', '&')
const framesOf = ({ html }: Page) => [...html.matchAll(/<iframe [^>]*src="([^"]*)"/g)].map(([, uri]) => unescaped(uri))
const end = (visitor: Visitor, parameters: Record<string, string>) =>
  visitor.send(`${discovery.end_session_endpoint}?${new URLSearchParams(parameters)}`)

t.test('oidcc-frontchannel-logout-discovery-endpoint-verification', async (t) => {
  t.equal(discovery.frontchannel_logout_supported, true)
  t.equal(discovery.frontchannel_logout_session_supported, true)
  t.match(discovery.end_session_endpoint, /^https:\/\//)
})

t.test('oidcc-frontchannel-rp-initiated-logout: the browser loads the address, then goes back', async (t) => {
  const { ear, origin, app } = await anAppInTheBrowser()
  const { visitor, tokens, sid } = await logIn(app)
  const back = `${origin}/out`
  const page = await end(visitor, { id_token_hint: tokens.id_token, post_logout_redirect_uri: back, state: 'a b&c' })
  t.equal(page.status, 200)
  // What a browser without script does with the page.
  for (const uri of framesOf(page)) await fetch(uri)
  t.equal(ear.heard.length, 1)
  t.match(ear.heard[0], { method: 'GET', path: '/frontchannel' })
  t.same(
    [...(ear.heard[0]?.parameters ?? [])],
    [
      ['of', 'us'],
      ['iss', server.issuer],
      ['sid', sid],
    ],
  )
  t.equal(page.headers.get('refresh'), `2;url=${back}?state=a+b%26c`)
  t.match(page.html, `<a id="logout-back" class="button primary" href="${back}?state=a+b%26c"`, 'and by a link')

  const { leaves } = await visitor.send(server.authorizeUrl(app, { scope: 'openid', prompt: 'none' }).url)
  t.equal(leaves?.searchParams.get('error'), 'login_required')
})

t.test('every app of the session and no other, also where the person logs out here', async (t) => {
  const [one, two, other] = [await anAppInTheBrowser(), await anAppInTheBrowser(), await anAppInTheBrowser()]
  const plain = await server.anApp({ first_party: true })
  const gone = await anAppInTheBrowser()
  const { visitor, sid } = await logIn(one.app)
  for (const app of [two.app, plain, gone.app]) await logIn(app, visitor)
  await logIn(one.app, visitor)
  await logIn(other.app)
  await server.stores.clients.disable(gone.app.client_id, server.clock.now())
  await visitor.visit(`${server.base}/logout`)
  const page = await visitor.submit('logout-form', {}, 'logout-confirm')
  const query = `of=us&${new URLSearchParams({ iss: server.issuer, sid })}`
  t.same(framesOf(page).sort(), [one, two].map(({ origin }) => `${origin}/frontchannel?${query}`).sort(), 'each once')
  t.notOk(page.headers.has('refresh'), 'it stays')
  t.notMatch(page.html, 'logout-back')
  t.notMatch(page.html, '<script nonce="[^"]*">function')
})

t.test('S4 R11 the page holds those origins in frames and nothing else, and is framed by none', async (t) => {
  const { origin, app } = await anAppInTheBrowser({})
  const { visitor } = await logIn(app)
  await visitor.visit(`${server.base}/logout`)
  const asked = visitor.at().headers.get('content-security-policy')
  t.notMatch(asked, 'frame-src', 'only where there is something to frame')
  const page = await visitor.submit('logout-form', {}, 'logout-confirm')
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, `frame-src ${origin};`)
  t.match(policy, "default-src 'none'")
  t.match(policy, "frame-ancestors 'none'")
  t.equal(page.headers.get('x-frame-options'), 'DENY')
  t.match(page.html, 'sandbox="allow-scripts allow-same-origin"', 'no frame leads the page away')
})

t.test('S4 an address that stands in the database all the same adds no directive to the policy', async (t) => {
  const metadata = checkMetadata({
    client_name: 'Evil',
    first_party: true,
    redirect_uris: ['https://evil.example/cb'],
    token_endpoint_auth_method: 'none',
  })
  const stored = { ...metadata, frontchannel_logout_uri: 'https://a;report-uri/x' }
  await server.stores.clients.create('evil', stored, [], server.clock.now())
  const { origin, app } = await anAppInTheBrowser()
  const { visitor } = await logIn(app)
  await logIn({ client_id: 'evil', secret: undefined, redirectUri: 'https://evil.example/cb' }, visitor)
  await visitor.visit(`${server.base}/logout`)
  const page = await visitor.submit('logout-form', {}, 'logout-confirm')
  const policy = page.headers.get('content-security-policy') ?? ''
  t.notMatch(policy, 'report-uri')
  t.match(policy, ` frame-src ${origin}; frame-ancestors 'none'`)
})

t.test('S20 an address with markup is escaped; an app of the device is returned to as well', async (t) => {
  const { origin, app } = await anAppInTheBrowser()
  const { visitor, tokens } = await logIn(app)
  const state = '"><script>alert(1)</script>'
  const hint = { id_token_hint: tokens.id_token }
  const page = await end(visitor, { ...hint, post_logout_redirect_uri: `${origin}/out`, state })
  t.notMatch(page.html, '<script>alert')
  const again = await logIn(app)
  const device = { id_token_hint: again.tokens.id_token, post_logout_redirect_uri: 'com.example.app:/out' }
  const native = await end(again.visitor, device)
  t.match(native.html, 'href="com.example.app:/out"')
  t.equal(native.headers.get('refresh'), '2;url=com.example.app:/out')
})

t.test('whoever is not logged in, or asks without a good hint, makes this server frame nothing', async (t) => {
  const { origin, app } = await anAppInTheBrowser()
  const { visitor, tokens } = await logIn(app)
  const back = { post_logout_redirect_uri: `${origin}/out` }
  const asked = await end(visitor, { client_id: app.client_id, ...back })
  t.same(framesOf(asked), [])
  t.equal(asked.forms[0]?.id, 'logout-form')
  const stranger = await end(server.visitor(), { id_token_hint: tokens.id_token, ...back })
  t.equal(stranger.status, 303, 'nothing ends there')
  t.same(framesOf(stranger), [])
})
