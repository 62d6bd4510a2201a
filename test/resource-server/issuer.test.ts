import t, { type Test } from 'tap'
import { type ProtectOptions, protect } from '../../src/resource-server/index.ts'
import { type MockIssuer, mockIssuer } from '../../src/resource-server/testing/index.ts'
import { aKey } from '../../src/resource-server/testing/mock-keys.ts'
import { aClock } from '../support/clock.ts'

const clock = aClock()
const issuer = await mockIssuer({ now: clock.now })
const stranger = await aKey()
t.teardown(() => issuer.close())
const well = '/.well-known/oauth-authorization-server'

const aGuard = (t: Test, more: Partial<ProtectOptions> = {}) => {
  issuer.answer(well, undefined)
  issuer.answer('/jwks', undefined)
  const troubles: string[] = []
  const onTrouble = ({ reason }: { reason: string }) => void troubles.push(reason)
  const { audience } = issuer
  const options = { issuer: issuer.issuer, audience, revocations: 'off', now: clock.now, onTrouble } as const
  const guard = protect({ ...options, ...more })
  t.teardown(() => guard.close())
  const rule = (token: string): Promise<string> =>
    guard.verify(token).then(
      () => 'passes',
      (error) => error.rule ?? error,
    )
  const before = issuer.requests.length
  const fetches = () => issuer.requests.slice(before).filter((path) => path === '/jwks').length
  return { guard, rule, fetches, troubles }
}
const json = (document: unknown) => ({ status: 200, type: 'application/json', body: JSON.stringify(document) })
const document = (more: Record<string, unknown>) =>
  json({ issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, ...more })
const fromStranger = (one: MockIssuer, kid: string) => one.sign({ iss: one.issuer }, { key: stranger, header: { kid } })

t.test('nothing is asked before the first request, and then once for all (RFC 8414)', async (t) => {
  const { rule, fetches } = aGuard(t)
  t.equal(fetches(), 0)
  const token = await issuer.issue()
  t.same(await Promise.all(Array.from({ length: 50 }, () => rule(token))), Array(50).fill('passes'))
  t.equal(fetches(), 1)
})

t.test('a flood of unknown kids costs one reading per cool-down (D8)', async (t) => {
  const { rule, fetches } = aGuard(t)
  t.equal(await rule(await issuer.issue()), 'passes')
  clock.advance({ seconds: 31 })
  const flood = async (from: string) => {
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, n) => fromStranger(issuer, `${from}${n}`)))
    t.same(new Set(await Promise.all(tokens.map(rule))), new Set(['kid']))
  }
  await flood('a')
  t.equal(fetches(), 2)
  clock.advance({ seconds: 29 })
  await flood('b')
  t.equal(fetches(), 2)
  t.equal(await rule(await issuer.issue()), 'passes', 'known keys pass meanwhile')
  clock.advance({ seconds: 1 })
  await flood('c')
  t.equal(fetches(), 3)
})

t.test('a rotated key is found, a withdrawn one is forgotten', async (t) => {
  const { rule } = aGuard(t)
  const old = await issuer.issue()
  t.equal(await rule(old), 'passes')
  await issuer.rotateKeys({ withdraw: true })
  clock.advance({ seconds: 31 })
  t.equal(await rule(await issuer.issue()), 'passes')
  t.equal(await rule(old), 'kid')
})

t.test('a failed reading takes no key away', async (t) => {
  const { guard, rule, fetches, troubles } = aGuard(t)
  const token = await issuer.issue({ exp: Math.floor(clock.now().getTime() / 1000) + 3600 })
  t.equal(await rule(token), 'passes')
  issuer.answer('/jwks', { status: 500 })
  clock.advance({ seconds: 601 })
  const unknown = await fromStranger(issuer, 'unknown')
  const refusal = await guard.verify(unknown).catch((error) => error)
  t.match({ ...refusal }, { status: 503, rule: 'issuer_unavailable', reason: /answered 500/ }, 'perhaps a new key')
  clock.advance({ seconds: 1 })
  t.equal(await rule(unknown), 'issuer_unavailable', 'nobody knows better in the cool-down')
  t.equal(fetches(), 2)
  t.equal(await rule(token), 'passes')
  t.match(troubles, [/answered 500/])
  issuer.answer('/jwks', undefined)
  clock.advance({ seconds: 29 })
  t.equal(await rule(unknown), 'kid', 'the set was read, and does not hold it')
})

