import t from 'tap'
import { administratorPath } from '../../src/http/interaction/administrator.ts'
import { newAdministratorLink } from '../../src/identity/administrator.ts'
import { systemRandom } from '../../src/random.ts'
import { enter, follow, goThrough, heading } from '../support/acts.ts'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { inspect } from '../support/inspection.ts'
import { aLanding } from '../support/landing.ts'
import { aMember } from '../support/members.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const browser = await aBrowser(t)
const site = await aLanding(t)
const origins = [server.issuer, site.origin]
const bye = `${site.origin}/bye`
const app = await server.anApp({
  redirect_uris: [site.redirectUri],
  post_logout_redirect_uris: [bye],
  resources: ['https://api.example'],
})
const alice = await server.aPerson()

t.test('RP-Initiated Logout §2: with the hint at once, and back to the app', async (t) => {
  const { page, context } = await aWindow(t, browser, { origins })
  const { url, verifier } = server.authorizeUrl(app)
  await page.goto(url)
  await goThrough(page, alice)
  const { body } = await server.redeem(app, String(site.last().parameters.get('code')), verifier)
  const query = new URLSearchParams({
    id_token_hint: String(body.id_token),
    post_logout_redirect_uri: bye,
    state: 'so long',
  })
  await page.goto(`${server.issuer}/oauth2/logout?${query}`)
  t.equal(await heading(page), 'Landed')
  t.equal(site.last().path, '/bye')
  t.equal(site.last().parameters.get('state'), 'so long')
  t.notOk((await context.cookies()).some(({ name }) => name === 'tessera-session'))
})

t.test('RP-Initiated Logout §2: without the hint the person is asked, and may stay', async (t) => {
  const { page, context } = await aWindow(t, browser, { origins })
  const isLoggedIn = async () => (await context.cookies()).some(({ name }) => name === 'tessera-session')
  await page.goto(server.authorizeUrl(app).url)
  await page.fill('#username', alice.username)
  await page.fill('#password', alice.password)
  await follow(page, '#login-submit')
  await page.waitForSelector('h1:text("Landed")')

  const logout = `${server.issuer}/oauth2/logout?post_logout_redirect_uri=${encodeURIComponent(bye)}`
  await page.goto(logout)
  t.equal(await heading(page), 'Log out?')
  await inspect(t, page, 'logout')
  t.ok(await isLoggedIn(), 'a link alone logs nobody out')
  await follow(page, '#logout-cancel')
  t.equal(await heading(page), 'Your account')
  await inspect(t, page, 'account')
  t.ok(await isLoggedIn())

  await page.goto(logout)
  await follow(page, '#logout-confirm')
  t.equal(await heading(page), 'You are logged out')
  await inspect(t, page, 'logged-out')
  t.notOk(await isLoggedIn())
})

t.test('the first administrator: the link serves once', async (t) => {
  const link = newAdministratorLink(systemRandom, server.clock.now())
  await server.stores.adminLinks.create(link.hash, link.createdAt, link.expiresAt)
  const url = `${server.issuer}${administratorPath}?token=${link.token}`
  const { page } = await aWindow(t, browser, { origins })
  await page.goto(url)
  t.equal(await heading(page), 'Create the first administrator')
  await inspect(t, page, 'administrator')
  const submit = async (password: string, again: string) => {
    await page.fill('#username', 'root')
    await page.fill('#password', password)
    await page.fill('#password_again', again)
    await follow(page, '#administrator-submit')
  }
  await submit('a long passphrase', 'another passphrase')
  t.match(await page.locator('#administrator-error').textContent(), 'The two passwords differ')
  await inspect(t, page, 'administrator-wrong')
  await submit('a long passphrase', 'a long passphrase')
  t.equal(await heading(page), 'The administrator is ready')
  await inspect(t, page, 'administrator-done')
  t.ok(await server.stores.adminLinks.hasAdministrator())

  await page.goto(url)
  t.equal(await heading(page), 'This link no longer works')
  await inspect(t, page, 'link')
})

t.test('WCAG 2.2 AA: a person ends a device, changes the password, and says "that was not me"', async (t) => {
  const bob = await server.aPerson('bob')
  const { tokens } = await aMember(server, bob, app)
  const next = await server.refresh(app, tokens.refresh_token)
  await server.refresh(app, String(next.body.refresh_token))
  server.clock.advance({ seconds: 3600 })
  await server.refresh(app, tokens.refresh_token)

  const { page, context } = await aWindow(t, browser, { origins })
  await page.goto(`${server.issuer}/account`)
  await inspect(t, page, 'account-log-in')
  await enter(page, bob)
  t.equal(await heading(page), 'Your account')
  await inspect(t, page, 'account-with-notice')
  t.match(await page.locator('main').textContent(), 'Somebody may have a copy of your login in An app')
  await follow(page, '[id^=seen-][id$=submit]')
  t.equal(await page.locator('.notice').count(), 0)
  await follow(page, '[id^=end-][id$=-submit]')
  t.match(await page.locator('#account-done').textContent(), 'That device is logged out.')

  await follow(page, 'nav a[href$="/account/password"]')
  const fill = async (current: string, password: string) => {
    await page.fill('#current', current)
    await page.fill('#password', password)
    await page.fill('#password_again', password)
    await follow(page, '#password-submit')
  }
  await fill('not the password', 'a new and longer passphrase')
  t.match(await page.locator('#password-error').textContent(), 'The current password is not right.')
  await inspect(t, page, 'account-password-wrong')
  await fill(bob.password, 'a new and longer passphrase')
  t.match(await page.locator('#account-done').textContent(), 'Your password is changed.')

  await follow(page, 'nav a[href$="/account/ended"]')
  t.equal(await heading(page), 'Why was I logged out?')
  await inspect(t, page, 'account-ended')
  await follow(page, 'table a[href$="/account/not-me"]')
  t.equal(await heading(page), 'Was that not you?')
  await inspect(t, page, 'account-not-me')
  await page.fill('#password', 'a new and longer passphrase')
  await follow(page, '#not-me-submit')
  t.equal(await heading(page), 'Choose a new password')
  await inspect(t, page, 'account-choose')
  t.notOk((await context.cookies()).some(({ name }) => name === 'tessera-session'))
  await page.fill('#password', 'the newest passphrase of all')
  await page.fill('#password_again', 'the newest passphrase of all')
  await follow(page, '#new-password-submit')
  t.equal(await heading(page), 'Your new password is set')
  await inspect(t, page, 'account-chosen')
  await follow(page, 'a.button')
  await enter(page, { ...bob, password: 'the newest passphrase of all' })
  t.equal(await heading(page), 'Your account')
})
