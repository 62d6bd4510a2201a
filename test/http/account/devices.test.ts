import t from 'tap'
import { allLeft, aMember, leftOf, nothingLeft } from '../../support/members.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const app = await server.anApp({ client_name: 'Notes' })
const other = await server.anApp({ client_name: 'Photos' })
const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'

/** What the other server says, whose memory nobody has told. */
const left = (app_: typeof app, member: Parameters<typeof leftOf>[2]) => leftOf(beside, app_, member)

t.test('S22 two devices: one ends the other, with its tokens and its code, and lives on', async (t) => {
  const ann = await server.aPerson('ann')
  const laptop = await aMember(server, ann, app)
  const phone = await aMember(server, ann, app)
  const page = await laptop.visitor.visit('/account')
  t.equal(page.status, 200)
  t.equal(page.html.split('This device').length, 2, 'one of them is this one')
  t.notOk(page.forms.some(({ id }) => id === `end-${laptop.sessionId}`))

  const after = await laptop.visitor.submit(`end-${phone.sessionId}`, {}, `end-${phone.sessionId}-submit`)
  t.match(after.html, 'That device is logged out.')
  t.notOk(after.forms.some(({ id }) => id.startsWith('end-')))
  t.same(await left(app, phone), nothingLeft)
  t.same(await left(app, laptop), allLeft)
})

t.test("S19 nobody ends another person's session, nor an unknown one, nor this one", async (t) => {
  const [bea, cem] = [await server.aPerson('bea'), await server.aPerson('cem')]
  const [here, away, theirs] = [
    await aMember(server, bea, app),
    await aMember(server, bea, app),
    await aMember(server, cem, app),
  ]
  await here.visitor.visit('/account')
  const before = await server.database.prisma((prisma) => prisma.event.count())
  for (const session of [theirs.sessionId, here.sessionId, 'x', ''])
    t.notMatch((await here.visitor.submit(`end-${away.sessionId}`, { session })).url, 'done', session)
  t.equal(await server.database.prisma((prisma) => prisma.event.count()), before)
  for (const member of [theirs, here, away]) t.same(await left(app, member), allLeft)
})

t.test('S22 "log out my other devices" spares this one, whatever it is logged in to', async (t) => {
  const dee = await server.aPerson('dee')
  const here = await aMember(server, dee, app)
  const away = [await aMember(server, dee, app), await aMember(server, dee, other)]
  await here.visitor.visit('/account')
  t.match((await here.visitor.submit('end-others', {}, 'end-others-submit')).html, 'Your other devices are logged out.')
  t.same(await left(app, away[0] ?? here), nothingLeft)
  t.same(await left(other, away[1] ?? here), nothingLeft)
  t.same(await left(app, here), allLeft)
})

t.test('an app is disconnected: its tokens and the consent, on every device, and nothing of another app', async (t) => {
  const eve = await server.aPerson('eve')
  const [here, away] = [await aMember(server, eve, app), await aMember(server, eve, app)]
  const photos = await aMember(server, eve, other)
  const page = await here.visitor.visit('/account')
  t.match(page.html, 'Stay connected while you are away')
  for (const name of ['Notes', 'Photos']) t.match(page.html, `<th scope="row">${name}</th>`)

  const after = await here.visitor.submit(`disconnect-${app.client_id}`, {}, `disconnect-${app.client_id}-submit`)
  t.match(after.html, 'The app is disconnected.')
  t.notMatch(after.html, `<th scope="row">Notes</th>`)
  for (const member of [here, away])
    t.same(await left(app, member), { ...nothingLeft, session: true }, 'the sessions stay')
  t.same(await left(other, photos), allLeft)
  t.equal((await server.stores.consents.list(eve.id)).length, 1)
  await here.visitor.visit(server.authorizeUrl(app).url)
  t.ok(
    here.visitor.at().forms.some(({ id }) => id === 'consent-form'),
    'it has to ask again',
  )
})

t.test('the page names the device, its network, when it was used and what it is logged in to', async (t) => {
  const fay = await server.aPerson('fay', { name: 'Fay <b>', email: 'fay@example.com' })
  const visitor = server.visitor()
  await visitor.visit('/account')
  const headers = { 'user-agent': chrome }
  const { username, password } = fay
  const page = await visitor.submit('login-form', { username, password }, 'login-submit', { headers })
  t.match(page.html, 'Chrome on Windows')
  t.match(page.html, '127.0.0.1')
  t.match(page.html, 'Fay &lt;b>')
  t.match(page.html, 'fay@example.com')
  t.match(page.html, 'No app is connected')
  t.match(page.html, server.clock.now().toISOString())
  const korean = await visitor.visit('/account', { headers: { 'accept-language': 'ko' } })
  t.match(korean.html, 'Chrome (Windows)')
  server.clock.advance({ seconds: 3600 })
  t.match((await visitor.visit('/account')).html, server.clock.now().toISOString(), 'S22: looking is using')
})

t.test('S14 the login to the account leads to a page of the account and nowhere else', async (t) => {
  const gil = await server.aPerson('gil')
  const { username, password } = gil
  const next = async (value: string | undefined) => {
    const visitor = server.visitor()
    await visitor.visit('/account/ended')
    const { forms } = visitor.at()
    t.equal(visitor.at().status, 401)
    t.match(forms[0]?.fields, { next: '/account/ended' })
    await visitor.submit('login-form', { username, password, ...(value !== undefined && { next: value }) })
    return new URL(visitor.at().url).pathname
  }
  t.equal(await next(undefined), '/account/ended')
  t.equal(await next('/account/password'), '/account/password')
  for (const evil of [
    'https://evil.example/',
    '//evil.example',
    '/account/../x',
    '/logout',
    '',
    '/account/password\n/x',
  ])
    t.equal(await next(evil), '/account', evil)
})

t.test('S5 a form is for whom its page named: somebody else at the browser ends nothing', async (t) => {
  const [hal, ida] = [await server.aPerson('hal'), await server.aPerson('ida')]
  const his = await aMember(server, hal, app)
  const hers = [await aMember(server, ida, app), await aMember(server, ida, app)]
  await his.visitor.visit('/account')
  const shown = his.visitor.at().forms.find(({ id }) => id === `disconnect-${app.client_id}`)
  for (const [name, value] of hers[0]?.visitor.cookies ?? [])
    if (name.endsWith('session')) his.visitor.cookies.set(name, value)
  const body = new URLSearchParams(shown?.fields)
  t.equal((await his.visitor.send('/account/disconnect', { method: 'POST', body })).status, 303)
  for (const member of hers) t.same(await left(app, member), allLeft)
})
