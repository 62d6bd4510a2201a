import { createHmac, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { later } from '../../../src/clock.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import {
  checkProof,
  type ProvenRequest,
  proofAlgorithms,
  spendProof,
} from '../../../src/oauth/sender-constraint/dpop.ts'
import { createNonces } from '../../../src/oauth/sender-constraint/nonce.ts'
import { sameTarget } from '../../../src/oauth/sender-constraint/target.ts'
import { aProofKey, type Proving } from '../../support/proofs.ts'

const now = new Date('2026-06-01T12:00:00Z')
const seconds = now.getTime() / 1000
const htu = 'https://id.example/oauth2/token'
const key = await aProofKey()
const optional = createNonces([Buffer.from('a secret')], false)
const required = createNonces([Buffer.from('a secret')], true)

const prove = (proving: Partial<Proving> = {}) => key.prove({ htu, now, ...proving })
const check = (proofs: readonly string[], more: Partial<ProvenRequest> = {}, nonces = optional) =>
  checkProof({ proofs, method: 'POST', urls: [htu], ...more }, { nonces, now })
const refused = { code: 'invalid_dpop_proof', status: 400 }

t.test('RFC 9449 §4.3 a proof in each advertised algorithm, and none where there is none', async (t) => {
  t.equal(await check([]), undefined)
  t.match(await check([await prove()]), { jkt: key.jkt })
  for (const alg of proofAlgorithms) {
    const other = await aProofKey(alg)
    t.match(await check([await other.prove({ htu, now })]), { jkt: other.jkt }, alg)
  }
})

t.test('T17 each check of RFC 9449 §4.3 refuses', async (t) => {
  const good = await prove()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const rsa = await aProofKey('RS256')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const other = await aProofKey()
  const symmetric = { alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: 'c2VjcmV0' } }
  const said = `${encoded(symmetric)}.${payload}`
  const unsigned = (header: unknown, signature = '') => `${encoded(header)}.${payload}.${signature}`
  const cases: readonly (readonly [string, string])[] = [
    ['2: no JWT', 'no proof'],
    ['2: two parts', `${header}.${payload}`],
    ['2: not JSON', `${header}.bm90IGpzb24.${signature}`],
    ['2: too long', await prove({ claims: { more: 'x'.repeat(9000) } })],
    ['3: no jti', await prove({ claims: { jti: undefined } })],
    ['3: an empty jti', await prove({ claims: { jti: '' } })],
    ['3: a jti that is a number', await prove({ claims: { jti: 1 } })],
    ['3: a very long jti', await prove({ claims: { jti: 'x'.repeat(513) } })],
    ['3: no htm', await prove({ claims: { htm: undefined } })],
    ['3: no htu', await prove({ claims: { htu: undefined } })],
    ['3: no iat', await prove({ claims: { iat: undefined } })],
    ['3: iat is text', await prove({ claims: { iat: String(seconds) } })],
    ['3: no jwk', await prove({ header: { jwk: undefined } })],
    ['3: jwk is text', await prove({ header: { jwk: 'x' } })],
    ['4: no typ', await prove({ header: { typ: undefined } })],
    ['4: another typ', await prove({ header: { typ: 'jwt' } })],
    ['5: none', unsigned({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })],
    ['5: no alg', unsigned({ typ: 'dpop+jwt', jwk: key.jwk }, signature)],
    ['5: symmetric', `${said}.${createHmac('sha256', 'secret').update(said).digest('base64url')}`],
    ['5: RS256 is not advertised', await rsa.prove({ htu, now })],
    ['6: another signature', `${header}.${payload}.${(await other.prove({ htu, now })).split('.')[2]}`],
    ['6: r = s = 0', `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`],
    ['6: signed by another key', await prove({ signedBy: other.privateKey })],
    ['6: a key of another kind', await prove({ header: { jwk: rsa.jwk } })],
    ['6: a curve that is not served', await prove({ header: { jwk: p384.publicKey.export({ format: 'jwk' }) } })],
    ['6: a point off the curve', await prove({ header: { jwk: { ...key.jwk, x: key.jwk.y } } })],
    [
      '6: RSA of 1024 bits',
      unsigned({ alg: 'PS256', typ: 'dpop+jwt', jwk: weak.publicKey.export({ format: 'jwk' }) }, signature),
    ],
    ['7: a private key', await prove({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } })],
    ['8: another method', await prove({ htm: 'GET' })],
    ['8: the method in lower case', await prove({ htm: 'post' })],
    ['9: another address', await prove({ htu: 'https://id.example/oauth2/par' })],
    ['9: another host', await prove({ htu: 'https://evil.example/oauth2/token' })],
    ['9: http', await prove({ htu: 'http://id.example/oauth2/token' })],
    ['9: no address', await prove({ htu: '/oauth2/token' })],
    ['11: an hour old', await prove({ claims: { iat: seconds - 3600 } })],
    ['11: 61 s old', await prove({ claims: { iat: seconds - 61 } })],
    ['11: an hour early', await prove({ claims: { iat: seconds + 3600 } })],
    ['11: 31 s early', await prove({ claims: { iat: seconds + 31 } })],
    ['an exp that has passed', await prove({ claims: { exp: seconds - 60 } })],
    ['an nbf to come', await prove({ claims: { nbf: seconds + 60 } })],
    ['a critical header', await prove({ header: { crit: ['b64'], b64: true } })],
  ]
  for (const [name, proof] of cases) await t.rejects(check([proof]), refused, name)
  await t.rejects(check([good, await prove()]), refused, '1: two headers')
  await t.rejects(check([`${good}, ${good}`]), refused, '2: two in one header')
})

