import t from 'tap'
import { aDpopKey, aKeyedClient } from '../support/fapi.ts'
import { rows } from '../support/rows.ts'
import { claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'

/** FAPI 2.0 Security Profile with private_key_jwt: the modules about the token endpoint, and the metadata. */
const server = await aTlsServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const dpop = await aDpopKey(server)
const bank = await aKeyedClient(server, { profile: 'fapi2', first_party: true })
const other = await aKeyedClient(server, { profile: 'fapi2', first_party: true })
const { parameters: first } = bank.parameters()
await visitor.visit(bank.pushedUrl(await bank.push(first)))
await visitor.submit('login-form', { username: alice.username, password: alice.password })

const aCode = async () => {
  const { parameters, verifier } = bank.parameters()
  const page = await visitor.send(bank.pushedUrl(await bank.push(parameters)))
  return { code: page.leaves?.searchParams.get('code') ?? '', verifier }
}
const proof = () => dpop.proof('/oauth2/token')
const refusedClient = { status: 401, body: { error: 'invalid_client' } }
const refusedGrant = { status: 400, body: { error: 'invalid_grant' } }

t.test('fapi2-security-profile-final-discovery-end-point-verification', async (t) => {
  const { body } = await server.get('/.well-known/openid-configuration')
  t.match(body, {
    issuer: server.issuer,
    pushed_authorization_request_endpoint: `${server.issuer}/oauth2/par`,
    authorization_response_iss_parameter_supported: true,
    require_pushed_authorization_requests: Boolean,
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256', 'PS256'],
  })
  const lists = (name: string) => (Array.isArray(body[name]) ? body[name].map(String) : [])
  t.ok(lists('token_endpoint_auth_methods_supported').includes('private_key_jwt'))
  t.ok(['PS256', 'ES256'].every((alg) => lists('token_endpoint_auth_signing_alg_values_supported').includes(alg)))
  t.ok(lists('grant_types_supported').includes('authorization_code'))
  for (const [name, url] of Object.entries(body)) if (name.endsWith('_endpoint')) t.match(url, /^https:/, name)
})

t.test('fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client', async (t) => {
  const { code, verifier } = await aCode()
  t.match(await other.redeem(code, verifier, await proof()), refusedGrant)
  t.match(await bank.redeem(code, verifier, await proof()), { status: 200 }, 'and its own client still redeems it')
})

t.test('fapi2-security-profile-final-ensure-client-id-in-token-endpoint: the id of another client', async (t) => {
  const { code, verifier } = await aCode()
  const before = await rows(server)
  t.match(await other.redeem(code, verifier, await proof(), await bank.assertion()), refusedClient)
  t.same(await rows(server), before)
})

t.test('fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second', async (t) => {
  const { code, verifier } = await aCode()
  const { body } = await bank.redeem(code, verifier, await proof())
  server.clock.advance({ seconds: 1 })
  t.match(await bank.redeem(code, verifier, await proof()), refusedGrant)
  const familyId = String(claims(body.access_token).jti).split('.')[0] ?? ''
  t.match(await server.stores.families.find(familyId), { revokeReason: 'code_replayed' }, 'what it bought is dead')
})

t.test('FAPI 2.0 §5.3.2.1: the assertion at the token endpoint', async (t) => {
  const { code, verifier } = await aCode()
  const before = await rows(server)
  const cases: readonly (readonly [title: string, changes: Record<string, unknown>])[] = [
    [
      'fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails',
      { exp: bank.now() - 300, iat: bank.now() - 360 },
    ],
    ['fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails', { aud: 'https://elsewhere.example' }],
    ['fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails', { sub: undefined }],
  ]
  for (const [title, changes] of cases)
    t.match(await bank.redeem(code, verifier, await proof(), await bank.assertion(changes)), refusedClient, title)
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, client_id: bank.client_id }
  t.match(
    await server.post('/oauth2/token', form, undefined, { dpop: await proof() }),
    refusedClient,
    'fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint',
  )
  t.same(await rows(server), before)
  t.match(await bank.redeem(code, verifier, await proof()), { status: 200 }, 'none of it cost the code')
})
