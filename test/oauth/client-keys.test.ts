import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type JWK, SignJWT } from 'jose'
import t from 'tap'
import { numericDate } from '../../src/clock.ts'
import { keyProblem } from '../../src/oauth/client-authentication/public-key.ts'
import { anAuthentication, form, issuer, now } from '../support/client-authentication.ts'
import { aClient } from '../support/clients.ts'

const refused = { code: 'invalid_client', reason: 'wrong signature' }
const aKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [own, stranger] = [aKey(), aKey()]
const jwk = ({ publicKey }: { publicKey: KeyObject }, members: JWK = {}): JWK => ({
  ...publicKey.export({ format: 'jwk' }),
  ...members,
})

const hexOf = (value: bigint): string => {
  const digits = value.toString(16)
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

/** Signed with the client's own key. */
const sent = async (header: { readonly kid?: string } = {}) => {
  const claims = { iss: 'signer', sub: 'signer', aud: issuer, exp: numericDate(now) + 60, jti: 'j1' }
  const client_assertion = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(own.privateKey)
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  return { parameters: form({ client_assertion_type, client_assertion }) }
}

t.test('T6 an RSA exponent is odd, no less than 3 and of 32 bits: each bit is work for us', async (t) => {
  const rsa = jwk(generateKeyPairSync('rsa', { modulusLength: 3072 }))
  const withExponent = (e: bigint) => keyProblem({ ...rsa, e: Buffer.from(hexOf(e), 'hex').toString('base64url') })
  for (const e of [3n, 17n, 65537n, 2n ** 32n - 1n]) t.equal(withExponent(e), undefined, String(e))
  for (const e of [1n, 65536n]) t.equal(withExponent(e), 'has a weak RSA exponent', String(e))
  for (const e of [2n ** 32n + 1n, 2n ** 63n + 1n, 2n ** 3063n + 1n])
    t.equal(withExponent(e), 'has an RSA exponent of more than 32 bits', `${e.toString(2).length} bits`)
})

t.test('D8 without a kid a signature is held against four keys, with one against the one', async (t) => {
  const others = Array.from({ length: 4 }, aKey).map((key) => jwk(key))
  const signer = (keys: readonly JWK[]) =>
    aClient({ client_id: 'signer', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [...keys] } })
  const fourth = signer([...others.slice(0, 3), jwk(own)])
  t.equal(await anAuthentication([fourth]).authenticate(await sent()), fourth)
  const fifth = signer([...others, jwk(own, { kid: 'own' })])
  await t.rejects(anAuthentication([fifth]).authenticate(await sent()), refused)
  t.equal(await anAuthentication([fifth]).authenticate(await sent({ kid: 'own' })), fifth)
})

t.test('T5 a key that was replaced, with no kid or the same one, is looked for at jwks_uri once', async (t) => {
  const uri = 'https://app.example/jwks'
  const client = aClient({ client_id: 'signer', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri })
  for (const kid of [{}, { kid: 'signing' }]) {
    const asked: boolean[] = []
    let published = [jwk(stranger, kid)]
    const { authenticate } = anAuthentication([client], {
      remote: {
        async get(_uri, { refetch }) {
          asked.push(refetch)
          return published
        },
      },
    })
    await t.rejects(authenticate(await sent(kid)), refused)
    t.same(asked, [false, true])
    const before = published
    published = [jwk(own, kid)]
    const rotated = anAuthentication([client], {
      remote: { get: async (_uri, { refetch }) => (refetch ? published : before) },
    })
    t.equal(await rotated.authenticate(await sent(kid)), client, JSON.stringify(kid))
  }
})
