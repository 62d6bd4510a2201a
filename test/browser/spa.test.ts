import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { demoPerson, demoSpaId } from '../../src/demo.ts'
import { follow } from '../support/acts.ts'
import { aBrowser, aWindow, type WindowOptions } from '../support/chromium.ts'
import { withClient } from '../support/database.ts'
import { dumpOf, standingTables } from '../support/dump.ts'
import { inspect } from '../support/inspection.ts'
import { aLanding } from '../support/landing.ts'
import { aServer } from '../support/server.ts'
import { aRefreshToken } from '../support/token-forms.ts'
import { lockWaiters } from '../support/waiter.ts'

const browser = await aBrowser(t)
const server = await aServer(t, { demo: true })
const address = `${server.issuer}/demo/spa`
const cookieName = `tessera-rt-${demoSpaId}`
const refusals = ['/oauth2/token']

const aVisit = (t: Test, options: Partial<WindowOptions> = {}) =>
  aWindow(t, browser, { origins: [server.issuer], refusals, locale: 'en-US', ...options })
const fillIn = async (page: Page) => {
  await page.fill('#username', demoPerson.username)
  await page.fill('#password', demoPerson.password)
  await page.click('#login-submit')
}
const logIn = async (page: Page) => {
  await page.goto(address)
  await page.click('#spa-log-in')
  await fillIn(page)
  await page.waitForSelector('#spa-hello')
}
const generationAt = async (page: Page) => Number(await page.textContent('#spa-generation'))
/** Until the page has drawn another pair than it had. */
const renewed = async (page: Page, act: () => Promise<unknown>) => {
  const drawn = page.evaluate(`new Promise((done) => {
    const cell = document.getElementById('spa-generation')
    const before = cell.textContent
    new MutationObserver(() => cell.textContent !== before && done()).observe(cell, { childList: true })
  })`)
  await act()
  await drawn
}
const families = () => server.stores.families.list({ clientId: demoSpaId, limit: 10 }, server.clock.now())
const theFamily = async (t: Test) => {
  const all = await families()
  t.equal(all.length, 1, 'one family')
  const [family] = all
  if (!family) throw new Error('there is no family')
  return family
}
const standing = () => dumpOf(server.databaseUrl, standingTables)
const endAll = async () => {
  const now = server.clock.now()
  for (const { id } of await families())
    await server.stores.families.revoke(id, 'logged_out', now, { ip: undefined, userAgent: undefined })
}

const words = {
  'en-US': { out: 'An app without a server', hello: 'Hello, Alice Example' },
  'ko-KR': { out: '서버가 없는 앱', hello: 'Alice Example 님, 안녕하세요' },
} as const

for (const locale of ['en-US', 'ko-KR'] as const)
  t.test(`design "In a browser app": log in, reload, renew, call, log out, ${locale}`, async (t) => {
    const { page, context } = await aVisit(t, { locale })
    const said = words[locale]
    const name = (of: string) => `spa-${of}-${locale.slice(0, 2)}`
    const readable: Promise<string>[] = []
    page.on('response', (response) => {
      const isRedirect = response.status() >= 300 && response.status() < 400
      if (!isRedirect) readable.push(response.text().catch(() => ''))
    })

    await page.goto(address)
    await page.waitForSelector('#spa-log-in')
    t.equal(await page.textContent('h1'), said.out)
    await inspect(t, page, name('logged-out'))
    await page.click('#spa-log-in')
    await fillIn(page)
    await page.waitForSelector('#spa-hello')
    t.equal(await page.textContent('h1'), said.hello, 'RFC 7636: a first-party app is not asked for consent')
    t.equal(page.url(), address, 'no code stays in the address')
    t.equal(await generationAt(page), 1)

    await page.reload()
    await page.waitForSelector('#spa-hello')
    t.equal(await generationAt(page), 2, 'a reload keeps the login')
    await renewed(page, () => page.click('#spa-refresh'))
    await page.click('#spa-call')
    await page.waitForSelector('#spa-status')
    t.match(await page.textContent('#spa-status'), /200$/)
    t.match(await page.textContent('#spa-answer pre'), /"client_id": "demo-spa"/)
    await inspect(t, page, name('logged-in'))

    const cookies = await context.cookies(`${server.issuer}/oauth2/token`)
    const mine = cookies.find((cookie) => cookie.name === cookieName)
    t.match(mine, { httpOnly: true, sameSite: 'Strict', path: '/oauth2/token', value: /^tsr_[\w-]{76}$/ })
    const seen = await page.evaluate<string>(`JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage},
      document.documentElement.outerHTML, tokens, person, performance.getEntries()])`)
    t.match(seen, demoPerson.claims.name, 'what a script can read')
    t.notMatch(seen, aRefreshToken, 'is no refresh token')
    const bodies = (await Promise.all(readable)).join('\n')
    t.match(bodies, /authorization_expires_in/, 'nor is one in the answers,')
    t.notMatch(bodies, aRefreshToken, 'which were all looked at')
    t.match(await page.evaluate('document.cookie'), /^tessera-state=[\w-]{43}$/, 'and one cookie that is worth nothing')

    await page.click('#spa-log-out')
    await page.waitForSelector('#spa-log-in')
    t.equal(page.url(), address)
    t.same(await families(), [], 'the family has ended with the session')
    await page.reload()
    await page.waitForSelector('#spa-log-in')
    await page.click('#spa-log-in')
    await page.waitForSelector('#login-form')
  })

