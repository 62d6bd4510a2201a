import t from 'tap'
import { deviceQuota } from '../../src/identity/quota.ts'
import { aDevice, aDeviceApp, askForDevice, deviceGrantName } from '../support/devices.ts'
import { dumpOf } from '../support/dump.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const origin = 'https://tv.example'
const app = await aDeviceApp(server, { allowed_origins: [origin], resources: ['https://api.example'] })
const count = () => server.database.prisma((prisma) => prisma.deviceCode.count())
const refused = (status: number, error: string) => ({ status, body: { error } })

t.test('T20 RFC 8628 §3.2: a device code, a user code of 20^8, and where to enter it', async (t) => {
  const { status, headers, body } = await askForDevice(server, app)
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(headers.get('content-type'), /^application\/json/)
  const userCode = String(body.user_code)
  t.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  t.same(body, {
    device_code: body.device_code,
    user_code: userCode,
    verification_uri: `${server.issuer}/device`,
    verification_uri_complete: `${server.issuer}/device?user_code=${userCode}`,
    expires_in: 600,
    interval: 5,
  })
  t.match(body.device_code, /^tsd_[\w-]{43}$/)
  const again = await askForDevice(server, app)
  t.not(again.body.device_code, body.device_code)
  t.not(again.body.user_code, userCode)
})

t.test('T20 P11 the database and the log hold neither of the two codes', async (t) => {
  const { deviceCode, userCode } = await aDevice(server, app)
  const dump = await dumpOf(server.databaseUrl)
  for (const secret of [deviceCode, userCode, userCode.replace('-', '')]) {
    t.notOk(dump.includes(secret))
    t.notOk(server.log().includes(secret))
  }
})

t.test('RFC 8628 §3.1: the client is authenticated as at the token endpoint', async (t) => {
  const confidential = await aDeviceApp(server, { token_endpoint_auth_method: 'client_secret_basic' })
  t.equal((await askForDevice(server, confidential)).status, 200)
  const before = await count()
  const refusals = {
    'a wrong secret': await askForDevice(server, { ...confidential, secret: 'wrong' }),
    'no secret': await askForDevice(server, { ...confidential, secret: undefined }),
    'a secret of a public client': await askForDevice(server, { ...app, secret: 'invented' }),
    nobody: await askForDevice(server, { ...app, client_id: 'nobody' }),
  }
  for (const [title, answer] of Object.entries(refusals)) t.match(answer, refused(401, 'invalid_client'), title)
  const disabled = await aDeviceApp(server)
  await server.stores.clients.disable(disabled.client_id, server.clock.now())
  t.match(await askForDevice(server, disabled), refused(401, 'invalid_client'))
  t.match(await server.post('/oauth2/device_authorization', {}), { status: 401 }, 'no client at all')
  t.equal(await count(), before)
})

t.test('RFC 8628 §3.1: what is asked is checked like an authorization request', async (t) => {
  const before = await count()
  const other = await server.anApp({ token_endpoint_auth_method: 'none' })
  t.match(await askForDevice(server, other), refused(400, 'unauthorized_client'), 'not registered for the grant')
  t.match(await askForDevice(server, app, { scope: 'openid admin' }), refused(400, 'invalid_scope'))
  t.match(await askForDevice(server, app, { resource: 'https://else.example' }), refused(400, 'invalid_target'))
  const twice = new URLSearchParams({ client_id: app.client_id, scope: 'openid' })
  twice.append('scope', 'read')
  t.match(
    await server.post('/oauth2/device_authorization', twice),
    refused(400, 'invalid_request'),
    'a parameter twice',
  )
  const inAddress = `/oauth2/device_authorization?client_id=${app.client_id}`
  t.match(await server.post(inAddress, {}), refused(400, 'invalid_request'), 'in the address')
  t.equal((await server.get('/oauth2/device_authorization')).status, 405, 'POST alone')
  t.equal(await count(), before)
  t.equal((await askForDevice(server, app, { resource: 'https://api.example', unknown: 'ignored' })).status, 200)
})

t.test('T23 a browser app may ask and read the answer, another page may not', async (t) => {
  const url = `${server.issuer}/oauth2/device_authorization`
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  })
  t.equal(preflight.status, 204)
  t.match(preflight.headers.get('access-control-allow-methods'), /POST/)
  t.equal(preflight.headers.get('access-control-allow-credentials'), null)
  const allowed = (headers: Headers) => headers.get('access-control-allow-origin')
  t.equal(allowed((await askForDevice(server, app, {}, { origin })).headers), origin)
  t.equal(allowed((await askForDevice(server, app, { scope: 'admin' }, { origin })).headers), origin, 'errors too')
  t.equal(allowed((await askForDevice(server, app, {}, { origin: 'https://evil.example' })).headers), null)
})

t.test('RFC 8628 §4: the endpoint and its grant are advertised', async (t) => {
  for (const document of ['openid-configuration', 'oauth-authorization-server']) {
    const { body } = await server.get(`/.well-known/${document}`)
    t.equal(body.device_authorization_endpoint, `${server.issuer}/oauth2/device_authorization`)
    t.ok(Array.isArray(body.grant_types_supported) && body.grant_types_supported.includes(deviceGrantName))
  }
})

t.test(
  'D6 one network leaves a bounded number behind for an app without a secret; what is over is swept',
  async (t) => {
    server.clock.advance({ seconds: 600 })
    const before = await count()
    const { attempts, windowSeconds } = deviceQuota.network
    const from = (ip: string, as = app) => askForDevice(server, as, {}, { 'x-forwarded-for': ip })
    const statuses: number[] = []
    for (let asked = 0; asked < attempts; asked += 20)
      statuses.push(
        ...(await Promise.all(Array.from({ length: 20 }, () => from('192.0.2.1')))).map(({ status }) => status),
      )
    t.same(new Set(statuses), new Set([200]))
    const full = await from('192.0.2.1')
    t.equal(full.status, 429)
    t.match(full.headers.get('retry-after'), /^\d+$/)
    t.equal(await count(), before + attempts, 'no row')
    t.equal((await from('192.0.2.2')).status, 200, 'another network is not concerned')
    const confidential = await aDeviceApp(server, { token_endpoint_auth_method: 'client_secret_basic' })
    t.equal((await from('192.0.2.1', confidential)).status, 200, 'nor who proves to be an app of its own')

    server.clock.advance({ seconds: windowSeconds })
    t.equal((await from('192.0.2.1')).status, 200)
    server.clock.advance({ seconds: 3000 })
    await server.stores.maintenance.sweep(server.clock.now())
    t.ok((await count()) > 0, 'what has expired can be told for an hour')
    server.clock.advance({ seconds: 1201 })
    await server.stores.maintenance.sweep(server.clock.now())
    t.equal(await count(), 0)
  },
)
