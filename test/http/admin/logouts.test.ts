import t from 'tap'
import { aCaller, adminToken, anAdminClient, anAdministrator } from '../../support/administrator.ts'
import { anAddress, anEar } from '../../support/relying-party.ts'
import { aServer } from '../../support/server.ts'
import { aJwt } from '../../support/token-forms.ts'

const server = await aServer(t, { path: '/tenant' })
const root = await anAdministrator(server)
const alice = await server.aPerson('alice')
let status = 503
const ear = anEar(() => status)
const address = await anAddress(t, ear)
const app = await server.anApp({ client_name: 'Notes', first_party: true, backchannel_logout_uri: `${address}/bc` })
const admin = server.visitor()
const page = `${server.base}/admin/logouts`
await admin.visit(page)
await admin.submit('login-form', { username: root.username, password: root.password }, 'login-submit')

const logOut = async () => {
  const visitor = server.visitor()
  await server.logIn(alice, app, { scope: 'openid' }, visitor)
  await visitor.visit(`${server.base}/logout`)
  await visitor.submit('logout-form', {}, 'logout-confirm')
}
const settled = async () => {
  server.courier.wake()
  await server.courier.idle()
}

t.test('an app that was not told, when it is tried next, and told again by a button', async (t) => {
  t.match((await admin.visit(page)).html, 'no app had to be told')
  await logOut()
  await settled()
  const { html, forms } = await admin.visit(page)
  t.match(html, 'Notes')
  t.match(html, `<a href="/tenant/admin/people/${alice.id}">alice</a>`)
  t.match(html, 'It answered 503.')
  t.match(html, /Next attempt: <time/)
  t.notMatch(html, address, 'nothing of where or what was sent')
  t.notMatch(html, aJwt)
  const form = forms.find(({ id }) => id.startsWith('again-'))
  status = 200
  const asked = await admin.submit(form?.id ?? '', {}, `${form?.id}-submit`)
  t.equal(asked.url, `${page}?asked`)
  t.match(asked.html, 'id="logout-asked"')
  await settled()
  t.equal(ear.heard.length, 2)
  const told = (await admin.visit(page)).html
  t.match(told, />Told</)
  t.notMatch(told, 'It answered 503.')
})

t.test('pages of twenty-five', async (t) => {
  const now = server.clock.now()
  await server.database.prisma((prisma) =>
    prisma.logoutDelivery.createMany({
      data: Array.from({ length: 30 }, (_, index) => ({
        clientId: 'gone',
        userId: alice.id,
        sessionId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        createdAt: now,
        nextAttemptAt: null,
        lastOutcome: 'no_client',
      })),
    }),
  )
  const first = await admin.visit(page)
  t.equal(first.forms.length, 25)
  const next = /id="next-page" href="([^"]+)"/.exec(first.html)?.[1] ?? ''
  const second = await admin.visit(new URL(next, server.issuer).href)
  t.equal(second.forms.length, 6)
  t.notMatch(second.html, 'id="next-page"')
  const ids = (html: string) => [...html.matchAll(/id="again-(\d+)"/g)].map(([, id]) => id)
  t.equal(new Set([...ids(first.html), ...ids(second.html)]).size, 31)
})

t.test('the API says what the page says, and tells again', async (t) => {
  const call = aCaller(server, await adminToken(server, await anAdminClient(server)))
  const { status: answered, body } = await call('/logouts?limit=10')
  t.equal(answered, 200)
  const [newest] = Array.isArray(body.logouts) ? body.logouts : []
  t.match(newest, { client_id: 'gone', client_name: null, username: 'alice', state: 'given_up', outcome: 'no_client' })
  const { body: rest } = await call(`/logouts?after=${body.next}&limit=200`)
  const told = Array.isArray(rest.logouts) ? rest.logouts.at(-1) : undefined
  t.match(told, { client_name: 'Notes', sub: alice.id, state: 'delivered', outcome: 'delivered', attempts: 2 })
  const before = ear.heard.length
  t.match(await call(`/logouts/${told.id}/again`, {}), { status: 200, body: { id: told.id, state: 'waiting' } })
  await settled()
  t.equal(ear.heard.length, before + 1)
  t.match(await call('/logouts/999999/again', {}), { status: 404, body: { error: 'not_found' } })
  t.equal((await call('/logouts/x/again', {})).status, 400)
  t.equal((await call('/logouts?after=x')).status, 400)
  for (const path of ['/logouts', `/logouts/${told.id}/again`])
    t.equal((await aCaller(server, undefined)(path, path === '/logouts' ? undefined : {})).status, 401, path)
})

t.test('S3 only for an administrator, by a form of ours, and of what there is', async (t) => {
  const { forms } = await admin.visit(page)
  const fields = forms[0]?.fields ?? {}
  const post = (body: Record<string, string>, headers = {}) =>
    admin.send(page, { method: 'POST', body: new URLSearchParams(body), headers })
  t.equal((await post({ ...fields, csrf: '' })).status, 403)
  t.equal((await post(fields, { 'sec-fetch-site': 'cross-site' })).status, 403)
  for (const id of ['0', '', 'x', '999999999999999999999']) t.equal((await post({ ...fields, id })).status, 404, id)
  const nobody = server.visitor()
  t.equal((await nobody.visit(page)).status, 401)
  await nobody.submit('login-form', { username: alice.username, password: alice.password }, 'login-submit')
  t.equal(nobody.at().status, 403)
})
