import { generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { type ProtectOptions, protect, TokenRefused } from '../../src/resource-server/index.ts'
import { mockIssuer, type ProofRequest } from '../../src/resource-server/testing/index.ts'
import { aClock } from '../support/clock.ts'

const clock = aClock()
const issuer = await mockIssuer({ now: clock.now })
t.teardown(() => issuer.close())
const { audience } = issuer
const url = 'https://api.example/orders'
const aGuard = (t: Test, more: Partial<ProtectOptions> = {}) => {
  const guard = protect({
    issuer: issuer.issuer,
    audience,
    now: clock.now,
    revocations: 'off',
    publicUrl: 'https://api.example',
    ...more,
  })
  t.teardown(() => guard.close())
  return guard
}
const guard = aGuard(t)
const now = () => Math.floor(clock.now().getTime() / 1000)
const key = await issuer.proofKey()
const other = await issuer.proofKey()
const rsa = await issuer.proofKey('PS256')
const token = await issuer.issue({ cnf: { jkt: key.jkt }, scope: 'read', exp: now() + 3600 })
const algs = 'algs="ES256 PS256 EdDSA Ed25519"'

type Headers = Record<string, string | string[]>
const show = (headers: Headers, by = guard, path = '/orders', method = 'GET') =>
  by.verify({ headers, url: path, method }).then(
    (verified) => verified.sub,
    (error: unknown) => {
      if (error instanceof TokenRefused) return error
      throw error
    },
  )
const proven = (more: Partial<ProofRequest> = {}, by = key) => by.headers({ url, token, ...more })

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const privateJwk = { ...key.jwk, d: 'x' }
const strange = await generateKeyPair('ES256')
const forged = async () => {
  const [head, payload] = (await key.proof({ url, token })).split('.')
  const [, , signature] = (await key.proof({ url, token })).split('.')
  return `${head}.${payload}.${signature}`
}
const by = async (alg: 'ES256', header: Record<string, unknown>, claims: Record<string, unknown> = {}) =>
  new SignJWT({ jti: 'a', htm: 'GET', htu: url, iat: now(), ...claims })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', ...header })
    .sign(strange.privateKey)

/** The modules of FAPI 2.0's `dpop-negative-tests`, and more. */
const negative: readonly (readonly [title: string, headers: () => Promise<Headers>, says: RegExp])[] = [
  ['no proof', async () => ({ authorization: `DPoP ${token}` }), /no DPoP header/],
  ['an empty proof', async () => ({ authorization: `DPoP ${token}`, dpop: '' }), /not a JWT/],
  [
    'two proofs',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: [await key.proof({ url, token }), await key.proof({ url, token })],
    }),
    /several DPoP headers/,
  ],
  [
    'two proofs in one header',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: `${await key.proof({ url, token })}, ${await key.proof({ url, token })}`,
    }),
    /several DPoP headers/,
  ],
  ['a malformed JWT', async () => ({ authorization: `DPoP ${token}`, dpop: 'a.b.c' }), /not a JWT/],
  ['one of 9 KiB', () => proven({ claims: { more: 'x'.repeat(9000) } }), /longer than/],
  ['no typ', () => proven({ header: { typ: undefined } }), /typ is nothing/],
  ['another typ', () => proven({ header: { typ: 'JWT' } }), /typ is "JWT"/],
  [
    'no alg',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: `${encoded({ typ: 'dpop+jwt', jwk: key.jwk })}.${encoded({})}.AA`,
    }),
    /alg is nothing/,
  ],
  [
    'alg none',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: `${encoded({ typ: 'dpop+jwt', alg: 'none', jwk: key.jwk })}.${encoded({})}.`,
    }),
    /alg is "none"/,
  ],
  [
    'alg HS256',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: `${encoded({ typ: 'dpop+jwt', alg: 'HS256', jwk: { kty: 'oct', k: 'AA' } })}.${encoded({})}.AA`,
    }),
    /alg is "HS256"/,
  ],
  ['no jwk', () => proven({ header: { jwk: undefined } }), /no jwk/],
  [
    'a jwk for another algorithm',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: await by('ES256', { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' } }),
    }),
    /not for ES256/,
  ],
  ['a private key in jwk', () => proven({ header: { jwk: privateJwk } }), /private key/],
  [
    'a symmetric key in jwk',
    async () => ({ authorization: `DPoP ${token}`, dpop: await by('ES256', { jwk: { kty: 'oct', k: 'AA' } }) }),
    /private key/,
  ],
  ...(
    [
      ['as long as the modulus', Buffer.alloc(255, 0xff)],
      ['of 33 bits', Buffer.from('0100000001', 'hex')],
      ['even', Buffer.from('010000', 'hex')],
      ['of one', Buffer.from('01', 'hex')],
      ['missing', Buffer.alloc(0)],
    ] as const
  ).map(
    ([kind, e]) =>
      [
        `an RSA exponent ${kind}`,
        () => proven({ header: { alg: 'PS256', jwk: { ...rsa.jwk, e: e.toString('base64url') } } }, rsa),
        /exponent/,
      ] as const,
  ),
  [
    'an RSA key of 16384 bits',
    () => proven({ header: { jwk: { ...rsa.jwk, n: Buffer.alloc(2048, 0xff).toString('base64url') } } }, rsa),
    /more than 8192 bits/,
  ],
  ['a key that is no point', () => proven({ header: { jwk: { ...key.jwk, y: key.jwk.x } } }), /no key/],
  [
    'a critical header',
    async () => ({
      authorization: `DPoP ${token}`,
      dpop: `${encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk, crit: ['exp'], exp: 1 })}.${encoded({})}.AA`,
    }),
    /crit/,
  ],
  ['a bad signature', async () => ({ authorization: `DPoP ${token}`, dpop: await forged() }), /signature/],
  [
    'a foreign signature',
    async () => ({ authorization: `DPoP ${token}`, dpop: await by('ES256', { jwk: key.jwk }) }),
    /signature/,
  ],
  ['no jti', () => proven({ claims: { jti: undefined } }), /jti is nothing/],
  ['a jti of 1 KiB', () => proven({ claims: { jti: 'x'.repeat(1024) } }), /jti is/],
  ['no htm', () => proven({ claims: { htm: undefined } }), /htm is nothing/],
  ['another method', () => proven({ method: 'POST' }), /htm is "POST", the method of the request is GET/],
  ['a method in lower case', () => proven({ method: 'get' }), /htm is "get"/],
  ['no htu', () => proven({ claims: { htu: undefined } }), /htu is nothing/],
  [
    'another path',
    () => proven({ url: `${url}/1` }),
    /htu is ".*\/1", this guard was called at "https:\/\/api.example\/orders"/,
  ],
  ['another host', () => proven({ url: 'https://other.example/orders' }), /publicUrl/],
  ['another scheme', () => proven({ url: 'http://api.example/orders' }), /htu/],
  ['another port', () => proven({ url: 'https://api.example:8443/orders' }), /htu/],
  ['a path alone', () => proven({ url: '/orders' }), /htu/],
  ['no iat', () => proven({ claims: { iat: undefined } }), /iat is nothing/],
  ['an iat in words', () => proven({ claims: { iat: String(now()) } }), /not a number/],
  ['an hour old', () => proven({ claims: { iat: now() - 3600 } }), /3600 s ago/],
  ['61 s old', () => proven({ claims: { iat: now() - 61 } }), /61 s ago/],
  ['an hour early', () => proven({ claims: { iat: now() + 3600 } }), /iat/],
  ['31 s early', () => proven({ claims: { iat: now() + 31 } }), /iat/],
  ['an exp that is over', () => proven({ claims: { exp: now() - 60 } }), /exp/],
  ['an nbf to come', () => proven({ claims: { nbf: now() + 60 } }), /nbf/],
  ['no ath', () => proven({ claims: { ath: undefined } }), /ath is nothing/],
  ['the ath of another token', () => proven({ claims: { ath: 'x' } }), /ath is "x"/],
]

