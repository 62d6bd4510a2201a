import t, { type Test } from 'tap'
import { anAdministrator } from '../support/administrator.ts'
import { aDevice, aDeviceApp } from '../support/devices.ts'
import { aServer } from '../support/server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

const path = '/tenants/a'
const server = await aServer(t, { path, demo: true })
const root = await anAdministrator(server)

/** The addresses of this server that a page names: what it loads, and where it leads. */
const linksOf = ({ url, html }: Page): readonly string[] =>
  [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)]
    .map(([, address = '']) => new URL(address.replaceAll('&amp;', '&'), url))
    .filter(({ origin }) => origin === new URL(url).origin)
    .map(({ origin, pathname, search }) => origin + pathname + search)

const known = new Set<string>()

/** What a page loads and leads to is served, and its forms go below the issuer. */
const isWhole = async (t: Test, visitor: Visitor, page: Page): Promise<void> => {
  const links = linksOf(page)
  t.ok(links.length >= 3, `${page.url} has its style, its script and its mark`)
  for (const link of links.filter((link) => !known.has(link))) {
    known.add(link)
    const { status } = await visitor.send(link)
    t.ok(status < 400, `${page.url} names ${link}: ${status}`)
  }
  for (const { action } of page.forms) t.ok(new URL(action, page.url).pathname.startsWith(`${path}/`), action)
}

/** Follows every link of every page. @returns the paths it came to, below the issuer's */
const crawl = async (t: Test, visitor: Visitor, from: string): Promise<ReadonlySet<string>> => {
  const places = new Set([from])
  for (const place of places) {
    // What begins a login leads to the app, and that is another story.
    if (place.includes('/demo/login')) continue
    const page = await visitor.visit(place)
    if (!page.headers.get('content-type')?.startsWith('text/html')) continue
    await isWhole(t, visitor, page)
    for (const link of linksOf(page)) places.add(link)
  }
  return new Set([...places].map((place) => new URL(place).pathname.replace(path, '')))
}

t.test('K4 an issuer with a path: whatever a page loads or leads to is served', async (t) => {
  const app = await server.anApp()
  const visitor = server.visitor()
  await isWhole(t, visitor, await visitor.visit(server.authorizeUrl(app).url))
  await isWhole(t, visitor, await visitor.submit('login-form', { username: root.username, password: root.password }))
  t.ok(visitor.at().forms.some(({ id }) => id === 'consent-form'))
  const { refresh_token } = await server.logIn(root, app, {}, visitor)
  const refreshed = await server.refresh(app, refresh_token)
  server.clock.advance({ seconds: 300 })
  await server.refresh(app, String(refreshed.body.refresh_token))
  server.clock.advance({ seconds: 300 })
  // A theft, so that there is something to tell.
  await server.refresh(app, refresh_token)
  await server.logIn(root, app, {}, visitor)

  const places = [
    ...(await crawl(t, visitor, `${server.issuer}/`)),
    ...(await crawl(t, visitor, `${server.issuer}/account`)),
    ...(await crawl(t, visitor, `${server.issuer}/admin`)),
  ]
  const story = places.find((place) => place.startsWith('/why/'))
  t.ok(story, 'the page that tells of the theft was among them')
  for (const place of ['/.well-known/jwks.json', '/demo/', '/account/ended', `/admin/people/${root.id}`])
    t.ok(places.includes(place), place)

  const device = await aDevice(server, await aDeviceApp(server))
  await isWhole(t, visitor, await visitor.visit(device.complete))
  await isWhole(t, visitor, await visitor.submit('device-form', { user_code: device.userCode }, 'device-submit'))
  for (const unserved of ['/nothing', '/oauth2/authorize?client_id=nobody', `${story}x`, '/administrator?token=x'])
    await isWhole(t, visitor, await visitor.visit(server.issuer + unserved))
  await isWhole(t, visitor, await visitor.visit(`${server.issuer}/demo/spa`))
  await isWhole(t, visitor, await visitor.visit(`${server.issuer}/logout`))
  await isWhole(t, visitor, await visitor.submit('logout-form', {}, 'logout-confirm'))
})

t.test('K4 the first page without a development server', async (t) => {
  const production = await aServer(t, { beside: server })
  const visitor = production.visitor()
  const page = await visitor.visit(`${production.base}/`)
  t.match(page.html, `<a href="${path}/account">`)
})

t.test('an address below the issuer says by which methods it is served', async (t) => {
  for (const [below, allow] of [
    ['', 'GET, HEAD'],
    ['/', 'GET, HEAD'],
    ['/oauth2/authorize', 'GET, POST'],
  ] as const) {
    const response = await fetch(`${server.issuer}${below}`, { method: 'PUT' })
    t.match([response.status, response.headers.get('allow')], [405, allow], below)
  }
})
