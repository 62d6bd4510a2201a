import t from 'tap'
import { anAdministrator } from '../../support/administrator.ts'
import { aServer, claims } from '../../support/server.ts'

const server = await aServer(t, { path: '/tenant' })
const root = await anAdministrator(server)
const alice = await server.aPerson('alice')
const app = await server.anApp({ client_name: 'Notes' })
const admin = server.visitor()
await admin.visit(`${server.base}/admin/people`)
await admin.submit('login-form', { username: root.username, password: root.password }, 'login-submit')

const aFamily = async () => {
  const tokens = await server.logIn(alice, app)
  return { ...tokens, familyId: String(claims(tokens.access_token).jti).split('.')[0] }
}
const pageOf = (id: string | undefined) => admin.visit(`${server.base}/admin/families/${id}`)

t.test('a family that was robbed: each pair, the retry, the red fork and why it ended', async (t) => {
  const { familyId, refresh_token } = await aFamily()
  const second = await server.refresh(app, refresh_token)
  await server.refresh(app, refresh_token)
  await server.refresh(app, String(second.body.refresh_token))
  server.clock.advance({ seconds: 120 })
  await server.refresh(app, refresh_token)
  const { status, html } = await pageOf(familyId)
  t.equal(status, 200)
  for (const shown of [/alice/, /Notes/, /A used key came back/, /class="fork"/, /↻ 1/, /pair 1 again/])
    t.match(html, shown)
  t.notMatch(html, /id="end-family"/, 'nothing is left to end')
})

t.test('each device is named in the language of the page', async (t) => {
  const { familyId, refresh_token } = await aFamily()
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0'
  await server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token }, app, {
    'user-agent': userAgent,
  })
  t.match((await pageOf(familyId)).html, 'Firefox on Linux')
  const path = `${server.base}/admin/families/${familyId}`
  const korean = await admin.visit(path, { headers: { 'accept-language': 'ko' } })
  t.match(korean.html, 'Linux의 Firefox')
  t.notMatch(korean.html, 'Firefox on Linux')
})

t.test('a living one can be ended there, and shows that it was', async (t) => {
  const { familyId, refresh_token } = await aFamily()
  t.match((await pageOf(familyId)).html, /id="end-family"/)
  const after = await admin.submit('end-family', {}, 'end-family-submit')
  t.equal(after.status, 200)
  t.match((await pageOf(familyId)).html, /An administrator ended this login/)
  t.match(await server.refresh(app, refresh_token), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('no family of that id, and nobody but an administrator', async (t) => {
  const { familyId } = await aFamily()
  for (const id of ['0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000009', "'--", '%00']) t.equal((await pageOf(id)).status, 404, id)
  const visitor = server.visitor()
  t.equal((await visitor.visit(`${server.base}/admin/families/${familyId}`)).status, 401)
  await visitor.submit('login-form', { username: alice.username, password: alice.password }, 'login-submit')
  t.equal((await visitor.visit(`${server.base}/admin/families/${familyId}`)).status, 403)
})