t.test('ensure-dpopproof-with-iat-10seconds-before-succeeds, -after-succeeds, check-dpop-proof-nbf-exp', async (t) => {
  for (const iat of [seconds - 60, seconds - 10, seconds + 10, seconds + 30])
    t.ok(await check([await prove({ claims: { iat } })]), String(iat - seconds))
  t.ok(await check([await prove({ claims: { nbf: seconds, exp: seconds + 300 } })]))
})

t.test('T17 ath is the hash of the access token that is shown', async (t) => {
  const shown = { accessToken: 'the token' }
  t.ok(await check([await prove(shown)], shown))
  for (const [name, accessToken] of [
    ['another', 'another token'],
    ['none', undefined],
  ] as const)
    await t.rejects(check([await prove(accessToken === undefined ? {} : { accessToken })], shown), refused, name)
  await t.rejects(check([await prove({ claims: { ath: 1 } })], shown), refused)
})

t.test('T17 htu: what is the same address by RFC 3986 §6.2, and what is not', async (t) => {
  for (const same of [
    'HTTPS://ID.Example/oauth2/token',
    'https://id.example:443/oauth2/token',
    'https://id.example/oauth2/token?a=b',
    'https://id.example/oauth2/token#part',
    'https://id.example/oauth2/x/../token',
    'https://id.example/oauth2/%74oken',
  ])
    t.ok(sameTarget(htu, same), same)
  for (const other of [
    'https://id.example:8443/oauth2/token',
    'https://id.example/oauth2/token/',
    'https://id.example/OAUTH2/token',
    'https://id.example/oauth2%2Ftoken',
    'https://user@id.example/oauth2/token',
    'https://id.example\\@evil.example/oauth2/token',
    ' https://id.example/oauth2/token',
    'wss://id.example/oauth2/token',
    '',
  ])
    t.notOk(sameTarget(htu, other), other)
})

t.test('T17 nonces: required, expired, foreign, of the window before, of an older secret', async (t) => {
  const useNonce = { code: 'use_dpop_nonce', status: 400 }
  const foreign = createNonces([Buffer.from('another secret')], true)
  const renewed = createNonces([Buffer.from('a newer secret'), Buffer.from('a secret')], true)
  const at = (age: number) => required.next(later(now, -age))
  await t.rejects(check([await prove()], {}, required), useNonce, 'missing')
  await t.rejects(check([await prove({ nonce: 'guessed' })], {}, required), useNonce, 'guessed')
  await t.rejects(check([await prove({ nonce: 'ü'.repeat(32) })], {}, required), useNonce, 'of another length in bytes')
  await t.rejects(check([await prove({ nonce: foreign.next(now) })], {}, required), useNonce, 'foreign')
  await t.rejects(check([await prove({ nonce: at(240) })], {}, required), useNonce, 'expired')
  await t.rejects(check([await prove({ nonce: at(240) })], {}, optional), useNonce, 'expired, though none is required')
  await t.rejects(check([await prove({ claims: { nonce: 1 } })], {}, optional), useNonce, 'a number')
  t.ok(await check([await prove({ nonce: at(0) })], {}, required))
  t.ok(await check([await prove({ nonce: at(120) })], {}, required), 'of the window before')
  t.ok(await check([await prove({ nonce: at(0) })], {}, renewed), 'of a secret that was replaced')
})

t.test('T17 a proof is spent once, and only that of its own key and address', async (t) => {
  const seen = new Map<string, Date>()
  const replays = {
    first: async (hash: Buffer, expiresAt: Date) => {
      const isFirst = !seen.has(hash.toString('hex'))
      seen.set(hash.toString('hex'), expiresAt)
      return isFirst
    },
  }
  const proof = { jkt: 'a', jti: 'one', htu }
  await spendProof(proof, replays, now)
  await t.rejects(spendProof(proof, replays, now), refused)
  await spendProof({ ...proof, jkt: 'b' }, replays, now)
  await spendProof({ ...proof, htu: 'https://id.example/oauth2/par' }, replays, now)
  // As long as it could be taken: of half a minute from now, to the end of the second in which it is a minute old, while
  // whoever sweeps has a clock that is half a minute ahead.
  for (const expiresAt of seen.values()) t.ok(expiresAt >= later(now, 30 + 61 + 30))
})

t.test('T17 whatever is sent as a proof throws nothing but an OAuthError', async (t) => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const name = fc.constantFrom('typ', 'alg', 'jwk', 'crit', 'b64', 'kid')
  const member = fc.constantFrom('kty', 'crv', 'x', 'y', 'd', 'n', 'e', 'use', 'key_ops', 'alg', 'kid', 'x5c')
  const claim = fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath', 'nonce', 'nbf', 'exp')
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.string(), fc.string()).map((parts) => parts.join('.')),
  )
  const altered = fc
    .record({
      header: fc.dictionary(name, fc.jsonValue(), { maxKeys: 1 }),
      jwk: fc.dictionary(member, fc.jsonValue(), { maxKeys: 2 }),
    })
    .map(({ header, jwk }) => encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk: { ...key.jwk, ...jwk }, ...header }))
  const [, payload = '', signature = ''] = (await prove()).split('.')
  const calmly = async (proof: string) => {
    try {
      await check([proof], { accessToken: 'the token' })
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
    }
  }
  await t.resolves(fc.assert(fc.asyncProperty(text, calmly), { numRuns: 300 }))
  await t.resolves(
    fc.assert(
      fc.asyncProperty(
        altered.map((header) => `${header}.${payload}.${signature}`),
        calmly,
      ),
      { numRuns: 500 },
    ),
  )
  // Well signed, and saying anything.
  const said = fc.dictionary(claim, fc.jsonValue(), { maxKeys: 3 })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(said, async (claims) => calmly(await prove({ claims }))),
      { numRuns: 500 },
    ),
  )
})
