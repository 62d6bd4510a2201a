import { createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { anAssertingClient, ec, encoded, keyed, rsa, sign } from '../support/assertions.ts'
import { aServer } from '../support/server.ts'
import { machineMetadata, refusedClient } from '../support/token-requests.ts'

const server = await aServer(t)
const machine = await server.anApp(machineMetadata)
const { now, payloadOf, present, spent } = await anAssertingClient(server)

const rowsOf = (dump: string) => dump.split('\n').filter((line) => line !== '').length

/** A server that must not be called. */
const aTrap = (t: Test, called: () => void) =>
  new Promise<string>((resolve) => {
    const trap = createServer((_request, response) => {
      called()
      response.end('{}')
    })
    t.teardown(() => trap.close())
    trap.listen(0, '127.0.0.1', () => {
      const address = trap.address()
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`)
    })
  })

t.test('T5 keys that the header brings, and headers that want to be understood', async (t) => {
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = foreign.publicKey.export({ format: 'jwk' })
  let fetched = 0
  const trap = await aTrap(t, () => fetched++)
  const headers: readonly Record<string, unknown>[] = [
    { jwk },
    { jku: `${trap}/jwks.json` },
    { x5u: `${trap}/cert.pem` },
    { x5c: ['MIIB'] },
    { kid: '../../../etc/passwd' },
    { kid: "' OR 1=1 --" },
    { kid: 'x'.repeat(10 * 1024) },
    { kid: { $ne: null } },
    { kid: machine.client_id },
  ]
  const before = await spent()
  for (const header of headers) {
    const assertion = `${encoded({ alg: 'RS256', ...header })}.${encoded(payloadOf())}`
    for (const key of [foreign.privateKey, rsa.privateKey]) {
      const signature = createSign('sha256').update(assertion).sign(key, 'base64url')
      const answer = await present(`${assertion}.${signature}`)
      // With the registered key the header alone must not do harm: a key it brings is not looked at.
      if (key === rsa.privateKey && !('kid' in header)) t.equal(answer.status, 200, JSON.stringify(header).slice(0, 60))
      else t.match(answer, refusedClient, JSON.stringify(header).slice(0, 60))
    }
  }
  for (const header of [{ crit: ['x'], x: 1 }, { crit: [] }, { b64: false, crit: ['b64'] }, { b64: false }]) {
    const assertion = `${encoded({ alg: 'RS256', ...header })}.${encoded(payloadOf())}`
    const signature = createSign('sha256').update(assertion).sign(rsa.privateKey, 'base64url')
    t.match(await present(`${assertion}.${signature}`), refusedClient, JSON.stringify(header))
  }
  t.equal(fetched, 0, 'nothing was fetched')
  t.equal(rowsOf(await spent()), rowsOf(before) + 4, 'only the four good ones were spent')
})

t.test('T6 signatures that are none', async (t) => {
  const signed = `${encoded({ alg: 'ES256', kid: 'ec' })}.${encoded(payloadOf())}`
  const der = createSign('sha256').update(signed).sign(ec.privateKey)
  const right = createSign('sha256').update(signed).sign({ key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  const before = await spent()
  const signatures: readonly [string, Buffer][] = [
    ['r = s = 0', Buffer.alloc(64)],
    ['DER', der],
    ['too short', right.subarray(0, 63)],
    ['too long', Buffer.concat([right, Buffer.alloc(1)])],
    ['empty', Buffer.alloc(0)],
    ['one bit', Buffer.from(right.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
  ]
  for (const [why, signature] of signatures)
    t.match(await present(`${signed}.${signature.toString('base64url')}`), refusedClient, why)
  t.equal(await spent(), before)
  t.match(await present(`${signed}.${right.toString('base64url')}`), { status: 200 }, 'the right one still counts')
})

t.test('T6 weak keys cannot be registered', async (t) => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const point = ec.publicKey.export({ format: 'jwk' })
  const keys = [
    short,
    { ...point, y: point.x },
    { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') },
    { kty: 'oct', k: 'c2VjcmV0' },
    createPrivateKey(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' }),
    createPublicKey(
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }),
    ).export({
      format: 'jwk',
    }),
  ]
  for (const key of keys)
    await t.rejects(
      server.anApp({ ...keyed, jwks: { keys: [key] } }),
      { code: 'invalid_client_metadata' },
      String(key.kty),
    )
})

t.test('K7 who cannot sign fills no store, and no jti is kept for longer than an hour', async (t) => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const before = await spent()
  for (let index = 0; index < 50; index++)
    t.match(await present(await sign(payloadOf({ jti: `forged ${index}` }), {}, stranger.privateKey)), refusedClient)
  t.match(await present(await sign(payloadOf({ exp: now() + 3700 }))), refusedClient, 'longer than an hour')
  t.equal(await spent(), before, 'not a row')

  t.match(await present(await sign(payloadOf({ exp: now() + 3600, jti: 'x'.repeat(8000) }))), { status: 200 })
  const row = (await spent()).split('\n').find((line) => !before.includes(line))
  t.ok(row && row.length < 120, 'one row, of one size, whatever the jti')
  server.clock.advance({ seconds: 3600 + 62 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.equal(await spent(), '', 'and nothing is left')
})