t.test('the pair is renewed before it expires, and nobody is logged out by a server that is away', async (t) => {
  const { page, context } = await aVisit(t)
  await page.clock.install()
  await logIn(page)
  await renewed(page, () => page.clock.fastForward(90_000))
  t.equal(await generationAt(page), 2)

  await context.route('**/oauth2/token', (route) => route.fulfill({ status: 503, json: { error: 'x' } }), { times: 1 })
  await page.clock.fastForward(90_000)
  await page.waitForSelector('#spa-trouble')
  await renewed(page, () => page.clock.fastForward(5_000))
  t.equal(await page.locator('#spa-trouble').count(), 0)
  await endAll()
  await page.click('#spa-refresh')
  await page.waitForSelector('#spa-log-in')
})

t.test('five tabs refreshing at once: nobody is logged out, one family, one generation a round', async (t) => {
  const { page, tab } = await aVisit(t)
  await logIn(page)
  const tabs = [page, ...(await Promise.all(Array.from({ length: 4 }, tab)))]
  await Promise.all(tabs.map((each) => each.goto(address)))
  for (const each of tabs) await each.waitForSelector('#spa-hello')
  const { id, live } = await theFamily(t)

  // As scripts would that know nothing of one another: all five ask before anybody is answered.
  const ask = `fetch('/oauth2/token', { method: 'POST', body: new URLSearchParams({ client_id: 'demo-spa',
    grant_type: 'refresh_token' }) }).then(async (response) => ({ status: response.status, ...(await response.json()) }))`
  type Told = { readonly status: number; readonly access_token: string }
  for (let round = 1; round <= 12; round++) {
    const answers = await withClient(server.databaseUrl, async (client) => {
      await client.query('BEGIN')
      await client.query('SELECT FROM token_families WHERE id = $1 FOR UPDATE', [id])
      const all = Promise.all(tabs.map((each) => each.evaluate<Told>(ask)))
      await lockWaiters(server.databaseUrl, tabs.length)
      await client.query('COMMIT')
      return all
    })
    t.same([...new Set(answers.map(({ status }) => status))], [200], `round ${round}`)
    t.equal(new Set(answers.map(({ access_token }) => access_token)).size, 1, 'one pair for everybody')
    const shown = await server.stores.families.show(id)
    t.equal(shown?.pairs.length, live.generation + round, 'one generation in the ledger')
    t.equal(shown?.family.retries, 4 * round)
  }

  await Promise.all(
    tabs.map(async (each) => {
      for (let press = 0; press < 10; press++) await renewed(each, () => each.click('#spa-refresh'))
    }),
  )
  // Past every window: an older cookie over a newer one would end the family now.
  server.clock.advance({ seconds: 61 })
  for (const each of tabs) {
    await each.reload()
    await each.waitForSelector('#spa-hello')
  }
  t.equal((await theFamily(t)).live.generation, live.generation + 12 + 50 + 5)
  t.notMatch(server.log(), aRefreshToken, 'O10 no refresh token in the log')
  await endAll()
})

