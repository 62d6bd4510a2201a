import { createHmac } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, FlattenedSign, SignJWT } from 'jose'
import t from 'tap'
import { numericDate } from '../../src/clock.ts'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { generateKey } from '../../src/keys/key-pair.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aClock, aDirectory, aSigningKeyStore, day, start } from './memory.ts'

const issuer = 'https://as.example'
const iat = numericDate(start)
const claims = { iss: issuer, sub: 'alice', aud: 'https://api.example', iat, exp: iat + 600 }

const aRing = async (t: Parameters<typeof aDirectory>[0], given: Partial<Parameters<typeof createKeyRing>[0]> = {}) => {
  const path = await aDirectory(t)
  const clock = aClock()
  const deps = {
    directory: createKeyDirectory({ path, random }),
    store: aSigningKeyStore(),
    clock,
    issuer,
    algorithms: [],
    ...given,
  }
  const ring = await createKeyRing(deps)
  const verify = (token: string, requireUnexpired = true) =>
    ring.verify(token, { typ: 'at+jwt', audience: 'https://api.example', now: clock.now(), requireUnexpired })
  return { ring, path, clock, deps, verify, another: () => createKeyRing(deps) }
}

t.test('K1 ordered rotation: published a day before it signs, the old key kept, then gone', async (t) => {
  const { ring, clock, verify } = await aRing(t)
  const old = ring.signer('RS256')
  const kids = (): string[] => ring.published().map((jwk) => String(jwk.kid))
  t.same(kids(), [old.kid])
  const keySet = createKeySet(ring)
  const before = keySet()

  const { kid, breaks } = await ring.rotate('RS256', { emergency: false })
  t.same(breaks, [], 'an ordered rotation breaks nothing')
  t.same(kids(), [old.kid, kid], 'published')
  t.not(keySet().etag, before.etag)
  t.equal(ring.signer('RS256').kid, old.kid, 'but not signing')
  t.same(await ring.rotate('RS256', { emergency: false }), { kid: undefined, breaks: [] }, 'one successor is enough')

  clock.advance(day - 1)
  t.equal(ring.signer('RS256').kid, old.kid)
  const last = { ...claims, iat: numericDate(clock.now()), exp: numericDate(clock.now()) + day }
  const lastToken = await old.sign('at+jwt', last)

  clock.advance(1)
  t.equal(ring.signer('RS256').kid, kid, 'signing, without anything having been read again')
  t.same(kids(), [kid, old.kid])
  t.equal((await verify(lastToken)).is, 'valid', 'what the retired key signed still verifies')
  t.equal(await ring.signerOf(old.kid)?.sign('at+jwt', last), lastToken, 'a retry is minted with the retired key')

  clock.advance(day + 299)
  t.same(kids(), [kid, old.kid])
  clock.advance(1)
  t.same(kids(), [kid], 'gone when the last token is dead and clocks were behind')
  t.equal(ring.signerOf(old.kid), undefined)
  t.equal((await verify(lastToken, false)).is, 'invalid', 'K1 a token of a key that is gone is refused')
})

t.test(
  'K2 an emergency rotation: the new key signs at once, the others are gone, and it says what breaks',
  async (t) => {
    const { ring, verify, another } = await aRing(t, { algorithms: ['ES256'] })
    const [old, spared] = [ring.signer('RS256'), ring.signer('ES256')]
    const { kid: scheduled } = await ring.rotate('RS256', { emergency: false })
    const other = await another()
    const token = await old.sign('at+jwt', claims)

    const { kid, breaks } = await ring.rotate('RS256', { emergency: true })
    t.same([...breaks].sort(), [old.kid, scheduled].sort())
    t.equal(ring.signer('RS256').kid, kid)
    t.match(await verify(token), { is: 'invalid' })
    t.same(
      ring.published().map((jwk) => jwk.kid),
      [kid, spared.kid],
      'another algorithm is not touched',
    )

    await other.refresh()
    t.equal(other.signer('RS256').kid, kid, 'another server follows when it is told')
    t.equal(other.signerOf(old.kid), undefined)
  },
)