t.test('dpop-negative-tests: what is wrong with a proof, or missing, is refused (RFC 9449 §4.3)', async (t) => {
  for (const [title, headers, says] of negative) {
    const answer = await show(await headers())
    t.match(answer, { status: 401, error: 'invalid_dpop_proof', rule: 'proof' }, title)
    if (!(answer instanceof TokenRefused)) continue
    t.match(answer.reason, says, title)
    t.match(
      answer.headers['www-authenticate'],
      /^DPoP realm="https:\/\/api.example", error="invalid_dpop_proof"/,
      title,
    )
    t.ok(answer.headers['www-authenticate']?.endsWith(algs))
    t.notOk(`${answer.reason}${answer.body}`.includes(token), 'the token stays unsaid')
  }
})

t.test('a proof of the key passes, with each algorithm, and htu without its query and fragment', async (t) => {
  t.equal(await show(await proven()), 'alice')
  for (const url of [
    'https://API.example:443/orders?page=2#top',
    'https://api.example/%6Frders',
    'https://api.example/./orders',
  ])
    t.equal(await show(await proven({ url })), 'alice', url)
  t.equal(await show(await proven(), guard, '/orders?page=1'), 'alice')
  t.equal(await show(await proven({ method: 'POST' }), guard, '/orders', 'POST'), 'alice')
  t.equal(await show(await proven({ header: { typ: 'application/DPoP+jwt' } })), 'alice')
  for (const iat of [now() - 60, now() - 10, now() + 10, now() + 30])
    t.equal(await show(await proven({ claims: { iat, nbf: iat, exp: now() + 1 } })), 'alice', `iat ${iat - now()}`)
  for (const alg of ['ES256', 'PS256', 'EdDSA'] as const) {
    const one = await issuer.proofKey(alg)
    const bound = await issuer.issue({ cnf: { jkt: one.jkt } })
    t.equal(await show(await one.headers({ url, token: bound })), 'alice', alg)
  }
})

