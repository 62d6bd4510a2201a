import type { Response } from 'playwright-core'
import t, { type Test } from 'tap'
import { follow } from '../support/acts.ts'
import { type BrowserAppSettings, browserApps, inApp, signIn } from '../support/browser-app.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { aRunningClock } from '../support/clock.ts'
import { withClient } from '../support/database.ts'
import { claims } from '../support/server.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import { until } from '../support/until.ts'
import { lockWaiters } from '../support/waiter.ts'

const browser = await aBrowser(t)
// A browser's clock goes on, and DPoP proofs are made by it.
const server = await aTlsServer(t, { clock: aRunningClock(), env: { DPOP_NONCE: 'required' } })
const alice = await server.aPerson('alice', { name: 'Alice Archer' })
const apps = new Map<string, BrowserAppSettings>()
const url = await anHttpsApp(t, server.certificate, () => browserApps(apps))
/** The same site by another name: for a browser another site than the server's. */
const elsewhere = url.replace('127.0.0.1', 'localhost')

let serial = 0
const anApp = async (settings: Partial<BrowserAppSettings> = {}, metadata: Record<string, unknown> = {}) => {
  const name = `app-${serial++}`
  const pages = [`${url}/${name}`, `${elsewhere}/${name}`]
  const app = await server.anApp({
    token_endpoint_auth_method: 'none',
    redirect_uris: pages.flatMap((page) => [page, `${page}/silent`]),
    post_logout_redirect_uris: pages,
    ...metadata,
  })
  const scope = 'openid profile offline_access'
  apps.set(name, { authority: server.issuer, client_id: app.client_id, scope, loadUserInfo: true, ...settings })
  return { ...app, page: `${url}/${name}`, elsewhere: `${elsewhere}/${name}` }
}

/** Without a refresh token the library renews in a frame. */
const onlyCodes = { grant_types: ['authorization_code'], scope: 'openid profile' }

const aPerson = (t: Test, refusals: readonly string[] = []) =>
  aWindow(t, browser, { origins: [server.issuer, url, elsewhere], ignoreHTTPSErrors: true, refusals })
const families = ({ client_id }: { readonly client_id: string }) =>
  server.stores.families.list({ clientId: client_id, limit: 10 }, server.clock.now())

t.test('oidc-client-ts: log in, renew by refresh token, by hand and by itself, log out', async (t) => {
  const app = await anApp({ revokeTokensOnSignout: true }, { access_token_lifetime: 300 })
  const { page } = await aPerson(t)
  await signIn(page, app.page, alice)
  const shown = `manager.getUser().then(({ profile, token_type, scope }) => ({ profile, token_type, scope }))`
  t.match(await inApp(page, shown), {
    profile: { sub: alice.id, name: 'Alice Archer', iss: server.issuer, aud: app.client_id },
    token_type: 'Bearer',
    scope: 'openid profile offline_access',
  })
  const changed = `manager.getUser().then(async (before) => {
    const after = await manager.signinSilent()
    return before.access_token !== after.access_token && after.profile.sub === before.profile.sub
  })`
  t.ok(await inApp(page, changed))
  t.equal(page.frames().length, 1, 'no frame is needed')

  // A second before the access token ends, in the eyes of the library: it is renewed by the library itself.
  const renewed = `new Promise((resolve, reject) => {
    manager.events.addUserLoaded(({ profile }) => { manager.stopSilentRenew(); resolve(profile.sub) })
    manager.events.addSilentRenewError(reject)
    manager.startSilentRenew()
    manager.getUser().then((user) => { user.expires_in = 61; return manager.events.load(user, false) })
  })`
  t.equal(await inApp(page, renewed), alice.id)

  const back = page.waitForURL((at) => at.searchParams.has('state'))
  await page.evaluate('void manager.signoutRedirect({ state: "gone" })')
  await back
  t.same(await families(app), [], 'what the app had has ended')
})

t.test('oidc-client-ts: DPoP with nonces, its key never leaves the browser (RFC 9449)', async (t) => {
  const app = await anApp({ usesDpop: true, loadUserInfo: false }, { dpop_bound_access_tokens: true })
  const { page } = await aPerson(t, ['/oauth2/token', '/oauth2/userinfo'])
  await signIn(page, app.page, alice)
  const renewed = claims(await inApp(page, 'manager.signinSilent().then(({ access_token }) => access_token)'))
  t.match(renewed, { jti: /\.2$/, cnf: { jkt: /^[\w-]{43}$/ } })
  const asked = await inApp<unknown[]>(
    page,
    `manager.getUser().then(async (user) => {
      const url = user.profile.iss + '/oauth2/userinfo'
      const ask = async (scheme, nonce) => fetch(url, { headers: {
        authorization: scheme + ' ' + user.access_token,
        ...(scheme === 'DPoP' && { DPoP: await manager.dpopProof(url, user, 'GET', nonce) }),
      } })
      const first = await ask('DPoP')
      const second = await ask('DPoP', first.headers.get('DPoP-Nonce'))
      return [user.token_type, first.status, second.status, (await second.json()).sub, (await ask('Bearer')).status]
    })`,
  )
  t.same(asked, ['DPoP', 401, 200, alice.id, 401])
})

