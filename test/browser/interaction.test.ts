import t from 'tap'
import { enter, follow, goThrough, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { inspect } from '../support/inspection.ts'
import { aLanding } from '../support/landing.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const site = await aLanding(t)
const origins = [server.issuer, site.origin]
const anApp = (metadata: Record<string, unknown> = {}) =>
  server.anApp({ redirect_uris: [site.redirectUri], resources: ['https://api.example'], ...metadata })
const alice = await server.aPerson()

t.test('S5: two tabs, two apps, interleaved: each ends with its own client and scope', async (t) => {
  const one = { app: await anApp({ client_name: 'One' }), scope: 'openid read' }
  const other = { app: await anApp({ client_name: 'Other' }), scope: 'openid write' }
  const { page: first, tab } = await aWindow(t, browser, { origins })
  const second = await tab()
  const asked = {
    first: server.authorizeUrl(one.app, { scope: one.scope, state: 'one' }),
    second: server.authorizeUrl(other.app, { scope: other.scope, state: 'other' }),
  }
  await first.goto(asked.first.url)
  await second.goto(asked.second.url)
  await enter(first, alice)
  t.equal(await heading(first), 'Allow One?')
  await enter(second, alice)
  t.equal(await heading(second), 'Allow Other?')
  await follow(first, '#consent-allow')
  t.equal(await heading(first), 'Landed')
  const ofFirst = site.last()
  await follow(second, '#consent-allow')
  t.equal(await heading(second), 'Landed')
  const ofSecond = site.last()

  for (const [arrival, { app, scope }, { verifier }, state] of [
    [ofFirst, one, asked.first, 'one'],
    [ofSecond, other, asked.second, 'other'],
  ] as const) {
    t.equal(arrival.parameters.get('state'), state)
    const { status, body } = await server.redeem(app, String(arrival.parameters.get('code')), verifier)
    t.equal(status, 200, JSON.stringify(body))
    t.match(claims(body.access_token), { client_id: app.client_id, scope })
  }
})

t.test('S5: consent survives a reload, and the back button spends nothing twice', async (t) => {
  const app = await anApp({ client_name: 'Notes' })
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(server.authorizeUrl(app).url)
  await enter(page, alice)
  t.equal(await heading(page), 'Allow Notes?')
  await page.reload()
  t.equal(await heading(page), 'Allow Notes?')
  await follow(page, '#consent-allow')
  t.equal(await heading(page), 'Landed')
  t.equal(site.last().referrer, undefined, 'S4: no page of ours is named to the app')
  const before = site.arrivals.length
  await page.goBack()
  t.equal(await heading(page), 'This is already done')
  await inspect(t, page, 'completed')
  await page.goBack()
  t.equal(await heading(page), 'This is already done', 'the login page neither')
  t.equal(site.arrivals.length, before, 'nobody was sent anywhere')
})

t.test('an interaction that stood open for too long says so', async (t) => {
  const app = await anApp()
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(server.authorizeUrl(app).url)
  server.clock.advance({ seconds: 601 })
  const before = site.arrivals.length
  await enter(page, alice)
  t.equal(await heading(page), 'This page has expired')
  await inspect(t, page, 'expired')
  t.equal(site.arrivals.length, before)
})

t.test('OIDC Core §3.1.2.1 prompt=login: a person who is known proves it again', async (t) => {
  const app = await anApp()
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(server.authorizeUrl(app).url)
  await goThrough(page, alice)
  const before = site.arrivals.length
  server.clock.advance({ seconds: 100 })
  const asked = server.authorizeUrl(app, { prompt: 'login' })
  await page.goto(asked.url)
  t.equal(await heading(page), 'Confirm it is you')
  t.equal(await page.inputValue('#username'), 'alice')
  await inspect(t, page, 'login-again')
  await enter(page, { username: 'alice', password: 'not this one' })
  t.match(await page.locator('#login-error').textContent(), 'The password is not right')
  t.equal(site.arrivals.length, before)
  await enter(page, alice)
  t.equal(await heading(page), 'Landed')
  const { body } = await server.redeem(app, String(site.last().parameters.get('code')), asked.verifier)
  t.equal(claims(body.id_token).auth_time, server.clock.now().getTime() / 1000)
})

for (const javaScriptEnabled of [true, false])
  t.test(`Form Post Response Mode §2, script ${javaScriptEnabled ? 'on' : 'off'}`, async (t) => {
    const app = await anApp({ client_name: 'Poster' })
    const { page } = await aWindow(t, browser, { origins, javaScriptEnabled })
    const { url, verifier } = server.authorizeUrl(app, { response_mode: 'form_post' })
    await page.goto(url)
    await enter(page, alice)
    await follow(page, '#consent-allow')
    if (!javaScriptEnabled) {
      t.equal(await heading(page), 'Continue')
      await follow(page, '#form-post button')
    }
    await page.waitForURL(site.redirectUri)
    t.equal(await heading(page), 'Landed')
    const { method, parameters } = site.last()
    t.equal(method, 'POST')
    t.match(Object.fromEntries(parameters), { state: 'the state', iss: server.issuer })
    t.equal((await server.redeem(app, String(parameters.get('code')), verifier)).status, 200)
  })

t.test('WCAG 2.1.1, 2.4.7: login and consent by keyboard alone, and where the focus is can be seen', async (t) => {
  const app = await anApp({ client_name: 'Keys' })
  const { page } = await aWindow(t, browser, { origins })
  const tabTo = async (id: string) => {
    await page.keyboard.press('Tab')
    const { focused, ring, width } = await page.evaluate<{ focused: string; ring: string; width: string }>(
      `(({ outlineStyle, outlineWidth }) =>
        ({ focused: document.activeElement.id, ring: outlineStyle, width: outlineWidth })
      )(getComputedStyle(document.activeElement))`,
    )
    t.equal(focused, id)
    t.not(ring, 'none', `${id} shows its ring`)
    t.equal(width, '3px')
  }
  await page.goto(server.authorizeUrl(app).url)
  await tabTo('username')
  await page.keyboard.type(alice.username)
  await tabTo('password')
  await page.keyboard.type(alice.password)
  await tabTo('login-submit')
  await tabTo('login-cancel')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#consent-form')
  await tabTo('consent-allow')
  await page.keyboard.press('Enter')
  await page.waitForSelector('h1:text("Landed")')
  t.ok(site.last().parameters.get('code'))
})
