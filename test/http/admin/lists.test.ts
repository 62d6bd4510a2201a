import t from 'tap'
import { anAdministrator } from '../../support/administrator.ts'
import { anEstate } from '../../support/estate.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t, { path: '/tenant' })
const root = await anAdministrator(server)
const estate = await anEstate(server)
const { person, app, familyId } = estate
const admin = server.visitor()
await admin.visit(`${server.base}/admin/people?q=owner`)
const landed = await admin.submit('login-form', { username: root.username, password: root.password }, 'login-submit')

t.test('the login leads on to the page that was asked for, and to no other site', async (t) => {
  t.equal(landed.url, `${server.issuer}/admin/people?q=owner`)
  t.match(landed.html, `<a href="/tenant/admin/people/${person.id}">${person.username}</a>`)
  const csrf = (await admin.visit(`${server.base}/admin/sessions`)).forms[0]?.fields.csrf ?? ''
  const nexts = [
    'https://evil.example',
    '//evil.example/admin',
    '/admin/../logout',
    '/admin//evil\\x',
    '/account',
    '/admin\r\nx: y',
  ]
  for (const next of nexts) {
    const body = new URLSearchParams({ csrf, username: root.username, password: root.password, next })
    const sent = await admin.send(`${server.base}/admin/login`, { method: 'POST', body })
    t.equal(sent.status, 303)
    t.equal(sent.leaves?.href, `${server.issuer}/admin`, JSON.stringify(next))
  }
})

t.test('O9 a search is text, and what no name holds is said to be so', async (t) => {
  const search = async (q: string, of = 'people') =>
    await admin.visit(`${server.base}/admin/${of}?q=${encodeURIComponent(q)}`)
  for (const q of ['%', '_', "' OR 1=1--", '(a+)+$', '"><script>alert(1)</script>', 'x'.repeat(200)])
    for (const of of ['people', 'clients']) {
      const { status, html } = await search(q, of)
      t.equal(status, 200)
      t.match(html, of === 'people' ? 'Nobody has such a name.' : 'No app has such a name.', q.slice(0, 20))
      t.notMatch(html, '<script>')
    }
  t.match((await search('\u001b')).html, 'id="search-error"')
  t.match((await search('x'.repeat(201))).html, 'id="search-error"')
  t.equal((await admin.visit(`${server.base}/admin/people?q=%00`)).status, 400)
  for (const q of ['OWNER', person.id]) t.match((await search(q)).html, person.username)
  t.match((await search('app 1', 'clients')).html, app.client_id)
})

t.test('lists show device, network and last use, and lead to the login and the person', async (t) => {
  const families = (await admin.visit(`${server.base}/admin/families?user=${person.id}`)).html
  t.match(families, `href="/tenant/admin/families/${familyId}"`)
  t.match(families, '<code class="address">127.0.0.1</code>')
  t.match(families, 'Logins of owner-1')
  t.notMatch(families, estate.other.username)
  t.match((await admin.visit(`${server.base}/admin/families?client=${app.client_id}`)).html, 'Logins in App 1')
  const sessions = (await admin.visit(`${server.base}/admin/sessions`)).html
  t.match(sessions, 'This device')
  t.match(sessions, /<time datetime="[^"]+" title="[^"]+">/)
})

t.test('what is nobody or nothing is 404, never 500', async (t) => {
  const id = '00000000-0000-4000-8000-000000000000'
  for (const path of [
    `people/${id}`,
    'people/x',
    "people/'",
    `sessions?user=${id}`,
    'sessions?user=x',
    'families?client=nobody',
    'events?user=x',
    `revoke?kind=user&id=${id}`,
    `revoke?kind=app&user=${id}&client=x`,
  ])
    t.equal((await admin.visit(`${server.base}/admin/${path}`)).status, 404, path)
  for (const path of ['revoke', 'revoke?kind=x', 'revoke?kind=session&id=x', 'revoke?kind=app', 'revoke?kind=client'])
    t.equal((await admin.visit(`${server.base}/admin/${path}`)).status, 400, path)
  for (const path of ['sessions?after=x', 'events?after=99999999999999999999', 'families?after=1.2'])
    t.equal((await admin.visit(`${server.base}/admin/${path}`)).status, 200, `${path} begins at the beginning`)
})

t.test('a list is walked by its links', async (t) => {
  for (let count = 0; count < 30; count++) await server.aPerson(`walker-${String(count).padStart(2, '0')}`)
  const seen = new Set<string>()
  let address: string | undefined = `${server.base}/admin/people?q=walker`
  let pages = 0
  while (address !== undefined) {
    pages++
    const { html } = await admin.visit(address)
    for (const [name] of html.matchAll(/walker-\d\d/g)) seen.add(name)
    const next = /<a id="next-page" href="([^"]+)"/.exec(html)?.[1]
    address = next && new URL(next.replaceAll('&amp;', '&'), server.base).href
  }
  t.equal(pages, 2)
  t.equal(seen.size, 30)
})
