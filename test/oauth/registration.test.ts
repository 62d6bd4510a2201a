import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { checkMetadata, InvalidMetadata } from '../../src/oauth/registration.ts'

const app = { client_name: 'An app', redirect_uris: ['https://app.example/cb'] }
const jwkOf = (type: 'rsa' | 'rsa1024' | 'P-256' | 'P-384' | 'ed25519') =>
  pairOf(type).publicKey.export({ format: 'jwk' })
const pairOf = (type: string) => {
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (type === 'rsa1024') return generateKeyPairSync('rsa', { modulusLength: 1024 })
  return type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: type })
}
const ec = jwkOf('P-256')
const signer = { ...app, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [ec] } }

const mistakesOf = (input: unknown): string[] => {
  try {
    checkMetadata(input)
  } catch (error) {
    if (error instanceof InvalidMetadata) return error.mistakes.map(({ field }) => field)
    throw error
  }
  return []
}

t.test('RFC 7591 §2: what is left out has its default, and the input is left alone', async (t) => {
  const input = structuredClone(app)
  const metadata = checkMetadata(input)
  t.match(metadata, { ...app, token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code'] })
  t.match(metadata, { pkce: 'required', rotation: 'rotate', stale: 'revoke', scope: 'openid', resources: [] })
  t.same(input, app)
  t.same(mistakesOf(metadata), [], 'what was checked can be checked again')
})

t.test('R2 R5 O1 redirect URIs are refused one by one, as invalid_redirect_uri', async (t) => {
  const redirect_uris = [
    'https://*.c/*',
    'https://c/cb',
    'javascript:alert(1)',
    'data:x',
    'myapp:/cb',
    'http://c/cb',
    'https://c/#f',
  ]
  t.same(
    mistakesOf({ ...app, redirect_uris }),
    [0, 2, 3, 4, 5, 6].map((index) => `redirect_uris[${index}]`),
  )
  t.throws(() => checkMetadata({ ...app, redirect_uris }), { code: 'invalid_redirect_uri', status: 400 })
  t.throws(() => checkMetadata({ ...app, pkce: 'no' }), { code: 'invalid_client_metadata', status: 400 })
})

t.test('O1 each field that could lead somewhere', async (t) => {
  const refused: Readonly<Record<string, readonly unknown[]>> = {
    post_logout_redirect_uris: ['javascript:x', 'http://c/', 'https://c/#f', '/bye'],
    resources: ['/relative', 'https://a/#f', 'a b'],
    allowed_origins: ['https://c/', 'https://c/x', '*', 'null', 'http://c', 'https://C'],
  }
  for (const [field, values] of Object.entries(refused))
    for (const value of values) t.same(mistakesOf({ ...app, [field]: [value] }), [`${field}[0]`], `${field} ${value}`)

  for (const field of ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'jwks_uri'])
    for (const value of [
      'data:image/png,x',
      'javascript:x',
      'http://c/',
      'http://169.254.169.254/',
      'com.example.app:/x',
      '',
    ])
      t.same(mistakesOf({ ...app, [field]: value }), [field], `${field} ${value}`)
})

t.test('O1 what is allowed in them', async (t) => {
  t.same(
    mistakesOf({
      ...app,
      post_logout_redirect_uris: ['https://c/bye', 'http://localhost:3000/bye', 'com.example.app:/bye'],
      resources: ['https://api.example/', 'urn:example:api'],
      allowed_origins: ['https://c', 'http://localhost:3000'],
      client_uri: 'https://c/',
      logo_uri: 'http://localhost:3000/logo.png',
    }),
    [],
  )
})

t.test('RFC 7591 §2: a page for people may lead to a place within it', async (t) => {
  for (const field of ['client_uri', 'policy_uri', 'tos_uri']) {
    t.same(mistakesOf({ ...app, [field]: 'https://app.example/legal?of=2026#privacy/(1)*' }), [], field)
    for (const value of [
      'https://a.example/#a b',
      'https://a.example/#a#b',
      'https://a.example/#"',
      'http://a.example/#x',
    ])
      t.same(mistakesOf({ ...app, [field]: value }), [field], `${field} ${value}`)
  }
  t.same(mistakesOf({ ...app, jwks_uri: 'https://app.example/jwks#a' }), ['jwks_uri'], 'what is fetched has none')
})

t.test('O1 unknown fields, unknown grants and a thousand URIs', async (t) => {
  t.same(mistakesOf({ ...app, role: 'admin' }), ['role'])
  t.same(mistakesOf(JSON.parse(`{"client_name":"x","redirect_uris":["https://c/"],"__proto__":{"a":1}}`)), [
    '__proto__',
  ])
  t.same(mistakesOf({ ...app, constructor: 1, '<script>': 1 }), ['constructor', '(unprintable name)'])
  t.same(mistakesOf({ ...app, grant_types: ['authorization_code', 'password'] }), ['grant_types[1]'])
  t.same(mistakesOf({ ...app, redirect_uris: Array(1000).fill('https://c/cb') }), ['redirect_uris'])
  t.same(mistakesOf({ redirect_uris: app.redirect_uris }), ['client_name'])
  for (const input of [undefined, null, 3, 'x', [], [app]]) t.same(mistakesOf(input), ['metadata'])
})

t.test('every mistake is named at once, those of shape and those between fields', async (t) => {
  const input = {
    client_name: '',
    foo: 1,
    token_endpoint_auth_method: 'none',
    pkce: 'optional',
    rotation: 'reuse',
    stale: 'refuse',
    retry_window: 1000,
    logo_uri: 3,
    tos_uri: 'data:x',
    scope: 'a"b',
    redirect_uris: ['x:y'],
    resources: ['/a'],
    grant_types: ['authorization_code', 'client_credentials'],
    access_token_lifetime: 0,
    introspect: 'many',
  }
  t.same(mistakesOf(input).toSorted(), [
    'access_token_lifetime',
    'client_name',
    'foo',
    'grant_types',
    'introspect',
    'logo_uri',
    'pkce',
    'redirect_uris[0]',
    'resources[0]',
    'retry_window',
    'rotation',
    'scope',
    'stale',
    'tos_uri',
  ])
})

t.test('R13 no value of the input is given back', async (t) => {
  const input = { ...app, redirect_uris: ['javascript:canary'], pkce: 'canary', scope: 'canary"', 'canary!': 1 }
  t.throws(() => checkMetadata(input), { code: 'invalid_redirect_uri', description: /^(?!.*canary)/s })
})

t.test('RFC 6749 §4.4: a public client has no client_credentials; P1: and PKCE', async (t) => {
  const open = { ...app, token_endpoint_auth_method: 'none', resources: ['https://api.example/'] }
  t.same(mistakesOf(open), [])
  t.same(mistakesOf({ ...open, grant_types: ['authorization_code', 'client_credentials'] }), ['grant_types'])
  t.same(mistakesOf({ ...open, pkce: 'optional' }), ['pkce'])
  t.same(mistakesOf({ ...open, rotation: 'reuse' }), ['rotation'])
  t.same(mistakesOf({ ...open, introspect: 'all' }), ['introspect'])
  t.same(mistakesOf({ ...app, pkce: 'optional', rotation: 'reuse', introspect: 'all' }), [])
})

t.test('grants need what they work with', async (t) => {
  t.same(mistakesOf({ client_name: 'x' }), ['redirect_uris'])
  t.same(mistakesOf({ client_name: 'x', grant_types: [] }), [])
  t.same(mistakesOf({ client_name: 'x', grant_types: ['refresh_token'] }), ['grant_types'])
  t.same(mistakesOf({ client_name: 'x', grant_types: ['client_credentials'] }), ['resources'])
  t.same(mistakesOf({ client_name: 'x', grant_types: ['client_credentials'], resources: ['urn:example:api'] }), [])
  t.same(mistakesOf({ ...app, scope: 'openid offline_access' }), ['scope'])
  t.same(
    mistakesOf({ ...app, scope: 'openid offline_access', grant_types: ['authorization_code', 'refresh_token'] }),
    [],
  )
  t.same(mistakesOf({ ...app, stale: 'refuse' }), ['stale'])
})

t.test('O1 private_key_jwt has either jwks or jwks_uri (RFC 7591 §2)', async (t) => {
  const { jwks, ...keyless } = signer
  t.same(mistakesOf(signer), [])
  t.same(mistakesOf({ ...keyless, jwks_uri: 'https://c/jwks' }), [])
  t.same(mistakesOf(keyless), ['jwks'])
  t.same(mistakesOf({ ...keyless, jwks: { keys: [] } }), ['jwks'])
  t.same(mistakesOf({ ...signer, jwks_uri: 'https://c/jwks' }), ['jwks_uri'])
  t.same(mistakesOf({ ...app, jwks, jwks_uri: 'https://c/jwks' }), ['jwks_uri'])
})

t.test('T6 the keys of a client are public and strong', async (t) => {
  const keysOf = (...keys: object[]) => mistakesOf({ ...signer, jwks: { keys } })
  t.same(keysOf(jwkOf('rsa'), ec, jwkOf('ed25519')), [])
  const smallOrder = Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')
  const weak: Readonly<Record<string, object>> = {
    'RSA of 1024 bits': jwkOf('rsa1024'),
    'another curve': jwkOf('P-384'),
    'a private key': pairOf('P-256').privateKey.export({ format: 'jwk' }),
    'a private RSA key': pairOf('rsa').privateKey.export({ format: 'jwk' }),
    symmetric: { kty: 'oct', k: 'AAAA' },
    'a point off the curve': { ...ec, y: ec.x },
    'a point of small order': { kty: 'OKP', crv: 'Ed25519', x: smallOrder.toString('base64url') },
    'for encryption': { ...ec, use: 'enc' },
    nonsense: { kty: 'EC', crv: 3, x: {}, y: [] },
    empty: {},
  }
  for (const [what, key] of Object.entries(weak)) t.same(keysOf(ec, key), ['jwks.keys[1]'], what)
  t.same(keysOf({ ...ec, kid: 'a' }, { ...jwkOf('P-256'), kid: 'a' }), ['jwks'], 'two of one kid')
})

t.test('O7 arbitrary JSON is accepted or refused, and never crashes', async () => {
  const field = fc.constantFrom(
    'client_name',
    'redirect_uris',
    'jwks',
    'scope',
    'grant_types',
    'resources',
    'allowed_origins',
    'logo_uri',
  )
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), fc.jsonValue(), (some, other) => {
      mistakesOf({ ...app, ...some })
      mistakesOf(other)
      mistakesOf({ ...app, jwks: { keys: [other] } })
    }),
  )
})

t.test('refresh_token_delivery cookie: for public first-party apps with a page in a browser', async (t) => {
  const spa = {
    ...app,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    first_party: true,
    refresh_token_delivery: 'cookie',
  }
  t.same(mistakesOf({ ...spa, stale: 'refuse' }), [], 'which is a binding')
  t.same(mistakesOf({ ...spa, redirect_uris: ['http://localhost:3000/cb'] }), [])
  t.same(mistakesOf({ ...spa, redirect_uris: ['com.example.app:/cb'], allowed_origins: ['https://app.example'] }), [])
  t.match(checkMetadata(app), { refresh_token_delivery: 'body' })
  const refused: readonly object[] = [
    { token_endpoint_auth_method: 'client_secret_basic' },
    { grant_types: ['authorization_code'] },
    { first_party: false },
    { redirect_uris: ['com.example.app:/cb'] },
    { refresh_token_delivery: 'both' },
  ]
  for (const wrong of refused)
    t.same(mistakesOf({ ...spa, ...wrong }), ['refresh_token_delivery'], JSON.stringify(wrong))
  t.same(mistakesOf({ ...spa, refresh_token_delivery: 'body', stale: 'refuse' }), ['stale'])
})