t.test('a bound token is worth nothing without its key (RFC 9449 §7.1)', async (t) => {
  const bearer = await show({ authorization: `Bearer ${token}` })
  t.match(bearer, { status: 401, rule: 'cnf', reason: /send Authorization: DPoP/ })
  t.match(bearer, { headers: { 'www-authenticate': /^DPoP realm=.*error="invalid_token".*algs=/ } })
  t.match(await show({ ...(await proven()), authorization: `Bearer ${token}` }), { rule: 'cnf' }, 'a proof beside it')
  t.match(await show(await proven({}, other)), {
    status: 401,
    error: 'invalid_token',
    rule: 'cnf',
    reason: /another key/,
  })
  const plain = await issuer.issue()
  t.match(await show(await proven({ token: plain })), { rule: 'cnf', reason: /bound to no key/ }, 'RFC 9449 §7.1')
  t.match(await show(await proven({ token: 'abc' })), { rule: 'malformed', headers: { 'www-authenticate': /^DPoP / } })
  for (const cnf of [{}, null, 'x', [], { kid: 'x' }, { jkt: key.jkt, kid: 'x' }, { jwk: key.jwk }, { jkt: 1 }])
    t.match(
      await show(await proven({ token: await issuer.issue({ cnf }) })),
      { status: 401, rule: 'cnf' },
      `cnf ${JSON.stringify(cnf)}`,
    )
  const refusal = (error: unknown) => error
  t.match(await guard.verify(token).catch(refusal), { rule: 'cnf' }, 'the token alone')
  t.match(await guard.verify({ headers: await proven() }).catch(refusal), {
    reason: /verify\({ headers, method, url }\)/,
  })
})

