import t from 'tap'
import { allLeft, aMember, leftOf } from '../../support/members.ts'
import { rows } from '../../support/rows.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t)
const app = await server.anApp()
const alice = await server.aPerson('alice')
const mallory = await aMember(server, await server.aPerson('mallory'), app)

const here = await aMember(server, alice, app)
const away = await aMember(server, alice, app)
const fields = {
  '/account/end-session': { session: away.sessionId },
  '/account/end-others': {},
  '/account/disconnect': { client: app.client_id },
  '/account/seen': { notice: '1' },
  '/account/password': {
    current: alice.password,
    password: 'another passphrase',
    password_again: 'another passphrase',
  },
  '/account/not-me': { password: alice.password },
  '/account/new-password': { password: 'another passphrase', password_again: 'another passphrase' },
  '/account/login': { username: alice.username, password: alice.password },
}

t.test('S3 no form of the account counts without its token, or from elsewhere', async (t) => {
  const csrfOf = async ({ visitor }: typeof here) => (await visitor.visit('/account')).forms[0]?.fields.csrf ?? ''
  const [csrf, foreign] = [await csrfOf(here), await csrfOf(mallory)]
  t.not(csrf, foreign)
  const cookies = new Map(here.visitor.cookies)
  const before = await rows(server)
  for (const [path, more] of Object.entries(fields)) {
    const post = (token: string, headers: Record<string, string> = {}) =>
      here.visitor.send(path, {
        method: 'POST',
        body: new URLSearchParams({ ...more, person: alice.id, csrf: token }),
        headers,
      })
    const forged = {
      'no token': await post(''),
      "another browser's": await post(foreign),
      'another origin': await post(csrf, { origin: 'https://evil.example' }),
      'another site': await post(csrf, { 'sec-fetch-site': 'cross-site' }),
    }
    for (const [title, { status, headers }] of Object.entries(forged)) {
      t.equal(status, 403, `${path}: ${title}`)
      t.same(headers.getSetCookie(), [], `${path}: ${title}`)
    }
    t.equal((await here.visitor.send(path, { method: 'PUT' })).status, 405, `${path}: no other method`)
  }
  t.same(await rows(server), before)
  t.same(here.visitor.cookies, cookies)
  for (const member of [here, away, mallory]) t.same(await leftOf(server, app, member), allLeft)
})

t.test('who is not logged in finds the login, and a form does nothing', async (t) => {
  const stranger = server.visitor()
  const { forms } = await stranger.visit('/account')
  const csrf = forms[0]?.fields.csrf ?? ''
  for (const path of ['/account', '/account/password', '/account/ended', '/account/not-me']) {
    const page = await stranger.visit(path)
    t.equal(page.status, 401, path)
    t.ok(
      page.forms.some(({ id }) => id === 'login-form'),
      path,
    )
    t.equal(page.headers.get('cache-control'), 'no-store')
  }
  const before = await rows(server)
  for (const [path, more] of Object.entries(fields).filter(([path]) => path !== '/account/login')) {
    const body = new URLSearchParams({ ...more, person: alice.id, csrf })
    const { status, leaves } = await stranger.send(path, { method: 'POST', body })
    if (path === '/account/new-password') t.match([status, leaves?.pathname], [303, '/account'], path)
    else t.equal(status, 401, path)
  }
  t.same(await rows(server), before)
})

t.test('S8 S12 the login to the account: refused alike, counted together with the other one', async (t) => {
  const nick = await server.aPerson('nick')
  const visitor = server.visitor()
  await visitor.visit('/account')
  const attempt = (username: string, password: string) =>
    visitor.submit('login-form', { username, password }, 'login-submit')
  const [wrong, nobody] = [await attempt('nick', 'wrong'), await attempt('nobody', 'wrong')]
  t.same([wrong.status, nobody.status], [401, 401])
  const plain = (html: string) => html.replaceAll(/nonce="[^"]*"/g, '').replaceAll(/nick|nobody/g, '')
  t.equal(plain(wrong.html), plain(nobody.html))

  await visitor.visit(server.authorizeUrl(app).url)
  for (const _ of [2, 3, 4, 5]) t.equal((await attempt('nick', 'wrong')).status, 401)
  await visitor.visit('/account')
  const page = await attempt('nick', nick.password)
  t.equal(page.status, 429)
  t.ok(Number(page.headers.get('retry-after')) > 0)
})
