import { createRemoteJWKSet, jwtVerify, UnsecuredJWT } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aDpopKey, aKeyedClient, otherKey, rsaKey, type Signing } from '../support/fapi.ts'
import { aTlsServer } from '../support/tls-server.ts'

/** FAPI 2.0 Message Signing: signed request objects at PAR, signed answers. What it shares with the Security Profile is tested there. */
const suite = 'fapi2-security-profile-final'
const server = await aTlsServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
const { body: discovery } = await server.get('/.well-known/openid-configuration')
const alice = await server.aPerson()
const client = await aKeyedClient(server, { profile: 'fapi2_message_signing', first_party: true })

/** What is pushed: one signed object, and nothing beside it. */
const push = async (
  changes: (now: number) => Record<string, unknown> = () => ({}),
  signing: Signing = {},
  { parameters, verifier } = client.parameters({ response_mode: 'jwt' }),
) => {
  const object = await client.object(parameters, changes(client.now()), signing)
  return { object, parameters, verifier, answer: await client.push({ request: object }) }
}
const refused = { status: 400, body: { error: 'invalid_request_object' } }

const accepted: Readonly<Record<string, (now: number) => Record<string, unknown>>> = {
  [`${suite}-ensure-request-object-with-multiple-aud-succeeds`]: () => ({
    aud: ['https://other.example', server.issuer, 'invalid'],
  }),
  [`${suite}-ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted`]: (now) => ({ nbf: now + 8 }),
}
for (const [module, changes] of Object.entries(accepted))
  t.test(`${module}: the whole way, and the answer is signed (JARM)`, async (t) => {
    const { answer, parameters, verifier } = await push(changes)
    t.match(answer, { status: 201, body: { request_uri: String, expires_in: Number } })
    const visitor = server.visitor()
    await visitor.visit(client.pushedUrl(answer))
    const { username, password } = alice
    const { leaves } = await visitor.submit('login-form', { username, password }, 'login-submit')
    t.same([...(leaves?.searchParams.keys() ?? [])], ['response'], 'nothing unsigned')
    const { payload, protectedHeader } = await jwtVerify(
      leaves?.searchParams.get('response') ?? '',
      createRemoteJWKSet(new URL(String(discovery.jwks_uri))),
      { issuer: server.issuer, audience: client.client_id, currentDate: server.clock.now() },
    )
    t.match(protectedHeader.alg, /^(?:PS256|ES256|EdDSA)$/)
    t.equal(payload.state, parameters.state)
    const proof = await (await aDpopKey(server)).proof('/oauth2/token')
    const { status, body } = await client.redeem(String(payload.code), verifier, proof)
    t.match({ status, body }, { status: 200, body: { token_type: 'DPoP', id_token: String } })
  })

const wrong: Readonly<Record<string, (now: number) => Record<string, unknown>>> = {
  [`${suite}-ensure-request-object-without-exp-fails`]: () => ({ exp: undefined }),
  [`${suite}-ensure-request-object-without-nbf-fails`]: () => ({ nbf: undefined }),
  [`${suite}-ensure-expired-request-object-fails`]: (now) => ({ nbf: now - 600, iat: now - 600, exp: now - 300 }),
  [`${suite}-ensure-request-object-with-bad-aud-fails`]: () => ({ aud: 'https://other.example' }),
  [`${suite}-ensure-request-object-with-exp-over-60-fails`]: (now) => ({ exp: now + 70 * 60 }),
  [`${suite}-ensure-request-object-with-nbf-over-60-fails`]: (now) => ({ nbf: now - 70 * 60 }),
  [`${suite}-par-authorization-request-containing-request_uri`]: () => ({
    request_uri: 'urn:ietf:params:oauth:request_uri:of-somebody',
  }),
}
for (const [module, changes] of Object.entries(wrong))
  t.test(`${module}: invalid_request_object at PAR`, async (t) => {
    t.match((await push(changes)).answer, refused)
  })

const badlySigned: Readonly<Record<string, Signing>> = {
  [`${suite}-ensure-signed-request-object-with-RS256-fails`]: {
    header: { alg: 'RS256', kid: 'rsa' },
    key: rsaKey.privateKey,
  },
  [`${suite}-ensure-matching-key-in-authorization-request`]: { key: otherKey.privateKey },
}
for (const [module, signing] of Object.entries(badlySigned))
  t.test(`${module}: invalid_request_object at PAR`, async (t) => {
    t.match((await push(undefined, signing)).answer, refused)
  })

t.test(`${suite}-ensure-request-object-signature-algorithm-is-not-none: refused`, async (t) => {
  const { parameters } = client.parameters({ response_mode: 'jwt' })
  const now = client.now()
  const claims = { ...parameters, iss: client.client_id, aud: server.issuer, nbf: now, exp: now + 300 }
  t.match(await client.push({ request: new UnsecuredJWT(claims).encode() }), refused)
})

t.test(`${suite}-ensure-request-object-with-invalid-signature-fails: refused`, async (t) => {
  const [one, two] = [await push(), await push()]
  const [head, payload] = one.object.split('.')
  const [, , signature] = two.object.split('.')
  t.match(await client.push({ request: `${head}.${payload}.${signature}` }), refused)
})

t.test(`${suite}-ensure-unsigned-request-at-par-endpoint-fails: parameters without an object`, async (t) => {
  const { parameters } = client.parameters({ response_mode: 'jwt' })
  t.match(await client.push(parameters), { status: 400, body: { error: 'invalid_request' } })
})
