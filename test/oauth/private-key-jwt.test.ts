import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { CompactSign, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { later, numericDate } from '../../src/clock.ts'
import type { Client } from '../../src/oauth/client.ts'
import { skew } from '../../src/oauth/client-jwt.ts'
import { OAuthError } from '../../src/oauth/errors.ts'
import { anAuthentication, endpoint, form, issuer, now } from '../support/client-authentication.ts'
import { aClient } from '../support/clients.ts'

const refused = { code: 'invalid_client', status: 401, description: 'Client authentication failed.' }
const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = ({ publicKey }: { publicKey: KeyObject }, members: JWK = {}): JWK => ({
  ...publicKey.export({ format: 'jwk' }),
  ...members,
})

const aSigner = (described: Partial<Client> = {}) =>
  aClient({
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [jwk(ec, { kid: 'ec' }), jwk(rsa, { kid: 'rsa' }), jwk(ed, { kid: 'ed' })] },
    ...described,
  })

const seconds = (offset: number) => numericDate(now) + offset
const standard = () => ({ iss: 'signer', sub: 'signer', aud: issuer, exp: seconds(60), iat: seconds(0), jti: 'j1' })

type Assertion = { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: KeyObject; alg?: string }
/** Signed and right, but for what is named. */
const assertion = ({ claims = {}, header = {}, key = ec.privateKey, alg = 'ES256' }: Assertion = {}) =>
  new SignJWT(JSON.parse(JSON.stringify({ ...standard(), ...claims }))).setProtectedHeader({ alg, ...header }).sign(key)

const send = (client_assertion: string, more: Record<string, string> = {}) => ({
  parameters: form({ client_assertion_type: type, client_assertion, ...more }),
})

const client = aSigner()

/** Each in a world of its own, so that no `jti` was seen before. */
const authenticated = async (
  text: Promise<string> | string,
  of = client,
  more: { readonly endpoints?: readonly string[] } = {},
) => anAuthentication([of]).authenticate({ ...send(await text), ...more })

