import t from 'tap'
import { aDevice, aDeviceApp, approve } from '../support/devices.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()

t.test('RFC 8628: a television shows a code, a phone enters it, and the television is logged in', async (t) => {
  const app = await aDeviceApp(server, { client_name: 'Television' })
  const device = await aDevice(server, app, { scope: 'openid offline_access read' })
  t.match(await device.poll(), { status: 400, body: { error: 'authorization_pending' } })

  const phone = server.visitor()
  const shown = await phone.visit(device.complete)
  t.equal(shown.forms[0]?.fields.user_code, device.userCode, 'filled in from the address')
  await phone.submit('device-form', {}, 'device-submit')
  const { username, password } = alice
  const asked = await phone.submit('login-form', { username, password }, 'login-submit')
  t.match(asked.html, 'Allow Television?')
  t.match(asked.html, `<code>${device.userCode}</code>`)
  server.clock.advance({ seconds: 5 })
  t.match(await device.poll(), { status: 400, body: { error: 'authorization_pending' } }, 'nothing before the decision')
  const done = await phone.submit('consent-form', {}, 'consent-allow')
  t.match(done.html, 'Your device is connected')

  const { status, body, headers } = await device.poll()
  t.equal(status, 200, JSON.stringify(body))
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(claims(body.access_token), { sub: alice.id, client_id: app.client_id, scope: 'openid offline_access read' })
  t.match(claims(body.id_token), { sub: alice.id, aud: app.client_id, amr: ['pwd'] })
  t.equal((await server.refresh(app, String(body.refresh_token))).status, 200)
  for (const secret of [device.deviceCode, device.userCode]) t.notOk(server.log().includes(secret), 'O10: not logged')
})

t.test('S22 a device without offline_access is logged in as long as the browser that allowed it', async (t) => {
  const app = await aDeviceApp(server)
  const [lasting, passing] = [await aDevice(server, app), await aDevice(server, app, { scope: 'openid read' })]
  const phone = server.visitor()
  await approve(alice, phone, lasting.userCode)
  await approve(alice, phone, passing.userCode)
  const tokens = [await lasting.poll(), await passing.poll()].map(({ body }) => String(body.refresh_token))
  await phone.visit('/oauth2/logout')
  await phone.submit('logout-form', {}, 'logout-confirm')
  const statuses = await Promise.all(tokens.map(async (token) => (await server.refresh(app, token)).status))
  t.same(statuses, [200, 400])
})