t.test(
  'a proof counts once, also of two at once; another guard on the same store knows it (RFC 9449 §11.1)',
  async (t) => {
    const replayed = { status: 401, error: 'invalid_dpop_proof', rule: 'proof_replayed' }
    const once = await proven()
    t.equal(await show(once), 'alice')
    t.match(await show(once), replayed)
    clock.advance({ seconds: 60 })
    t.match(await show(once), replayed, 'for as long as it is good')
    clock.advance({ seconds: 1 })
    t.match(await show(once), { rule: 'proof', reason: /ago/ }, 'and then it is too old')
    const early = await proven({ claims: { iat: now() + 30 } })
    t.equal(await show(early), 'alice')
    clock.advance({ seconds: 90 })
    t.match(await show(early), replayed)

    const twice = await proven()
    const answers = await Promise.all([show(twice), show(twice)])
    t.equal(answers.filter((answer) => answer === 'alice').length, 1)

    const used = new Map<string, Date>()
    const proofs = {
      first: async (id: string, until: Date) => {
        if (used.has(id)) return false
        used.set(id, until)
        return true
      },
    }
    const [one, two] = [aGuard(t, { proofs }), aGuard(t, { proofs })]
    const [shared, ahead] = [
      await proven({ claims: { jti: 'x'.repeat(500) } }),
      await proven({ claims: { iat: now() + 30 } }),
    ]
    for (const proof of [shared, ahead]) {
      t.equal(await show(proof, one), 'alice')
      t.match(await show(proof, two), replayed)
    }
    t.same(
      [...used].map(([id, until]) => [id.length, until.getTime() / 1000 - now()]),
      [
        [43, 120],
        [43, 120],
      ],
      'until no replica takes it any more, also one whose clock is 30 s behind',
    )
  },
)

t.test('a wrong proof spends nothing, and another key may use the same jti', async (t) => {
  const jti = 'the same'
  t.match(await show(await proven({ claims: { jti } }, other)), { rule: 'cnf' })
  t.equal(await show(await proven({ claims: { jti } })), 'alice')
  const bound = await issuer.issue({ cnf: { jkt: other.jkt } })
  t.equal(await show(await proven({ claims: { jti }, token: bound }, other)), 'alice')
})

t.test('a guard that requires DPoP takes nothing else, and says so', async (t) => {
  const strict = aGuard(t, { dpop: 'required' })
  t.equal(await show(await proven(), strict), 'alice')
  t.match(await show({ authorization: `Bearer ${await issuer.issue()}` }, strict), {
    status: 401,
    rule: 'cnf',
    headers: { 'www-authenticate': /^DPoP / },
  })
  t.match(await show({}, strict), { headers: { 'www-authenticate': `DPoP realm="${audience}", ${algs}` } })
  t.equal(await show({ authorization: `Bearer ${await issuer.issue()}` }), 'alice', 'the others take both')
})

t.test('nonces: who has none, or an old one, is given one and passes with it (RFC 9449 §9)', async (t) => {
  const asking = aGuard(t, { nonceSecret: 'n'.repeat(32) })
  const replica = aGuard(t, { nonceSecret: 'n'.repeat(32) })
  const foreign = aGuard(t, { nonceSecret: 'm'.repeat(32) })
  const challenge = { status: 401, error: 'use_dpop_nonce', rule: 'nonce' }
  const first = await show(await proven(), asking)
  t.match(first, { ...challenge, headers: { 'www-authenticate': /^DPoP .*error="use_dpop_nonce"/ } })
  const nonce = first instanceof TokenRefused ? (first.headers['dpop-nonce'] ?? '') : ''
  t.match(nonce, /^[\w-]{32}$/)
  t.equal(await show(await proven({ nonce }), asking), 'alice')
  t.equal(await show(await proven({ nonce }), replica), 'alice', 'replicas share it')
  t.match(await show(await proven({ nonce }), foreign), challenge)
  for (const claims of [{ nonce: 1 }, { nonce: '' }, { nonce: `${nonce}x` }])
    t.match(await show(await proven({ claims }), asking), challenge, JSON.stringify(claims))
  clock.advance({ seconds: 120 })
  t.equal(await show(await proven({ nonce }), asking), 'alice', 'for one window more')
  clock.advance({ seconds: 120 })
  t.match(await show(await proven({ nonce }), asking), challenge)
})