t.test('RFC 7523 §2.2: a signed assertion, with or without client_id', async (t) => {
  t.equal(await authenticated(assertion()), client)
  t.equal(await anAuthentication([client]).authenticate(send(await assertion(), { client_id: 'signer' })), client)
  await t.rejects(anAuthentication([client]).authenticate(send(await assertion(), { client_id: 'other' })), refused)
  for (const [alg, key] of [
    ['RS256', rsa.privateKey],
    ['PS256', rsa.privateKey],
    ['EdDSA', ed.privateKey],
    ['Ed25519', ed.privateKey], // RFC 9864 §2.2
  ] as const)
    t.equal(await authenticated(assertion({ alg, key })), client, alg)
  for (const typ of ['JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])
    t.equal(await authenticated(assertion({ header: { typ } })), client, typ)
})

t.test('RFC 7521 §4.2: the type is jwt-bearer', async (t) => {
  const { authenticate } = anAuthentication([client])
  for (const client_assertion_type of ['urn:ietf:params:oauth:client-assertion-type:saml2-bearer', 'jwt'])
    await t.rejects(authenticate(send(await assertion(), { client_assertion_type })), refused)
  await t.rejects(authenticate({ parameters: form({ client_assertion: await assertion() }) }), {
    code: 'invalid_request',
  })
  await t.rejects(authenticate({ parameters: form({ client_assertion_type: type }) }), { code: 'invalid_request' })
})

t.test('T1 only a client that registered it, that is known, and that stands', async (t) => {
  await t.rejects(authenticated(assertion(), aSigner({ token_endpoint_auth_method: 'client_secret_post' })), refused)
  await t.rejects(authenticated(assertion(), aSigner({ disabledAt: now })), refused)
  await t.rejects(authenticated(assertion(), aSigner({ client_id: 'other' })), refused)
})

t.test('T4 the claims of an assertion (RFC 7523 §3)', async (t) => {
  const wrong: Readonly<Record<string, Record<string, unknown>>> = {
    'iss of another': { iss: 'other' },
    'sub of another': { sub: 'other' },
    'no iss': { iss: undefined },
    'no sub': { sub: undefined },
    'sub no string': { sub: 3 },
    'no aud': { aud: undefined },
    'another server': { aud: 'https://evil.example' },
    'an array': { aud: [issuer] },
    'an array with another': { aud: [issuer, 'https://evil.example'] },
    'the endpoint': { aud: endpoint },
    'the issuer with a slash': { aud: `${issuer}/` },
    'no exp': { exp: undefined },
    'exp no number': { exp: '9999999999' },
    expired: { exp: seconds(-61) },
    'exp in a year': { exp: seconds(365 * 86400) },
    'exp without end': { exp: 1e300 },
    'iat +61 s': { iat: seconds(61) },
    'nbf +61 s': { nbf: seconds(61) },
    'iat no number': { iat: 'now' },
    'no jti': { jti: undefined },
    'empty jti': { jti: '' },
    'jti no string': { jti: 3 },
    'RFC 9101 §10.8 a request object: response_type': { response_type: 'code' },
    'RFC 9101 §10.8 a request object: redirect_uri': { redirect_uri: 'https://app.example/cb' },
    'RFC 9101 §10.8 a request object: client_id': { client_id: 'signer' },
  }
  for (const [what, claims] of Object.entries(wrong))
    await t.rejects(authenticated(assertion({ claims })), refused, what)
  const right: Readonly<Record<string, Record<string, unknown>>> = {
    'iat +8 s': { iat: seconds(8) },
    'nbf +8 s': { nbf: seconds(8) },
    'just expired': { exp: seconds(-8) },
    'no iat': { iat: undefined },
    'an hour': { exp: seconds(3600) },
  }
  for (const [what, claims] of Object.entries(right)) t.equal(await authenticated(assertion({ claims })), client, what)
})

t.test('T4 assertion_audience issuer_or_endpoint takes either, in an array too', async (t) => {
  const lenient = aSigner({ assertion_audience: 'issuer_or_endpoint' })
  for (const aud of [issuer, endpoint, [endpoint], ['https://x.example', issuer]])
    t.equal(await authenticated(assertion({ claims: { aud } }), lenient), lenient, String(aud))
  for (const aud of ['https://evil.example', [], `${endpoint}/`, 'https://id.example/oauth2/revoke', undefined, 3, [3]])
    await t.rejects(authenticated(assertion({ claims: { aud } }), lenient), refused, String(aud))
})

t.test('T4 RFC 8705 §5: the endpoint goes by its alias as well, where there is one', async (t) => {
  const lenient = aSigner({ assertion_audience: 'issuer_or_endpoint' })
  const alias = 'https://mtls.example/oauth2/token'
  const endpoints = [endpoint, alias]
  const claims = { aud: alias }
  t.equal(await authenticated(assertion({ claims }), lenient, { endpoints }), lenient)
  await t.rejects(authenticated(assertion({ claims }), lenient), refused, 'without one')
  await t.rejects(authenticated(assertion({ claims }), client, { endpoints }), refused, 'the issuer alone, by default')
  const other = { aud: 'https://mtls.example/oauth2/revoke' }
  await t.rejects(authenticated(assertion({ claims: other }), lenient, { endpoints }), refused, 'of another endpoint')
})

t.test('T4 the algorithm is one of ours, and the registered one', async (t) => {
  await t.rejects(authenticated(new UnsecuredJWT(standard()).encode()), refused, 'none')
  const pem = new TextEncoder().encode(rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  await t.rejects(
    authenticated(new SignJWT(standard()).setProtectedHeader({ alg: 'HS256' }).sign(pem)),
    refused,
    'HS256',
  )
  await t.rejects(authenticated(assertion({ alg: 'RS384', key: rsa.privateKey })), refused, 'RS384')
  const onlyEs = aSigner({ token_endpoint_auth_signing_alg: 'ES256' })
  await t.rejects(authenticated(assertion({ alg: 'RS256', key: rsa.privateKey }), onlyEs), refused, 'RS256 for ES256')
  t.equal(await authenticated(assertion(), onlyEs), onlyEs)
  const onlyPs = aSigner({ jwks: { keys: [jwk(rsa, { alg: 'PS256' })] } })
  await t.rejects(authenticated(assertion({ alg: 'RS256', key: rsa.privateKey }), onlyPs), refused, 'alg of the key')
})

t.test('T4 an assertion works once, also at once, also under its other spelling', async (t) => {
  const { authenticate } = anAuthentication([client])
  const text = await assertion()
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => authenticate(send(text))))
  t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(
    authenticate(send(await assertion({ claims: { exp: seconds(90) } }))),
    refused,
    'the jti, not the text',
  )
  t.equal(await authenticate(send(await assertion({ claims: { jti: 'j2' } }))), client)
  await t.rejects(authenticate(send(text), later(now, 89)), refused, 'for as long as it is accepted')
})

t.test(
  'T4 RFC 7523 §3: a jti is kept for as long as the assertion is accepted, also where a clock that is ahead sweeps',
  async (t) => {
    const text = await assertion({ claims: { exp: seconds(60.5) } })
    const last = new Date(later(now, 60 + skew + 1).getTime() - 1)
    t.equal(await anAuthentication([client]).authenticate(send(text), last), client, 'the last instant')
    await t.rejects(anAuthentication([client]).authenticate(send(text), later(last, 0.001)), refused, 'and no later')

    const { authenticate, spent } = anAuthentication([client])
    t.equal(await authenticate(send(text)), client)
    for (const [hash, expiresAt] of spent) if (expiresAt < later(last, skew)) spent.delete(hash)
    await t.rejects(authenticate(send(text), last), refused)
  },
)

t.test('T4 a wrong signature spends no jti; clients do not share theirs', async (t) => {
  const other = aSigner({ client_id: 'other' })
  const { authenticate, spent } = anAuthentication([client, other])
  await t.rejects(authenticate(send(await assertion({ key: stranger.privateKey }))), refused)
  await t.rejects(authenticate(send(await assertion({ claims: { aud: 'https://evil.example' } }))), refused)
  t.equal(spent.size, 0)
  t.equal(await authenticate(send(await assertion())), client)
  t.equal(await authenticate(send(await assertion({ claims: { iss: 'other', sub: 'other' } }))), other)
})

t.test('T4 a JWT of another kind is no assertion (RFC 8725 §3.11)', async (t) => {
  for (const typ of [
    'at+jwt',
    'application/at+jwt',
    'dpop+jwt',
    'logout+jwt',
    'oauth-authz-req+jwt',
    'revocations+jwt',
    'secevent+jwt',
    '',
    3,
    {},
  ])
    await t.rejects(authenticated(assertion({ header: { typ } })), refused, JSON.stringify(typ))
})

t.test('T5 keys that the header brings along are not looked at', async (t) => {
  const header = { jwk: jwk(stranger), jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x', x5c: ['AAAA'] }
  t.equal(await authenticated(assertion({ header })), client)
  await t.rejects(authenticated(assertion({ header, key: stranger.privateKey })), refused)
})

t.test('T5 a kid names a key of the client, or none', async (t) => {
  t.equal(await authenticated(assertion({ header: { kid: 'ec' } })), client)
  for (const kid of ['rsa', '../../x', "' OR 1=1", 'x'.repeat(10_000), '', {}, 3, ['ec'], '__proto__'])
    await t.rejects(authenticated(assertion({ header: { kid } })), refused, JSON.stringify(kid).slice(0, 40))
})

t.test('T5 crit and b64 are refused', async (t) => {
  const bytes = new TextEncoder().encode(JSON.stringify(standard()))
  const b64 = new CompactSign(bytes).setProtectedHeader({ alg: 'ES256', b64: true, crit: ['b64'] }).sign(ec.privateKey)
  await t.rejects(authenticated(b64), refused)
  for (const header of [{ b64: false }, { crit: ['exp'], exp: 1 }, { crit: [] }, { crit: 'x' }])
    await t.rejects(authenticated(byHand({ alg: 'ES256', ...header })), refused, JSON.stringify(header))
  t.equal(await authenticated(byHand({ alg: 'ES256' })), client, 'by hand, and right')
})

t.test('T6 signatures that are none, and keys that are weak', async (t) => {
  const [header, payload] = (await assertion()).split('.')
  for (const signature of [Buffer.alloc(64), Buffer.alloc(63), Buffer.alloc(0), Buffer.alloc(65, 1)])
    await t.rejects(
      authenticated(`${header}.${payload}.${signature.toString('base64url')}`),
      refused,
      `${signature.length} bytes`,
    )
  await t.rejects(authenticated(byHand({ alg: 'ES256' }, 'der')), refused, 'DER')

  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const weak = createSign('sha256')
    .update(`${encoded({ alg: 'RS256' })}.${encoded(standard())}`)
    .sign(small.privateKey)
  const text = `${encoded({ alg: 'RS256' })}.${encoded(standard())}.${weak.toString('base64url')}`
  await t.rejects(authenticated(text, aSigner({ jwks: { keys: [jwk(small)] } })), refused, 'RSA of 1024 bits')

  // y = 1 is the neutral element: R = identity and S = 0 would verify for every message.
  const neutral = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])
  const forged = `${encoded({ alg: 'EdDSA' })}.${encoded(standard())}.${Buffer.concat([neutral, Buffer.alloc(32)]).toString('base64url')}`
  const smallOrder = aSigner({ jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: neutral.toString('base64url') }] } })
  await t.rejects(authenticated(forged, smallOrder), refused, 'small order')
  const offCurve = aSigner({ jwks: { keys: [{ ...jwk(ec), y: jwk(ec).x ?? '' }] } })
  await t.rejects(authenticated(assertion(), offCurve), refused, 'off the curve')
})

