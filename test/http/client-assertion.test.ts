import { createHmac, type KeyObject } from 'node:crypto'
import t from 'tap'
import { anAssertingClient, assertionType, ec, ed, encoded, jwks, keyed, rsa, sign } from '../support/assertions.ts'
import { type App, aServer } from '../support/server.ts'
import { machineMetadata, refusedClient } from '../support/token-requests.ts'

const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const machine = await server.anApp(machineMetadata)
const onlyEs256 = await server.anApp({ ...keyed, token_endpoint_auth_signing_alg: 'ES256' })
const { now, payloadOf, present, spent } = await anAssertingClient(server)
const pem = (key: KeyObject) => String(key.export({ type: 'spki', format: 'pem' }))

t.test('T4 a client assertion: what it must say, and what not', async (t) => {
  t.match(await present(await sign(payloadOf())), { status: 200 })
  t.match(await present(await sign(payloadOf(), { typ: 'JWT', kid: 'rsa' })), { status: 200 })
  t.match(await present(await sign(payloadOf({ iat: now() + 8, nbf: now() + 8 }))), { status: 200 }, '8 s ahead')
  const before = await spent()

  const wrong: readonly [string, Record<string, unknown>, Record<string, unknown>?][] = [
    ['iss of another', { iss: machine.client_id }],
    ['sub of another', { sub: machine.client_id }],
    ['sub of nobody', { sub: 'nobody', iss: 'nobody' }],
    ['no iss', { iss: undefined }],
    ['no sub', { sub: undefined }],
    ['sub is an object', { sub: { a: 1 } }],
    ['aud of another server', { aud: 'https://elsewhere.example' }],
    ['aud is an array', { aud: [server.issuer] }],
    ['aud with another server', { aud: [server.issuer, 'https://elsewhere.example'] }],
    ['aud is the endpoint', { aud: `${server.issuer}/oauth2/token` }],
    ['aud with a slash', { aud: `${server.issuer}/` }],
    ['no aud', { aud: undefined }],
    ['no exp', { exp: undefined }],
    ['exp has passed', { exp: now() - 31 }],
    ['exp in a year', { exp: now() + 31_536_000 }],
    ['exp is text', { exp: 'tomorrow' }],
    ['iat 61 s ahead', { iat: now() + 61 }],
    ['nbf 61 s ahead', { nbf: now() + 61 }],
    ['no jti', { jti: undefined }],
    ['jti is empty', { jti: '' }],
    ['jti is a number', { jti: 7 }],
    ...['at+jwt', 'dpop+jwt', 'logout+jwt', 'oauth-authz-req+jwt', 'secevent+jwt', 'id_token'].map(
      (typ): [string, Record<string, unknown>, Record<string, unknown>] => [`typ ${typ}`, {}, { typ }],
    ),
  ]
  for (const [why, changes, header] of wrong)
    t.match(await present(await sign(payloadOf(changes), header)), refusedClient, why)

  t.match(
    await present(await sign(payloadOf()), server, { client_assertion_type: 'urn:other' }),
    refusedClient,
    'another type of assertion',
  )
  t.match(await present(await sign(payloadOf()), server, { client_id: machine.client_id }), refusedClient)
  t.equal(await spent(), before, 'none of them spent a jti')
})

t.test(
  'T4 alg none, HS256 with the public key as secret, and an algorithm that is not the registered one',
  async (t) => {
    const before = await spent()
    for (const alg of ['none', 'None', 'NONE', ''])
      t.match(await present(`${encoded({ alg })}.${encoded(payloadOf())}.`), refusedClient, `alg ${alg}`)
    for (const secret of [pem(rsa.publicKey), JSON.stringify(jwks.keys[0]), String(jwks.keys[0]?.n)]) {
      const signed = `${encoded({ alg: 'HS256', kid: 'rsa' })}.${encoded(payloadOf())}`
      const mac = createHmac('sha256', secret).update(signed).digest('base64url')
      t.match(await present(`${signed}.${mac}`), refusedClient, 'HS256')
    }
    const { client_id } = onlyEs256
    t.match(await present(await sign(payloadOf({}, client_id))), refusedClient, 'RS256 where ES256 is registered')
    t.equal(await spent(), before)
    t.match(await present(await sign(payloadOf({}, client_id), { alg: 'ES256' }, ec.privateKey)), { status: 200 })
    for (const [alg, key] of [
      ['PS256', rsa.privateKey],
      ['ES256', ec.privateKey],
      ['EdDSA', ed.privateKey],
    ] as const)
      t.match(await present(await sign(payloadOf(), { alg }, key)), { status: 200 }, `K4: ${alg}, which is advertised`)
  },
)

t.test('T4 RFC 9126 §2: the token endpoint is an audience at each endpoint, where a client may name one', async (t) => {
  const grant_types = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']
  const asked = { token_endpoint_auth_method: 'private_key_jwt', jwks, grant_types }
  const lenient = await server.anApp({ ...asked, assertion_audience: 'issuer_or_endpoint' })
  const strict = await server.anApp(asked)
  const ofProfile = await server.anApp({ ...asked, profile: 'fapi2' })
  const at = async (path: string, app: App, aud: string, form: Record<string, string> = {}) => {
    const client_assertion = await sign(payloadOf({ aud }, app.client_id), { alg: 'ES256' }, ec.privateKey)
    return server.post(path, { client_assertion_type: assertionType, client_assertion, ...form })
  }
  const requests: readonly [string, number, (app: App) => Record<string, string>][] = [
    ['par', 201, (app) => Object.fromEntries(new URL(server.authorizeUrl(app).url).searchParams)],
    ['device_authorization', 200, () => ({ scope: 'openid' })],
    ['revoke', 200, () => ({ token: 'unknown' })],
    ['introspect', 200, () => ({ token: 'unknown' })],
  ]
  for (const [name, status, form] of requests) {
    const path = `/oauth2/${name}`
    for (const aud of [server.issuer, `${server.issuer}${path}`, `${server.issuer}/oauth2/token`])
      t.match(await at(path, lenient, aud, form(lenient)), { status }, `${name}: ${aud}`)
    for (const aud of [`${server.issuer}/oauth2/userinfo`, `${server.issuer}/oauth2/token/`])
      t.match(await at(path, lenient, aud, form(lenient)), refusedClient, `${name}: ${aud}`)
    for (const app of [strict, ofProfile])
      t.match(
        await at(path, app, `${server.issuer}/oauth2/token`, form(app)),
        refusedClient,
        `${name}: the issuer alone`,
      )
  }
})

t.test('T4 a jti counts once: again, in parallel, and at the other server', async (t) => {
  const assertion = await sign(payloadOf())
  t.match(await present(assertion), { status: 200 })
  t.match(await present(assertion), refusedClient)
  t.match(await present(assertion, beside), refusedClient, 'the second node')
  const fresh = await sign(payloadOf())
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => present(fresh, index % 2 ? server : beside)),
  )
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  for (const { status, body } of answers) if (status !== 200) t.equal(body.error, 'invalid_client')
})