t.test('K1 the JWKS: unique kids, no private members, and an ETag of its content', async (t) => {
  const { ring, another } = await aRing(t, { algorithms: signingAlgorithms })
  const { ring: feed } = await aRing(t, { purpose: 'revocations' })
  const keySet = createKeySet(ring, feed)
  const { keys } = JSON.parse(keySet().body.toString())
  t.equal(new Set(keys.map(({ kid }: { kid: string }) => kid)).size, 5)
  t.equal(keys[0].alg, 'RS256', 'the default comes first')
  for (const key of keys) {
    t.match(key, { use: 'sig', alg: String, kid: /^[\w-]{43}$/ })
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) t.notOk(member in key, member)
  }
  t.same(
    keys.map(({ purpose }: { purpose?: string }) => purpose),
    [undefined, undefined, undefined, undefined, 'revocations'],
    'the key of the feed says so, and comes last',
  )
  t.equal(keySet().body, keySet().body, 'a buffer, made once')
  t.equal(createKeySet(await another(), feed)().etag, keySet().etag)
})

t.test('T12 the key of the feed signs no token, and a token key no feed', async (t) => {
  const tokens = await aRing(t)
  const feed = await aRing(t, { purpose: 'revocations' })
  const expected = { now: start, requireUnexpired: true }
  const token = await feed.ring.signer('RS256').sign('at+jwt', claims)
  t.match(await tokens.ring.verify(token, { typ: 'at+jwt', ...expected }), { is: 'invalid', reason: 'no key of ours' })
  const list = await tokens.ring.signer('RS256').sign('revocations+jwt', claims)
  t.match(await feed.ring.verify(list, { typ: 'revocations+jwt', ...expected }), { is: 'invalid' })
  const own = await feed.ring.signer('RS256').sign('revocations+jwt', claims)
  t.match(await feed.ring.verify(own, { typ: 'revocations+jwt', ...expected }), { is: 'valid' })
})

t.test('K3 two servers that start at once on an empty table end with one set', async (t) => {
  const path = await aDirectory(t)
  const store = aSigningKeyStore()
  const deps = {
    directory: createKeyDirectory({ path, random }),
    store,
    clock: aClock(),
    issuer,
    algorithms: ['EdDSA'] as const,
  }
  const [one, two] = await Promise.all([createKeyRing(deps), createKeyRing(deps)])
  t.same(one.published(), two.published())
  t.equal(one.published().length, 2)
  t.equal((await store.list()).length, 2)
  t.equal((await readdir(path)).length, 2, 'no file is left of the loser')
  t.same([...one.missing(), ...two.missing()], [])
})

t.test('K3 two servers that rotate at once make one successor', async (t) => {
  const { ring, path, another } = await aRing(t)
  const other = await another()
  const made = await Promise.all([ring, other].map((one) => one.rotate('RS256', { emergency: false })))
  t.equal(made.filter(({ kid }) => kid !== undefined).length, 1)
  t.same(ring.published(), other.published())
  t.equal((await readdir(path)).length, 2)
})

t.test('a key that has served its time gets its successor when the ring is tended', async (t) => {
  const { ring, clock } = await aRing(t)
  clock.advance(90 * day - 1)
  await ring.tend()
  t.equal(ring.published().length, 1)
  clock.advance(1)
  await ring.tend()
  await ring.tend()
  t.equal(ring.published().length, 2)
})

t.test('an algorithm without a key throws, until it is ensured', async (t) => {
  const { ring } = await aRing(t)
  t.throws(() => ring.signer('ES256'), { message: 'no key signs with ES256' })
  await ring.ensure(['ES256', 'RS256'])
  t.equal(ring.signer('ES256').alg, 'ES256')
  t.equal(ring.published().length, 2)
})

t.test('a server that lacks a private key names it, and still verifies', async (t) => {
  const { ring, path, deps, verify } = await aRing(t)
  const { kid } = ring.signer('RS256')
  const token = await ring.signer('RS256').sign('at+jwt', claims)
  const elsewhere = await createKeyRing({ ...deps, directory: createKeyDirectory({ path: `${path}-2`, random }) })
  t.same(elsewhere.missing(), [kid])
  t.throws(() => elsewhere.signer('RS256'), { message: `the private key ${kid} is missing` })
  t.match(await elsewhere.verify(token, { typ: 'at+jwt', now: start, requireUnexpired: true }), { is: 'valid', kid })

  await rm(join(path, `${kid}.pem`))
  await ring.refresh()
  t.same(ring.missing(), [], 'a loaded key needs no file')
  t.equal((await verify(token)).is, 'valid')
})