t.test('a set that holds a broken key still works by its good ones', async (t) => {
  const mixed = aSigner({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x' }, jwk(stranger), jwk(ec)] } })
  t.equal(await authenticated(assertion(), mixed), mixed)
})

t.test('D8 an unknown kid asks jwks_uri again, once', async (t) => {
  const { jwks: _, ...remote } = aSigner({ jwks_uri: 'https://app.example/jwks' })
  const asked: boolean[] = []
  let keys: JWK[] = [jwk(stranger, { kid: 'old' })]
  const { authenticate } = anAuthentication([remote], {
    remote: {
      async get(uri, { refetch }) {
        t.equal(uri, 'https://app.example/jwks')
        asked.push(refetch)
        if (refetch) keys = [...keys, jwk(ec, { kid: 'new' })]
        return keys
      },
    },
  })
  t.equal(await authenticate(send(await assertion({ header: { kid: 'new' } }))), remote)
  t.same(asked, [false, true])
  await t.rejects(authenticate(send(await assertion({ header: { kid: 'none' } }))), refused)
  t.same(asked, [false, true, false, true])
  const offline = anAuthentication([remote])
  const unavailable = { name: 'Unavailable', retryAfterSeconds: 30, message: 'the keys at jwks_uri could not be read' }
  await t.rejects(offline.authenticate(send(await assertion())), unavailable, 'which says nothing against the client')
})

t.test('T2 arbitrary assertions throw nothing but an OAuthError', async () => {
  const part = fc.oneof(fc.base64String(), fc.jsonValue().map(encoded), fc.string())
  const header = fc
    .record({ alg: fc.constantFrom('ES256', 'none', 'RS256'), kid: fc.jsonValue(), typ: fc.jsonValue() })
    .map(encoded)
  const payload = fc
    .record({ sub: fc.constantFrom('signer', 3), iss: fc.jsonValue(), aud: fc.jsonValue() })
    .map(encoded)
  const text = fc.tuple(fc.oneof(header, part), fc.oneof(payload, part), part).map((parts) => parts.join('.'))
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.string(), fc.constant('x'.repeat(20_000))), async (sent) => {
      try {
        await authenticated(sent)
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error
      }
    }),
    { numRuns: 500 },
  )
})

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')

/** What no library would sign. */
const byHand = (header: object, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): string => {
  const content = `${encoded(header)}.${encoded(standard())}`
  const signature = createSign('sha256').update(content).sign({ key: ec.privateKey, dsaEncoding })
  return `${content}.${signature.toString('base64url')}`
}
