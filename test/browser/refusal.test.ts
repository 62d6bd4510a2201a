import t from 'tap'
import { enter, follow, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { inspect } from '../support/inspection.ts'
import { aLanding } from '../support/landing.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const site = await aLanding(t)
const origins = [server.issuer, site.origin]
const app = await server.anApp({ redirect_uris: [site.redirectUri], resources: ['https://api.example'] })
const alice = await server.aPerson()

const refused = (iss: string) => ({ error: 'access_denied', state: 'the state', iss })

t.test('RFC 6749 §4.1.2.1: who cancels the login goes back to the app, and needs no password for it', async (t) => {
  const { page, context } = await aWindow(t, browser, { origins })
  await page.goto(server.authorizeUrl(app).url)
  await follow(page, '#login-cancel')
  t.equal(await heading(page), 'Landed')
  t.match(Object.fromEntries(site.last().parameters), refused(server.issuer))
  t.notOk(site.last().parameters.has('code'))
  t.notOk((await context.cookies()).some(({ name }) => name === 'tessera-session'))
})

t.test('RFC 6749 §4.1.2.1: who does not consent goes back to the app, and is asked again the next time', async (t) => {
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(server.authorizeUrl(app).url)
  await enter(page, alice)
  await follow(page, '#consent-deny')
  t.equal(await heading(page), 'Landed')
  t.match(Object.fromEntries(site.last().parameters), refused(server.issuer))
  t.notOk(site.last().parameters.has('code'))
  await page.goto(server.authorizeUrl(app).url)
  t.equal(await heading(page), 'Allow An app?')
})

for (const locale of ['en-US', 'ko-KR'])
  t.test(
    `RFC 9700 §2.1: an unregistered redirect_uri leads nowhere and is compared on loopback, ${locale}`,
    async (t) => {
      const { page } = await aWindow(t, browser, { origins, locale })
      const before = site.arrivals.length
      const response = await page.goto(server.authorizeUrl(app, { redirect_uri: `${site.redirectUri}/evil` }).url)
      t.equal(response?.status(), 400)
      t.equal(
        await heading(page),
        locale === 'en-US' ? 'We cannot send you back to the app' : '앱으로 돌려보낼 수 없어요',
      )
      t.equal(await page.locator('#error-developer mark').textContent(), '/evil', 'where it differs')
      t.match(await page.locator('#error-developer').textContent(), site.redirectUri)
      await inspect(t, page, `redirect-uri-${locale.slice(0, 2)}`)
      t.equal(site.arrivals.length, before)
      t.equal(await page.locator(`a[href^="${site.origin}"]`).count(), 0, 'no link leads there either')
    },
  )

t.test('S5: an interaction opens in no other browser', async (t) => {
  const { page: mine } = await aWindow(t, browser, { origins })
  const { page: theirs } = await aWindow(t, browser, { origins })
  await mine.goto(server.authorizeUrl(app).url)
  await theirs.goto(mine.url())
  t.equal(await heading(theirs), 'This page belongs to another browser')
  await inspect(t, theirs, 'other-browser')
})

t.test('an address without a page has one all the same', async (t) => {
  const { page } = await aWindow(t, browser, { origins })
  t.equal((await page.goto(`${server.issuer}/nowhere`))?.status(), 404)
  t.equal(await heading(page), 'There is no page here')
  await inspect(t, page, 'not-found')
})
