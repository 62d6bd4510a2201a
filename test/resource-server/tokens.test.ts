import { exportSPKI, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { introspect, type ProtectOptions, protect, TokenRefused } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'
import { aKey } from '../../src/resource-server/testing/mock-keys.ts'
import { aClock } from '../support/clock.ts'

const clock = aClock()
const issuer = await mockIssuer({ now: clock.now })
t.teardown(() => issuer.close())
const { audience } = issuer
const options = { issuer: issuer.issuer, audience, now: clock.now, clockTolerance: 5, feedWait: 60, timeout: 60_000 }
const aGuard = (t: Test, more: Partial<ProtectOptions> = {}) => {
  const guard = protect({ ...options, ...more })
  t.teardown(() => guard.close())
  return guard
}
const guard = protect(options)
t.teardown(() => guard.close())

const refused = async (work: Promise<unknown>): Promise<TokenRefused> => {
  const error = await work.then(
    () => new Error('it passed'),
    (error: unknown) => error,
  )
  if (error instanceof TokenRefused) return error
  throw error
}
const now = () => Math.floor(clock.now().getTime() / 1000)
const jwkOf = ({ kty, n, e }: { kty?: string; n?: string; e?: string }) => ({ kty, n, e })
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const foreign = await aKey()
const foreignEc = await aKey(undefined, 'ES256')
const good = await issuer.issue()
const [head = '', payload = '', signature = ''] = good.split('.')
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

t.test('a token of this issuer for this API passes, with its claims (RFC 9068 §2.2)', async (t) => {
  const token = await guard.verify(
    await issuer.issue({ scope: 'read write', aud: ['https://other.example', audience] }),
    'read',
  )
  t.match(token, {
    iss: issuer.issuer,
    sub: 'alice',
    client_id: 'app',
    sid: 'session-1',
    acr: '1',
    auth_time: now(),
    scope: ['read', 'write'],
    aud: ['https://other.example', audience],
  })
  t.equal(token.claims.scope, 'read write')
})

t.test('the type may be written in full and in any case (RFC 7515 §4.1.9)', async () => {
  for (const typ of ['application/at+jwt', 'AT+JWT', 'Application/At+Jwt'])
    await guard.verify(await issuer.issue({}, { typ }))
})

const hmacWithPublicKey = async () =>
  new SignJWT(claimsOf(good))
    .setProtectedHeader({ ...headerOf(good), alg: 'HS256' })
    .sign(new TextEncoder().encode(await exportSPKI(await publicKey())))
const publicKey = async () => {
  const { importJWK } = await import('jose')
  const key = await importJWK({ ...issuer.keys.tokens.jwk }, 'RS256')
  if (key instanceof Uint8Array) throw new Error('no public key')
  return key
}

const cases: readonly (readonly [title: string, rule: string, token: () => string | Promise<string>, says: RegExp])[] =
  [
    [
      'no algorithm (RFC 8725 §3.2)',
      'alg',
      () => `${base64url({ ...headerOf(good), alg: 'none' })}.${payload}.`,
      /alg is "none"/,
    ],
    ['None', 'alg', () => `${base64url({ ...headerOf(good), alg: 'None' })}.${payload}.${signature}`, /alg is "None"/],
    ['HS256 with the public key as its secret (RFC 8725 §2.1)', 'alg', hmacWithPublicKey, /alg is "HS256"/],
    ['no signature', 'signature', () => `${head}.${payload}.`, /changed or forged/],
    [
      'a changed payload',
      'signature',
      () => `${head}.${base64url({ ...claimsOf(good), sub: 'root' })}.${signature}`,
      /changed or forged/,
    ],
    ['an ID token (RFC 8725 §3.11)', 'typ', () => issuer.issue({}, { typ: 'JWT' }), /ID token/],
    ['no type', 'typ', () => issuer.issue({}, { typ: undefined }), /typ is nothing/],
    ['a list of revocations', 'typ', () => issuer.feed(), /typ is "revocations\+jwt"/],
    [
      'a token signed with the key of the revocations',
      'kid',
      () => issuer.sign(claimsOf(good), { key: issuer.keys.revocations }),
      /its purpose is revocations/,
    ],
    ['the key of another issuer', 'kid', () => issuer.sign(claimsOf(good), { key: foreign }), /not in the key set/],
    [
      'a foreign key under a known name',
      'signature',
      () => issuer.sign(claimsOf(good), { key: foreign, header: { kid: issuer.keys.tokens.kid } }),
      /changed or forged/,
    ],
    [
      'a foreign key of another kind under a known name',
      'kid',
      () => issuer.sign(claimsOf(good), { key: foreignEc, header: { kid: issuer.keys.tokens.kid } }),
      /a key for RS256, not for ES256/,
    ],
    [
      'PS256 with a key made for RS256 (RFC 8725 §3.1)',
      'kid',
      () => `${base64url({ ...headerOf(good), alg: 'PS256' })}.${payload}.${signature}`,
      /not for PS256/,
    ],
    [
      'its own key in the header (T5)',
      'kid',
      () => issuer.sign(claimsOf(good), { key: foreign, header: { jwk: jwkOf(foreign.jwk) } }),
      /not in the key set/,
    ],
    [
      'its own key under a known name (T5)',
      'signature',
      () =>
        issuer.sign(claimsOf(good), { key: foreign, header: { jwk: jwkOf(foreign.jwk), kid: issuer.keys.tokens.kid } }),
      /changed or forged/,
    ],
    [
      'an address of keys (T5)',
      'kid',
      () => issuer.sign(claimsOf(good), { key: foreign, header: { jku: `${issuer.issuer}/jwks2` } }),
      /not in the key set/,
    ],
    [
      'a certificate (T5)',
      'kid',
      () => issuer.sign(claimsOf(good), { key: foreign, header: { x5c: ['MIIB'], x5u: `${issuer.issuer}/x` } }),
      /not in the key set/,
    ],
    [
      'an extension that must be understood (RFC 7515 §4.1.11)',
      'crit',
      () => `${base64url({ ...headerOf(good), crit: ['exp'], exp: 1 })}.${payload}.${signature}`,
      /crit asks for \["exp"\]/,
    ],
    [
      'an unencoded payload (RFC 7797)',
      'crit',
      () => `${base64url({ ...headerOf(good), crit: ['b64'], b64: false })}.${payload}.${signature}`,
      /b64/,
    ],
    ['no kid', 'kid', () => issuer.issue({}, { kid: undefined }), /kid is nothing/],
    [
      'a kid that is no name',
      'kid',
      () => `${base64url({ ...headerOf(good), kid: { a: 1 } })}.${payload}.${signature}`,
      /kid is/,
    ],
    ['a kid of 10 KiB', 'kid', () => issuer.issue({}, { kid: 'k'.repeat(10_000) }), /^.{0,200}$/],
    ['an encrypted token', 'malformed', () => 'e30.e30.e30.e30.e30', /JWE/],
    ['an opaque token', 'malformed', () => 'tsr_abc', /opaque/],
    ['four parts', 'malformed', () => `${good}.e30`, /not a JWT/],
    ['another issuer', 'iss', () => issuer.issue({ iss: `${issuer.issuer}/` }), /this guard expects "http/],
    [
      'another audience',
      'aud',
      () => issuer.issue({ aud: 'https://a' }),
      /aud is "https:\/\/a", this guard expects "https:\/\/api.example": ask for the token with resource=/,
    ],
    ['a prefix of the audience', 'aud', () => issuer.issue({ aud: `${audience}/x` }), /expects/],
    ['no audience', 'aud', () => issuer.issue({ aud: undefined }), /aud is nothing/],
    ['an audience of numbers', 'aud', () => issuer.issue({ aud: [1] }), /list of strings/],
    ['expired, beyond the tolerance', 'exp', () => issuer.issue({ exp: now() - 5 }), /expired 5 s ago/],
    ['no expiry', 'exp', () => issuer.issue({ exp: undefined }), /exp is nothing/],
    ['an expiry in words', 'exp', () => issuer.issue({ exp: '9999999999' }), /exp is "9999999999"/],
    [
      'issued in the future, beyond tolerance and stamp',
      'iat',
      () => issuer.issue({ iat: now() + 9 }),
      /9 s from now.*clocks/,
    ],
    ['no time of issue', 'iat', () => issuer.issue({ iat: undefined }), /iat is nothing/],
    ['not valid yet', 'nbf', () => issuer.issue({ nbf: now() + 6 }), /valid 6 s from now/],
    ['not valid before a word', 'nbf', () => issuer.issue({ nbf: 'noon' }), /nbf is "noon"/],
    ['no subject (RFC 9068 §2.2)', 'claims', () => issuer.issue({ sub: undefined }), /sub is nothing/],
    ['no client', 'claims', () => issuer.issue({ client_id: undefined }), /client_id is nothing/],
    ['no jti', 'claims', () => issuer.issue({ jti: '' }), /jti is ""/],
    ['a list as scope', 'claims', () => issuer.issue({ scope: ['read'] }), /not a string/],
    [
      'bound to a key, where no proof can be held to this API (RFC 9449 §4.3)',
      'cnf',
      () => issuer.issue({ cnf: { jkt: 'x' } }),
      /publicUrl/,
    ],
  ]
for (const [title, rule, token, says] of cases)
  t.test(`refused: ${title}`, async (t) => {
    const written = await token()
    const error = await refused(guard.verify(written))
    t.match({ ...error }, { status: 401, error: 'invalid_token', rule })
    t.match(error.reason, says)
    t.equal(error.message, 'The access token is expired, revoked, malformed, or invalid for other reasons')
    t.notOk(`${error.reason}${error.body}${JSON.stringify(error.headers)}`.includes(written), 'the token stays unsaid')
  })

t.test('clocks may differ by the tolerance, and a stamp lies up to 3 s ahead', async () => {
  await guard.verify(await issuer.issue({ exp: now() - 4 }))
  await guard.verify(await issuer.issue({ iat: now() + 8 }))
  await guard.verify(await issuer.issue({ nbf: now() + 5 }))
})

t.test('only the algorithms that were asked for are accepted', async (t) => {
  t.equal((await refused(aGuard(t, { algorithms: ['ES256'] }).verify(good))).rule, 'alg')
})

t.test('a mistake in the options stops the start', async (t) => {
  const mistaken: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [
      { algorithms: ['HS256'] },
      /algorithms must be a list of at least one of RS256, PS256, ES256, EdDSA, and of no other/,
    ],
    [{ algorithms: ['RS256', 'none'] }, /of no other/],
    [{ algorithms: [] }, /at least one/],
    [{ algorithms: 'RS256' }, /algorithms must be a list/],
    [{ algorithms: null }, /algorithms must be a list/],
    [{ issuer: 'http://auth.example' }, /https/],
    [{ issuer: 'http://127.0.0.1.evil.example' }, /https/],
    [{ issuer: 'https://auth.example/?x' }, /without query/],
    [{ issuer: 'https://me@auth.example' }, /https/],
    [{ issuer: 'auth.example' }, /https/],
    [{ audience: [] }, /any other API/],
    [{ audience: '' }, /any other API/],
    [{ audience: undefined }, /any other API/],
    [{ audience: 5 }, /: audience must name this API[^;]*$/],
    [{ audience: ['https://api.example', 5] }, /any other API/],
    [{ audience: 'a"b' }, /realm, which is the audience by default/],
    [{ clockTolerance: 61 }, /clockTolerance/],
    [{ clockTolerance: Number.NaN }, /clockTolerance/],
    [{ clockTolerance: '5' }, /clockTolerance must be a number from 0 to 60/],
    [{ clockTolerance: null }, /clockTolerance/],
    [{ timeout: '3000' }, /timeout/],
    [{ staleFeed: 'ignore' }, /staleFeed/],
    [{ staleFeed: null }, /staleFeed/],
    [{ staleFeed: {} }, /staleFeed/],
    [{ staleFeed: { clientId: 'orders-api', clientSecret: 5 } }, /staleFeed/],
    [{ revocations: 'on' }, /revocations/],
    [{ realm: 'a"b' }, /realm/],
    [{ realm: 5 }, /realm/],
    [{ dpop: 'required' }, /publicUrl/],
    [{ publicUrl: new URL('https://api.example') }, /publicUrl/],
    [{ nonceSecret: 5 }, /nonceSecret/],
    [{ nonceSecret: 'x'.repeat(31) }, /nonceSecret/],
    [{ proofs: new Map() }, /proofs must have a function first/],
    [{ certificate: 'Client-Cert' }, /certificate/],
    [{ onRefusal: 'log' }, /onRefusal/],
    [{ now: 5 }, /now/],
    [{ clockTolerence: 5 }, /clockTolerence is unknown here, where issuer, audience, .* are known/],
    [{ constructor: undefined }, /constructor is unknown/],
    [
      { issuer: 'x', audience: '', clockTolerance: '5', nonceSecret: 5, dop: 'required' },
      /dop.*issuer.*audience.*clockTol.*nonce/,
    ],
  ]
  for (const [mistake, says] of mistaken)
    t.throws(
      () => protect({ ...options, ...mistake } as ProtectOptions),
      { name: 'TypeError', message: says },
      JSON.stringify(mistake),
    )
  // As from plain JavaScript, where no compiler looks on.
  const plain: { protect(options?: unknown): unknown; introspect(client?: unknown): unknown } = { protect, introspect }
  for (const nothing of [undefined, null, 'https://auth.example', []])
    t.throws(() => plain.protect(nothing), { name: 'TypeError', message: /^protect: the options must be an object/ })
  for (const client of [undefined, null, {}, { clientId: 'orders-api', clientSecret: 5 }])
    t.throws(() => plain.introspect(client), {
      name: 'TypeError',
      message: 'introspect needs clientId and clientSecret',
    })
})

t.test('a mistake in what a route asks for stops the start, lest it ask for nothing', async (t) => {
  const mistaken: readonly (readonly [unknown, RegExp])[] = [
    ['a"b', /scope must be/],
    [['orders read'], /scope must be/],
    [['orders', 5], /scope must be/],
    [{ scopes: 'admin' }, /scopes is unknown here, where scope, acr, maxAge are known/],
    [{ scope: 5 }, /scope must be/],
    [{ scope: null }, /scope must be/],
    [{ acr: { value: '2' } }, /acr must be/],
    [{ maxAge: '300' }, /maxAge must be a number of seconds/],
    [{ maxAge: Number.NaN }, /maxAge/],
    [{ maxAge: Number.POSITIVE_INFINITY }, /maxAge/],
    [{ maxAge: -1, roles: [], acr: 2 }, /roles.*acr.*maxAge/],
    [null, /it must be scopes/],
    [5, /it must be scopes/],
    [() => 'the listener', /it must be scopes/],
  ]
  type Way = { way(requirement: unknown, listener?: unknown): unknown }
  const ways: readonly Way[] = [
    ...[guard, guard.optional].flatMap(({ fastify, express, http, fetch }) =>
      [fastify, express, http, fetch].map((way): Way => ({ way })),
    ),
  ]
  for (const [mistake, says] of mistaken) {
    for (const { way } of ways) t.throws(() => way(mistake), { name: 'TypeError', message: says })
    const { verify }: { verify(from: string, requirement: unknown): Promise<unknown> } = guard
    await t.rejects(verify(good, mistake), { name: 'TypeError', message: says })
  }
})

t.test('whoever runs the API learns why, once for each refusal', async (t) => {
  const heard: TokenRefused[] = []
  const listening = aGuard(t, { onRefusal: (refusal) => heard.push(refusal) })
  await refused(listening.verify(await issuer.issue({ aud: 'https://a' })))
  await listening.verify(good)
  t.same(
    heard.map(({ rule }) => rule),
    ['aud'],
  )
})

t.test('what stands where a scheme should is named only if it is one: it may be the token', async (t) => {
  const refreshToken = 'tsr_Zm9yZ290dGVu.c2NoZW1l'
  for (const sent of [
    refreshToken,
    `Bearer\t${good}`,
    `Bearer\u00a0${good}`,
    `token=${good}`,
    `${refreshToken} x`,
    good,
    '',
  ]) {
    const error = await refused(guard.verify({ headers: { authorization: sent } }))
    t.match(
      { ...error },
      { status: 401, rule: 'missing', reason: /has no scheme that is known, this guard takes Bearer and DPoP$/ },
    )
  }
  for (const [sent, named] of [
    ['Basic YTpi', 'Basic'],
    ['NEGOTIATE YTpi', 'Negotiate'],
    ['digest', 'Digest'],
  ])
    t.match((await refused(guard.verify({ headers: { authorization: sent } }))).reason, `has the scheme ${named},`)
})