t.test('who is refused for a key that is not there yet is told when the set is read again', async (t) => {
  const { guard, rule, fetches } = aGuard(t)
  t.equal(await rule(await issuer.issue()), 'passes')
  await issuer.rotateKeys()
  clock.advance({ seconds: 12 })
  const refusal = await guard.verify(await issuer.issue()).catch((error) => error)
  t.match({ ...refusal }, { status: 401, rule: 'kid', reason: /read again in 18 s at the earliest/ })
  t.equal(fetches(), 1)
  clock.advance({ seconds: 18 })
  t.equal(await rule(await issuer.issue()), 'passes')
})

t.test('an issuer that cannot be asked is 503, and is asked again a second later', async (t) => {
  const token = await issuer.issue({ exp: Math.floor(clock.now().getTime() / 1000) + 3600 })
  const elsewhere = { issuer: 'https://evil.example' }
  const wrong: readonly (readonly [string, string, Parameters<MockIssuer['answer']>[1], RegExp])[] = [
    ['another issuer (RFC 8414 §3.3)', well, document(elsewhere), /letter for letter/],
    ['a slash more', well, document({ issuer: `${issuer.issuer}/` }), /letter for letter/],
    [
      'keys over http from elsewhere',
      well,
      document({ jwks_uri: 'http://keys.example/jwks' }),
      /jwks_uri that is not an https URL/,
    ],
    [
      'a list over http from elsewhere',
      well,
      document({ revocation_feed_endpoint: 'http://a.example/' }),
      /revocation_feed_endpoint/,
    ],
    ['no keys', well, document({ jwks_uri: undefined }), /no jwks_uri/],
    ['no metadata', well, { status: 404 }, /answered 404/],
    ['a redirect', well, { status: 302 }, /answered 302/],
    ['no JSON', well, { status: 200, body: '<p>' }, /JSON object/],
    ['a list for an object', well, json([]), /JSON object/],
    ['no answer', well, 'hang', /no answer in 1000 ms/],
    ['too much', '/jwks', json({ keys: 'x'.repeat(300_000) }), /larger than/],
    ['no key set', '/jwks', json({}), /no keys/],
  ]
  for (const [title, path, answer, says] of wrong) {
    const { guard, rule, troubles } = aGuard(t, { timeout: answer === 'hang' ? 1000 : 60_000 })
    issuer.answer(path, answer)
    const error = await guard.verify(token).catch((one) => one)
    t.match({ ...error }, { status: 503, rule: 'issuer_unavailable', error: 'temporarily_unavailable' }, title)
    t.match(error.reason, says, title)
    t.match(troubles.join(' '), says, title)
    issuer.answer(path, undefined)
    t.equal(await rule(token), 'issuer_unavailable', 'not asked for every request')
    clock.advance({ seconds: 1 })
    t.equal(await rule(token), 'passes', 'and again')
  }
})

t.test('a callback that throws changes nothing of the answer', async (t) => {
  const onTrouble = () => {
    throw new Error('the log is full')
  }
  const { rule } = aGuard(t, { onTrouble })
  const token = await issuer.issue()
  issuer.answer('/jwks', { status: 503 })
  t.equal(await rule(token), 'issuer_unavailable')
})

t.test('a key is used for what it was made for alone', async (t) => {
  const { rule } = aGuard(t)
  const { jwk } = issuer.keys.tokens
  const published: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['symmetric', { kty: 'oct', kid: jwk.kid, k: 'c2VjcmV0' }, 'kid'],
    ['for encryption', { ...jwk, use: 'enc' }, 'kid'],
    ['for another algorithm', { ...jwk, alg: 'PS256' }, 'kid'],
    ['for another purpose', { ...jwk, purpose: 'anything' }, 'kid'],
    ['too short (RFC 7518 §3.3)', { ...jwk, n: jwk.n?.slice(0, 170) }, 'kid'],
    ['with what nobody knows', { ...jwk, more: 1 }, 'passes'],
    ['without an algorithm', { ...jwk, alg: undefined, use: undefined }, 'passes'],
  ]
  for (const [title, key, verdict] of published) {
    const guarded = aGuard(t)
    issuer.answer('/jwks', json({ keys: [null, 1, {}, key] }))
    t.equal(await guarded.rule(await issuer.issue()), verdict, title)
  }
  issuer.answer('/jwks', undefined)
  t.equal(await rule(await issuer.issue()), 'passes')
})

t.test('ready says at the start what would fail at the first request', async (t) => {
  const { guard } = aGuard(t)
  await guard.ready()
  const { guard: other } = aGuard(t)
  issuer.answer(well, { status: 404 })
  await t.rejects(other.ready(), { message: /answered 404/ })
})
