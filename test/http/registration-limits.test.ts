import t from 'tap'
import { createQuota, registrationQuota } from '../../src/identity/quota.ts'
import { networkOf, siteOf } from '../../src/network.ts'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { aServer } from '../support/server.ts'

const open = await aServer(t, {
  env: { REGISTRATION: 'open', TRUST_PROXY: '127.0.0.1', REGISTRATION_SCOPE: 'openid notes' },
})
const byToken = await aServer(t, { env: { REGISTRATION: 'token' }, clock: open.clock })
const metadata = { redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }

t.test('where registration is off there is nothing, and metadata says so (RFC 8414 §2)', async (t) => {
  const off = await aServer(t, { beside: open })
  t.equal((await registeringAt(off).register(metadata)).status, 404)
  const documents = await Promise.all([off, open].map((server) => server.get('/.well-known/openid-configuration')))
  t.same(
    documents.map(({ body }) => body.registration_endpoint),
    [undefined, `${open.issuer}/oauth2/register`],
  )
  const { body } = await registeringAt(open).register(metadata)
  t.equal(
    (
      await registeringAt(off).configure('GET', {
        ...body,
        registration_client_uri: `${off.base}/oauth2/register/${body.client_id}`,
      })
    ).status,
    404,
  )
})

t.test('REGISTRATION_SCOPE says what may be asked for', async (t) => {
  const { register } = registeringAt(open)
  t.equal((await register(metadata)).body.scope, 'openid notes')
  t.equal((await register({ ...metadata, scope: 'notes' })).status, 201)
  t.match(
    (await register({ ...metadata, scope: 'openid email' })).body.error_description,
    /scope may only have openid notes/,
  )
})

t.test('RFC 7591 §3 token: only with an initial access token', async (t) => {
  const { register, invite } = registeringAt(byToken)
  const without = await register(metadata)
  t.equal(without.status, 401)
  t.equal(without.headers.get('www-authenticate'), 'Bearer')
  const expired = await invite(1, -1)
  for (const token of ['x', `tsn_${'A'.repeat(43)}`, `tra_${'A'.repeat(43)}`, expired]) {
    const { status, body } = await register(metadata, { authorization: `Bearer ${token}` })
    t.equal(status, 401)
    t.equal(body.error, 'invalid_token')
  }
  const headers = { authorization: `Bearer ${await invite(2)}` }
  t.equal((await register({ ...metadata, logo_uri: 'x' }, headers)).status, 400)
  t.equal((await register(metadata, headers)).status, 201, 'a refusal costs no use')
  t.equal((await register(metadata, headers)).status, 201)
  t.equal((await register(metadata, headers)).status, 401, 'used up')
})

t.test('an initial access token is never spent too often, however many come at once', async (t) => {
  const { register, invite } = registeringAt(byToken)
  const headers = { authorization: `Bearer ${await invite(5)}` }
  const answers = await Promise.all(Array.from({ length: 20 }, () => register(metadata, headers)))
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  t.same([count(201), count(401)], [5, 15])
  t.equal(
    await byToken.database.prisma((prisma) => prisma.initialAccessToken.count({ where: { usesLeft: { lt: 0 } } })),
    0,
  )
})

t.test('O11 an initial access token is stored as its hash', async (t) => {
  const token = await registeringAt(byToken).invite(1)
  const rows = await byToken.database.prisma((prisma) => prisma.initialAccessToken.findMany())
  t.notMatch(JSON.stringify(rows), token)
})

t.test('D6 so many of one network, then 429 until an hour is over; what is refused does not count', async (t) => {
  const { register } = registeringAt(open)
  const from = (address: string) => ({ 'x-forwarded-for': address })
  for (let n = 0; n < 5; n++) await register({ ...metadata, logo_uri: 'x' }, from('203.0.113.7'))
  for (let n = 0; n < 300; n++) {
    const { status } = await register(metadata, from('203.0.113.7'))
    if (status !== 201) t.fail(`${n}: ${status}`)
  }
  const refused = await register(metadata, from('203.0.113.7'))
  t.equal(refused.status, 429)
  t.equal(refused.headers.get('retry-after'), '3600')
  t.equal((await register(metadata, from('203.0.113.8'))).status, 201, 'another network')
  open.clock.advance({ seconds: 3600 })
  t.equal((await register(metadata, from('203.0.113.7'))).status, 201)
})

t.test('D6 the number of clients that nobody uses is bounded', async (t) => {
  const { register } = registeringAt(open)
  await open.database.prisma(
    (prisma) => prisma.$executeRaw`INSERT INTO clients (id, metadata, created_at, registration_hash)
      SELECT 'idle_' || n, '{}', ${open.clock.now()}, sha256(n::text::bytea) FROM generate_series(1, 10000) AS n`,
  )
  const refused = await register(metadata, { 'x-forwarded-for': '203.0.113.9' })
  t.equal(refused.status, 429)
  t.equal(refused.headers.get('retry-after'), '3600')
  const idle = () => open.database.prisma((prisma) => prisma.client.count({ where: { id: { startsWith: 'idle_' } } }))
  await open.stores.maintenance.sweep(open.clock.now())
  t.equal(await idle(), 10_000)
  open.clock.advance({ seconds: 86_401 })
  await open.stores.maintenance.sweep(open.clock.now())
  t.ok((await idle()) <= 5000, 'after a day half of the places are free again')
  t.ok((await idle()) > 4600, 'and no more: who registered something yesterday may need it today')
  t.equal((await register(metadata, { 'x-forwarded-for': '203.0.113.9' })).status, 201)
  open.clock.advance({ seconds: 30 * 86_400 })
  await open.stores.maintenance.sweep(open.clock.now())
  t.equal(await idle(), 0)
})

t.test('D6 the networks of one IPv6 site count together', async (t) => {
  const quota = createQuota(registrationQuota)
  const taken = (ip: string) => quota.take({ network: networkOf(ip), site: siteOf(ip), all: 'all' }, open.clock.now())
  let admitted = 0
  while (admitted < 1000 && taken(`2001:db8:7:${admitted.toString(16)}::1`) === 0) admitted++
  t.equal(admitted, 600)
  t.equal(taken('2001:db8:8::1'), 0, 'another')
  t.equal(taken('203.0.113.80'), 0)
})