t.test('a token is ours only with our key, kind, issuer, audience and time (RFC 8725)', async (t) => {
  const { ring, clock, verify } = await aRing(t, { algorithms: signingAlgorithms })
  const signer = ring.signer('RS256')
  const sign = (changed: object, typ = 'at+jwt') => signer.sign(typ, { ...claims, ...changed })

  for (const alg of signingAlgorithms) {
    const token = await ring.signer(alg).sign('at+jwt', claims)
    t.match(await verify(token), { is: 'valid', claims, kid: ring.signer(alg).kid }, alg)
  }

  const refused: Record<string, string> = {
    'another kind (T12)': await sign({}, 'JWT'),
    'another issuer': await sign({ iss: 'https://as.example/' }),
    'another audience': await sign({ aud: 'https://other.example' }),
    'no exp': await sign({ exp: undefined }),
    expired: await sign({ exp: iat }),
    'a changed claim': (await sign({})).replace(
      /\.[^.]+\./,
      `.${Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url')}.`,
    ),
    'no signature': `${(await sign({})).split('.').slice(0, 2).join('.')}.`,
    'not a JWS': 'junk',
  }
  for (const [what, token] of Object.entries(refused))
    t.match(await verify(token), { is: 'invalid', reason: String }, what)

  const expired = await sign({ exp: iat })
  t.match(await verify(expired, false), { is: 'valid' }, 'an expired one is still ours, where that is asked')
  t.match(await verify(await sign({ exp: iat, aud: 'https://other.example' }), false), { is: 'invalid' })
  clock.advance(600)
  t.match(await verify(await sign({})), { is: 'invalid' }, 'at its expiry it is expired')
})

t.test('T5 the header chooses neither key nor algorithm', async (t) => {
  const { ring, path, verify } = await aRing(t)
  const { kid } = ring.signer('RS256')
  const own256 = await createKeyDirectory({ path, random }).signingKey(kid)
  if (!own256) throw new Error('no key')
  const jwk = ring.published()[0] ?? {}
  const foreign = await generateKey('RS256')
  const forge = (header: object, key: Parameters<SignJWT['sign']>[0] = foreign, alg = 'RS256') =>
    new SignJWT(claims).setProtectedHeader({ alg, typ: 'at+jwt', ...header }).sign(key)
  const unsigned = (header: object): string =>
    [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')

  const own = await ring.signer('RS256').sign('at+jwt', claims)
  t.same(decodeProtectedHeader(own), { alg: 'RS256', typ: 'at+jwt', kid })
  t.match(await verify(own), { is: 'valid', claims: decodeJwt(own) })

  const none = unsigned({ alg: 'none', typ: 'at+jwt', kid })
  const hs256 = unsigned({ alg: 'HS256', typ: 'at+jwt', kid })
  const confused = createHmac('sha256', JSON.stringify(jwk)).update(hs256).digest('base64url')
  const refused: Record<string, string> = {
    'alg none': `${none}.`,
    'HS256 with the public key as secret': `${hs256}.${confused}`,
    'a foreign key under our kid': await forge({ kid }),
    'a foreign key that the header brings along': await forge({ jwk: { kty: 'RSA', e: 'AQAB', n: jwk.n ?? '' } }),
    'a jku': await forge({ kid: 'x', jku: 'https://evil.example/jwks' }),
    'no kid': await forge({}),
    'a kid that is a path': await forge({ kid: '../../x' }),
    'another algorithm with our kid': await forge({ kid }, await generateKey('ES256'), 'ES256'),
    'PS256 with our own key, which is for RS256': await forge({ kid }, own256, 'PS256'),
  }
  for (const [what, token] of Object.entries(refused)) t.match(await verify(token), { is: 'invalid' }, what)
})

t.test('RFC 7515 §4.1.11: an unknown critical header is refused, though we signed it', async (t) => {
  const { ring, path, verify } = await aRing(t)
  const { kid } = ring.signer('RS256')
  const key = await createKeyDirectory({ path, random }).signingKey(kid)
  if (!key) throw new Error('no key')
  const header = { alg: 'RS256', typ: 'at+jwt', kid }
  const sign = (more: object, options = {}) =>
    new SignJWT(claims).setProtectedHeader({ ...header, ...more }).sign(key, options)

  t.match(await verify(await sign({})), { is: 'valid' }, 'without it, the same is accepted')
  t.match(await verify(await sign({ crit: ['x'], x: 1 }, { crit: { x: true } })), { is: 'invalid' })

  // RFC 7797 §6: T5, an unencoded payload is no JWT.
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const unencoded = await new FlattenedSign(Buffer.from(payload))
    .setProtectedHeader({ ...header, b64: false, crit: ['b64'] })
    .sign(key)
  t.match(await verify([unencoded.protected, payload, unencoded.signature].join('.')), { is: 'invalid' })
})