for (const usesDpop of [false, true])
  t.test(`oidc-client-ts: five tabs renew at once${usesDpop ? ', with DPoP' : ''}: nobody is logged out`, async (t) => {
    const app = await anApp({ usesDpop, loadUserInfo: !usesDpop }, { dpop_bound_access_tokens: usesDpop })
    const { page, tab } = await aPerson(t, ['/oauth2/token'])
    await signIn(page, app.page, alice)
    const tabs = [page, ...(await Promise.all([1, 2, 3, 4].map(tab)))]
    await Promise.all(tabs.slice(1).map((each) => each.goto(app.page)))
    const sub = 'manager.signinSilent().then(({ profile }) => profile.sub)'
    const [family] = await families(app)
    for (const round of [1, 2, 3]) {
      // The library has no lock of its own: all five ask before anybody is answered.
      const renewed = await withClient(server.databaseUrl, async (client) => {
        await client.query('BEGIN')
        await client.query('SELECT FROM token_families WHERE id = $1 FOR UPDATE', [family?.id])
        const all = Promise.all(tabs.map((each) => inApp(each, sub)))
        await lockWaiters(server.databaseUrl, tabs.length)
        await client.query('COMMIT')
        return all
      })
      t.same(new Set(renewed), new Set([alice.id]), `round ${round}`)
    }
    const kept = 'manager.getUser().then(({ expired, profile }) => !expired && profile.sub)'
    for (const each of tabs) t.equal(await inApp(each, kept), alice.id)
    t.equal((await families(app)).length, 1, 'one family, alive')
  })

t.test('oidc-client-ts: renewal in a frame with prompt=none is never a page (OIDC Core §3.1.2.1)', async (t) => {
  const app = await anApp({ scope: 'openid profile' }, onlyCodes)
  const { page, tab } = await aPerson(t)
  const framed: Response[] = []
  page.on('response', (response) => {
    const isOurs = new URL(response.url()).origin === server.issuer && response.request().isNavigationRequest()
    if (isOurs && response.frame() !== page.mainFrame()) framed.push(response)
  })
  const renew = `manager.signinSilent({ silentRequestTimeoutInSeconds: 20 }).then(
    ({ profile, refresh_token }) => ({ sub: profile.sub, refresh_token }), ({ error }) => ({ error }))`
  await signIn(page, app.page, alice)
  t.same(await inApp(page, renew), { sub: alice.id }, 'the site of the server: its cookies come along')

  const other = await tab()
  await other.goto(`${server.issuer}/oauth2/logout`)
  await follow(other, '#logout-confirm')
  t.same(await inApp(page, renew), { error: 'login_required' })
  t.same(
    framed.map((response) => response.status()),
    [303, 303],
    'an answer is a redirect to the app',
  )
})

t.test('oidc-client-ts: from another site the frame is told login_required, and nobody is logged out', async (t) => {
  const app = await anApp({ scope: 'openid profile' }, onlyCodes)
  const { page, tab } = await aPerson(t)
  await signIn(page, app.elsewhere, alice)
  const error = 'manager.signinSilent().then(() => "renewed", ({ error }) => error)'
  t.equal(await inApp(page, error), 'login_required', 'SameSite=Lax')
  const account = await (await tab()).goto(`${server.issuer}/account`)
  t.equal(account?.status(), 200, 'still logged in where it counts')
})

t.test('what cannot be answered with a redirect is no page in a frame either (S4)', async (t) => {
  const app = await anApp()
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(app.page)
  const bad = `${server.issuer}/oauth2/authorize?${new URLSearchParams({
    client_id: app.client_id,
    redirect_uri: 'https://thief.example/',
    response_type: 'code',
    prompt: 'none',
  })}`
  await page.evaluate(`new Promise((loaded) => {
    const frame = Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(bad)}, onload: loaded })
    document.body.append(frame)
  })`)
  // X-Frame-Options and frame-ancestors.
  await until(() => /^chrome-error:/.test(page.frames()[1]?.url() ?? ''), 'the page of the browser')
})

t.test('oidc-client-ts: it hears of a logout elsewhere (OIDC Session Management §3)', async (t) => {
  const app = await anApp({ monitorSession: true, checkSessionIntervalInSeconds: 1 })
  const { page, tab } = await aPerson(t)
  await signIn(page, app.page, alice)
  t.match(await inApp(page, 'manager.querySessionStatus()'), { sub: alice.id, session_state: /^[\da-f]{64}\.[\w-]+$/ })
  const heard = inApp(page, 'new Promise((heard) => manager.events.addUserSignedOut(() => heard("signed out")))')
  const other = await tab()
  await other.goto(`${server.issuer}/oauth2/logout`)
  await follow(other, '#logout-confirm')
  t.equal(await heard, 'signed out')
})
