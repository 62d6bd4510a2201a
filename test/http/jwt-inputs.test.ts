import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { createServer } from 'node:http'
import t from 'tap'
import { aKeyedClient, key } from '../support/fapi.ts'
import { aProofKey } from '../support/proofs.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await server.anApp({ first_party: true, post_logout_redirect_uris: ['https://app.example/cb'] })
const keyed = await aKeyedClient(server, {
  first_party: true,
  grant_types: ['client_credentials', 'authorization_code'],
  scope: 'openid read',
  resources: ['https://api.example'],
})
const tokens = await server.logIn(alice, app, {}, visitor)
const proofKey = await aProofKey()
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let fetched = 0
const trap = createServer((_request, response) => {
  fetched++
  response.end('{"keys":[]}')
})
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
const address = trap.address()
const port = typeof address === 'object' && address ? address.port : 0
t.teardown(() => new Promise((resolve) => trap.close(resolve)))

type Parts = { readonly header: Record<string, unknown>; readonly claims: Record<string, unknown> }
type Input = Parts & {
  /** Whose key signs where an attacker has it: undefined for what the server alone signs. */
  readonly key: KeyObject | undefined
  /** @returns what happened, where the JWT was not believed */
  refuses(jwt: string): Promise<boolean>
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (jwt: string): Parts => {
  const [header, claims] = jwt
    .split('.', 2)
    .map((part): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header: header ?? {}, claims: claims ?? {} }
}
const raw = (header: unknown, claims: unknown, by: KeyObject) => {
  const signed = `${encoded(header)}.${encoded(claims)}`
  const signature = signBytes('sha256', Buffer.from(signed), { key: by, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
const asserting = (client_assertion: string) =>
  server.post('/oauth2/token', {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion,
  })
const proofAt = (path: string, more = {}) =>
  proofKey.prove({ htu: server.issuer + path, now: server.clock.now(), ...more })

/** Every place of this server that reads a JWT. */
const inputs: Readonly<Record<string, () => Promise<Input>>> = {
  'client assertion': async () => ({
    ...partsOf(await keyed.assertion()),
    key: key.privateKey,
    refuses: async (jwt) => {
      const { status, body } = await asserting(jwt)
      return status === 401 && body.error === 'invalid_client'
    },
  }),
  'request object, pushed': async () => ({
    ...partsOf(await keyed.object(keyed.parameters().parameters)),
    key: key.privateKey,
    refuses: async (request) => {
      const { status, body } = await keyed.push({ request })
      return status === 400 && body.error === 'invalid_request_object'
    },
  }),
  'request object': async () => ({
    ...partsOf(await keyed.object(keyed.parameters().parameters)),
    key: key.privateKey,
    refuses: async (request) => {
      const query = new URLSearchParams({ client_id: keyed.client_id, request })
      const page = await visitor.send(`/oauth2/authorize?${query}`)
      return page.status === 400 && page.leaves === undefined && page.html.includes('id="error-page"')
    },
  }),
  'DPoP proof': async () => ({
    ...partsOf(await proofAt('/oauth2/token')),
    key: proofKey.privateKey,
    refuses: async (dpop) => {
      const { status, body } = await server.post('/oauth2/token', { grant_type: 'x' }, app, { dpop })
      return status === 400 && body.error === 'invalid_dpop_proof'
    },
  }),
  'access token': async () => ({
    ...partsOf(tokens.access_token),
    key: undefined,
    refuses: async (jwt) => {
      const shown = await server.get('/oauth2/userinfo', { authorization: `Bearer ${jwt}` })
      return [400, 401].includes(shown.status) && (await server.introspect(app, jwt)).active !== true
    },
  }),
  id_token_hint: async () => ({
    ...partsOf(tokens.id_token),
    key: undefined,
    refuses: async (id_token_hint) => {
      const query = new URLSearchParams({ id_token_hint, post_logout_redirect_uri: 'https://app.example/cb' })
      const { leaves, status } = await visitor.send(`/oauth2/logout?${query}`)
      return leaves?.origin !== 'https://app.example' && status < 500
    },
  }),
}

const pem = String(key.publicKey.export({ type: 'spki', format: 'pem' }))
const hs256 = ({ header, claims }: Parts, secret: string) => {
  const signed = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
const jwe = (header: Record<string, unknown>, size = 16) =>
  [encoded(header), ...[54, 16, size, 22].map((length) => 'A'.repeat(length))].join('.')
const nested = (parts: Parts, by: KeyObject, depth: number): string =>
  depth === 0
    ? raw(parts.header, parts.claims, by)
    : raw({ ...parts.header, cty: 'JWT' }, { jwt: nested(parts, by, depth - 1) }, by)

type Attack = (input: Parts, by: KeyObject) => string
const header =
  (more: Record<string, unknown>): Attack =>
  (input, by) =>
    raw({ ...input.header, ...more }, input.claims, by)
const signature =
  (make: (signed: string, by: KeyObject) => Buffer): Attack =>
  (input, by) => {
    const signed = `${encoded(input.header)}.${encoded(input.claims)}`
    return `${signed}.${make(signed, by).toString('base64url')}`
  }
const attacks: Readonly<Record<string, Attack>> = {
  'T5 crit that nobody knows': header({ crit: ['x'], x: 1 }),
  'T5 an empty crit': header({ crit: [] }),
  'T5 b64 false': header({ b64: false, crit: ['b64'] }),
  'T5 b64 false, not critical': header({ b64: false }),
  'T4 alg none': ({ header, claims }) => `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
  'T4 alg nOnE': ({ header, claims }) => `${encoded({ ...header, alg: 'nOnE' })}.${encoded(claims)}.`,
  'T4 no alg': header({ alg: undefined }),
  'T4 alg is a list': header({ alg: ['ES256'] }),
  'T4 HS256 by the public key': (input) => hs256(input, pem),
  'T4 HS256 by nothing': (input) => hs256(input, '\0'),
  'T4 the type of an event': header({ typ: 'secevent+jwt' }),
  'T6 r = s = 0': signature(() => Buffer.alloc(64)),
  'T6 r = s = n': signature(() =>
    Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.repeat(2), 'hex'),
  ),
  'T6 DER': signature((signed, by) => createSign('sha256').update(signed).sign(by)),
  'T6 63 bytes': signature((signed, by) =>
    signBytes('sha256', Buffer.from(signed), { key: by, dsaEncoding: 'ieee-p1363' }).subarray(1),
  ),
  'T6 no signature': signature(() => Buffer.alloc(0)),
  'T6 of somebody else': (input) => raw(input.header, input.claims, foreign.privateKey),
  'T7 PBES2 of a billion rounds': () =>
    jwe({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 1e9, p2s: 'A'.repeat(22), cty: 'JWT' }),
  'T7 zip': () => jwe({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }, 4000),
  'T7 RSA-OAEP': () => jwe({ alg: 'RSA-OAEP', enc: 'A128CBC-HS256', kid: 'rsa' }),
  'T7 ECDH-ES off the curve': () =>
    jwe({ alg: 'ECDH-ES', enc: 'A128GCM', epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
  'T7 ten deep': (input, by) => nested(input, by, 7),
  'T7 JSON serialization': ({ header, claims }) =>
    JSON.stringify({ payload: encoded(claims), signatures: [{ protected: encoded(header), signature: 'AA' }] }),
  'a list for claims': (input, by) => raw(input.header, [input.claims], by),
  'a text for claims': (input, by) => raw(input.header, 'claims', by),
  'null for claims': (input, by) => raw(input.header, null, by),
  'a list for a header': (input, by) => raw([input.header], input.claims, by),
  'JSON of depth 3000': (input, by) => {
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`
    return `${encoded(input.header)}.${Buffer.from(`{"a":${deep}}`).toString('base64url')}.${encoded(String(by.type))}`
  },
  'four parts': (input, by) => `${raw(input.header, input.claims, by)}.AAAA`,
  'two parts': ({ header, claims }) => `${encoded(header)}.${encoded(claims)}`,
}

for (const [title, make] of Object.entries(inputs))
  t.test(`T4 T5 T6 T7 ${title}: what is no signature of its owner is not believed`, async (t) => {
    const input = await make()
    const by = input.key ?? foreign.privateKey
    const before = await rows(server)
    for (const [attack, forge] of Object.entries(attacks)) {
      const forged = forge(input, by)
      t.ok(await input.refuses(forged), attack)
    }
    t.same(await rows(server), before, 'and nothing came of it')
  })

t.test('T5 keys and addresses that a header brings are neither asked nor believed', async (t) => {
  const brought = [
    { jku: `http://127.0.0.1:${port}/jwks` },
    { x5u: `http://127.0.0.1:${port}/cert` },
    { jwk: foreign.publicKey.export({ format: 'jwk' }) },
    { x5c: ['MIIB'] },
    { kid: '../../x' },
    { kid: "' OR 1=1" },
    { kid: 'x'.repeat(2000) },
    { kid: { $ne: null } },
    { kid: ['ec'] },
    { kid: '__proto__' },
  ]
  for (const [title, make] of Object.entries(inputs)) {
    if (title === 'DPoP proof') continue
    for (const more of brought) {
      const { header, claims, refuses } = await make()
      const told = `${title}: ${JSON.stringify(more).slice(0, 60)}`
      t.ok(await refuses(raw({ ...header, kid: undefined, ...more }, claims, foreign.privateKey)), told)
    }
  }
  t.equal(fetched, 0)
})

t.test('T6 T17 a proof brings its key: a weak one proves nothing', async (t) => {
  const input = await inputs['DPoP proof']?.()
  if (!input) throw new Error('no input')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const point = proofKey.jwk
  for (const [title, alg, jwk] of [
    ['RSA-1024', 'PS256', rsa.publicKey.export({ format: 'jwk' })],
    ['off the curve', 'ES256', { ...point, y: point.x }],
    ['the point at infinity', 'ES256', { ...point, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['Ed25519 of small order', 'EdDSA', { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') }],
    ['symmetric', 'HS256', { kty: 'oct', k: 'AAAA' }],
    ['private', 'ES256', proofKey.privateKey.export({ format: 'jwk' })],
    ['secp256k1', 'ES256K', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' })],
  ] as const)
    t.ok(await input.refuses(raw({ ...input.header, alg, jwk }, input.claims, proofKey.privateKey)), title)
})