t.test('a request that another origin forges gets nothing and changes nothing', async (t) => {
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const page = await context.newPage()
  await logIn(page)
  const evil = await aLanding(t)
  const cookie = async () =>
    (await context.cookies(`${server.issuer}/oauth2/token`)).find((one) => one.name === cookieName)
  const mine = await cookie()
  const before = await standing()
  const sent: string[] = []
  context.on('request', (request) => {
    if (request.url().startsWith(`${server.issuer}/oauth2/token`)) sent.push(request.method())
  })

  const form = new URLSearchParams({ client_id: demoSpaId, grant_type: 'refresh_token' })
  const ask = (mode: string, more = '') => `fetch('${server.issuer}/oauth2/token', { method: 'POST', mode: '${mode}',
    credentials: 'include', body: new URLSearchParams('${form}') ${more} }).then(
      async (response) => [response.type, await response.text()].join(), (error) => error.name)`
  // Another site, to which SameSite gives no cookie; and a neighbour on the same site, to which it does.
  for (const origin of [evil.origin.replace('127.0.0.1', 'localhost'), evil.origin]) {
    const attack = await context.newPage()
    await attack.goto(`${origin}/`)
    t.equal(await attack.evaluate(ask('no-cors')), 'opaque,', `${origin} reads nothing`)
    t.equal(await attack.evaluate(ask('cors')), 'TypeError')
    t.equal(await attack.evaluate(ask('cors', ", headers: { 'x-forged': '1' }")), 'TypeError', 'nor past a preflight')
    const image = `new Promise((done) => { const image = new Image(); image.onload = () => done('read')
      image.onerror = () => done('nothing'); image.src = '${server.issuer}/oauth2/token?${form}' })`
    t.equal(await attack.evaluate(image), 'nothing')
    const fields = [...form].map(([name, value]) => `<input name="${name}" value="${value}">`).join('')
    await attack.setContent(
      `<form method="post" action="${server.issuer}/oauth2/token">${fields}<button>x</button></form>`,
    )
    const [answer] = await Promise.all([attack.waitForResponse('**/oauth2/token'), follow(attack, 'button')])
    t.equal(answer.status(), 400, 'a form')
    t.match(await attack.textContent('body'), /invalid_request/)
    await attack.close()
  }
  t.ok(sent.length >= 8, `${sent.length} requests were sent`)
  t.equal(await standing(), before)
  t.same(await cookie(), mine)
  await page.reload()
  await page.waitForSelector('#spa-hello')
  await endAll()
})

t.test(
  'an answer that the tab did not ask for, or of another issuer, is none (RFC 6749 §10.12, RFC 9207)',
  async (t) => {
    const { page } = await aVisit(t)
    const asked = async () => {
      await page.goto(address)
      await page.waitForSelector('#spa-log-in')
      const away = page.waitForRequest('**/oauth2/authorize?*')
      await page.click('#spa-log-in')
      const { searchParams } = new URL((await away).url())
      await page.waitForSelector('#login-form')
      return searchParams.get('state') ?? ''
    }
    const answers = [
      { state: 'none of ours', iss: server.issuer },
      { state: await asked(), iss: 'https://evil.example' },
      { state: await asked() },
    ]
    for (const answer of answers) {
      await page.goto(`${address}?${new URLSearchParams({ code: 'x', ...answer })}`)
      t.match(await page.textContent('#spa-trouble'), /invalid_request$/, JSON.stringify(answer))
      t.equal(page.url(), address)
    }
    await asked()
    await page.click('#login-cancel')
    t.match(await page.textContent('#spa-trouble'), /access_denied$/)
  },
)

t.test('without scripts the page says so; with them the Content-Security-Policy lets no other run', async (t) => {
  const { page } = await aVisit(t, { javaScriptEnabled: false })
  const response = await page.goto(address)
  t.match(await page.textContent('body'), /scripts are switched off/)
  const policy = response?.headers()['content-security-policy'] ?? ''
  t.match(policy, /default-src 'none'; .*connect-src 'self'; .*frame-ancestors 'none'/)
  t.notMatch(policy, /unsafe|https?:|\*/)
})
