import { createPublicKey } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { generateKey, publicJwk, thumbprint } from '../../src/keys/key-pair.ts'
import { createSigner } from '../../src/keys/signer.ts'
import { signingAlgorithms } from '../../src/oauth/client.ts'

const claims = { iss: 'https://as.example', sub: 'é', exp: 1 }

for (const alg of signingAlgorithms) {
  t.test(`${alg}: another library verifies what the signer signs (RFC 7515 §3.1)`, async (t) => {
    const key = await generateKey(alg)
    const signer = createSigner('a-kid', alg, key)
    const token = await signer.sign('at+jwt', claims)

    const { payload } = await compactVerify(token, createPublicKey(key), { algorithms: [alg] })
    t.same(JSON.parse(Buffer.from(payload).toString()), claims)
    t.same(decodeProtectedHeader(token), { alg, typ: 'at+jwt', kid: 'a-kid' })
    t.same(decodeProtectedHeader(await signer.sign('JWT', claims)).typ, 'JWT', 'each kind has its header')
    await t.rejects(compactVerify(token, createPublicKey(await generateKey(alg))), 'another key refuses it')
  })

  const deterministic = alg === 'RS256' || alg === 'EdDSA'
  t.test(`${alg}: the same claims ${deterministic ? 'give' : 'do not give'} the same bytes`, async (t) => {
    const signer = createSigner('a-kid', alg, await generateKey(alg))
    const once = await signer.sign('JWT', claims)
    t.equal((await signer.sign('JWT', claims)) === once, deterministic)
  })

  t.test(`${alg}: K1 the JWK holds public members only`, async (t) => {
    const key = await generateKey(alg)
    const kid = await thumbprint(key)
    const jwk = publicJwk(key, kid, alg, 'tokens')
    const expected = { RSA: ['e', 'n'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] }[jwk.kty ?? ''] ?? []
    t.same(Object.keys(jwk).sort(), ['alg', ...expected, 'kid', 'kty', 'use'].sort())
    t.equal(kid, await thumbprint(createPublicKey(key)), 'RFC 7638: the thumbprint is of the public part')
  })
}

t.test('what cannot be signed is refused, not thrown past the promise', async (t) => {
  const signer = createSigner('a-kid', 'ES256', await generateKey('ES256'))
  await t.rejects(signer.sign('JWT', { sub: 1n }), TypeError)
})
