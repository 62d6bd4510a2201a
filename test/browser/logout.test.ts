import { createServer } from 'node:http'
import t from 'tap'
import { enter, follow, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { inspect } from '../support/inspection.ts'
import { aLanding } from '../support/landing.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const site = await aLanding(t)
const origins = [server.issuer, site.origin]
const bye = `${site.origin}/bye`
const metadata = {
  client_name: 'Notes',
  redirect_uris: [site.redirectUri],
  post_logout_redirect_uris: [bye],
  frontchannel_logout_uri: `${site.origin}/frontchannel`,
}
const app = await server.anApp(metadata)
const alice = await server.aPerson()

const logOutAt = async (code: string | null, verifier: string) => {
  const { body } = await server.redeem(app, code ?? '', verifier)
  const query = new URLSearchParams({ id_token_hint: String(body.id_token), post_logout_redirect_uri: bye })
  return { url: `${server.issuer}/oauth2/logout?${query}`, sid: claims(body.id_token).sid }
}

for (const javaScriptEnabled of [true, false])
  t.test(`Front-Channel Logout §2: Chromium tells the app and goes on, script ${javaScriptEnabled}`, async (t) => {
    const { page } = await aWindow(t, browser, { origins, javaScriptEnabled })
    const { url, verifier } = server.authorizeUrl(app)
    await page.goto(url)
    await enter(page, alice)
    if ((await heading(page)) !== 'Landed') await follow(page, '#consent-allow')
    await page.waitForSelector('h1:text("Landed")')
    const out = await logOutAt(site.last().parameters.get('code'), verifier)
    const before = site.arrivals.length
    await page.goto(out.url)
    await page.waitForURL(bye)
    const told = site.arrivals.slice(before).find(({ path }) => path === '/frontchannel')
    t.same(
      [...(told?.parameters ?? [])],
      [
        ['iss', server.issuer],
        ['sid', out.sid],
      ],
    )
    t.equal(told?.referrer, undefined)
    t.equal(site.last().path, '/bye', 'after the frame')
  })

t.test('an app that does not answer keeps nobody on the page', async (t) => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const address = silent.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const hanging = await server.anApp({
    ...metadata,
    first_party: true,
    redirect_uris: [site.redirectUri, `${origin}/cb`],
    frontchannel_logout_uri: `${origin}/frontchannel`,
  })
  const { page } = await aWindow(t, browser, { origins: [...origins, origin] })
  const { url, verifier } = server.authorizeUrl(app)
  await page.goto(url)
  await enter(page, alice)
  await page.waitForSelector('h1:text("Landed")')
  const code = site.last().parameters.get('code')
  const other = server.authorizeUrl(hanging)
  await page.goto(other.url)
  await page.waitForSelector('h1:text("Landed")')
  await server.redeem(hanging, site.last().parameters.get('code') ?? '', other.verifier)
  const out = await logOutAt(code, verifier)
  let look: () => void = () => {}
  const looked = new Promise<void>((resolve) => {
    look = resolve
  })
  await page.route(bye, async (route) => {
    await looked
    await route.continue()
  })
  await page.goto(out.url, { waitUntil: 'commit' })
  t.equal(await heading(page), 'You are logged out')
  t.ok(await page.waitForSelector('#logout-back'), 'who does not want to wait need not')
  look()
  await page.waitForURL(bye)
})

t.test('Session Management §3.1: a page of the app hears unchanged, and changed after the logout', async (t) => {
  const { page } = await aWindow(t, browser, { origins })
  const { url, verifier } = server.authorizeUrl(app)
  await page.goto(url)
  await enter(page, alice)
  await page.waitForSelector('h1:text("Landed")')
  const { parameters } = site.last()
  const message = `${app.client_id} ${parameters.get('session_state')}`
  const ask = () =>
    page.evaluate<string>(`new Promise((resolve) => {
      const frame = document.createElement('iframe')
      addEventListener('message', ({ data, origin }) => resolve(origin + ' ' + data), { once: true })
      frame.src = ${JSON.stringify(`${server.issuer}/oauth2/session/check`)}
      frame.hidden = true
      frame.addEventListener('load', () => frame.contentWindow.postMessage(${JSON.stringify(message)}, ${JSON.stringify(server.issuer)}))
      document.body.append(frame)
    })`)
  t.equal(await ask(), `${server.issuer} unchanged`)
  const out = await logOutAt(parameters.get('code'), verifier)
  await page.goto(out.url)
  await page.waitForURL(bye)
  t.equal(await ask(), `${server.issuer} changed`)
})

for (const locale of ['en-US', 'ko-KR'])
  t.test(`the page after a logout that apps are told of, ${locale}`, async (t) => {
    const { page } = await aWindow(t, browser, { origins, locale })
    await page.goto(server.authorizeUrl(app).url)
    await enter(page, alice)
    await page.waitForSelector('h1:text("Landed")')
    await page.goto(`${server.issuer}/logout`)
    await follow(page, '#logout-confirm')
    await page.waitForSelector('#logged-out-page')
    await inspect(t, page, `logged-out-${locale.slice(0, 2)}`)
  })
