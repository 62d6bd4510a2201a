import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { type ClientMetadata, signingAlgorithms } from '../../src/oauth/client.ts'
import { type RegistrationPolicy, usualScope } from '../../src/oauth/registration/policy.ts'
import { metadataSaid } from '../../src/oauth/registration/request.ts'
import { aClient } from '../support/clients.ts'

const policyOf = (pkce: RegistrationPolicy['pkce']): RegistrationPolicy => ({
  mode: 'open',
  scope: usualScope,
  pkce,
  algorithms: signingAlgorithms,
  authenticationMethods: ['none', 'client_secret_basic', 'private_key_jwt'],
  certificates: false,
})
const clientId = 'dyn_000000000000000000000000'
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const said = {
  redirect_uris: ['https://app.example/cb'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [publicKey.export({ format: 'jwk' })] },
}
const register = (sent: object, pkce: RegistrationPolicy['pkce'] = 'optional') =>
  metadataSaid(sent, { policy: policyOf(pkce), clientId, current: undefined })
const replace = (before: ClientMetadata, sent: object, pkce: RegistrationPolicy['pkce'] = 'optional') =>
  metadataSaid(sent, { policy: policyOf(pkce), clientId, current: aClient(before) })

t.test('RFC 7592 §2.2: PKCE becomes as strict as what a client makes of itself (RFC 9700 §2.1.1)', async (t) => {
  const before = register(said)
  t.equal(before.pkce, 'optional')
  t.equal(replace(before, said).pkce, 'optional')
  t.equal(replace(before, said, 'required').pkce, 'optional', 'the policy is for those who come')
  for (const now of ['optional', 'required'] as const) {
    t.match(replace(before, { ...said, profile: 'fapi2' }, now), { profile: 'fapi2', pkce: 'required' })
    t.equal(replace(before, { ...said, token_endpoint_auth_method: 'none' }, now).pkce, 'required')
  }
  t.equal(replace(register(said, 'required'), said).pkce, 'required', 'what stands is not loosened')
})

t.test(
  'OIDC Core §9: its assertions may name the endpoint; of FAPI 2.0 §5.3.2.1, or an operator, the issuer alone',
  async (t) => {
    const before = register(said)
    t.equal(before.assertion_audience, 'issuer_or_endpoint')
    t.equal(register({ ...said, profile: 'fapi2' }).assertion_audience, 'issuer')
    const { assertion_audience } = before
    t.equal(replace(before, { ...said, assertion_audience, profile: 'fapi2' }).assertion_audience, 'issuer')
    t.equal(replace({ ...before, assertion_audience: 'issuer' }, said).assertion_audience, 'issuer')
    const strict = { ...said, assertion_audience: 'issuer' }
    t.throws(() => register(strict), { message: /assertion_audience is set by whoever runs/ })
  },
)

t.test('RFC 7592 §2.2: who sends back what it was told has changed nothing but what it meant to', async (t) => {
  const before = { ...register(said), first_party: true, access_token_lifetime: 60, rotation: 'reuse' } as const
  t.same(replace(before, before), before)
  const own = { id_token_signed_response_alg: 'ES256', require_pushed_authorization_requests: true }
  const stricter = { ...own, profile: 'fapi2', dpop_bound_access_tokens: true }
  const usual = register(said)
  t.match(replace(usual, { ...usual, ...stricter }), {
    ...stricter,
    pkce: 'required',
    rotation: 'reuse',
    access_token_signed_response_alg: 'ES256',
  })
  const kept = { ...usual, client_name: 'Memos' }
  t.same(replace(before, kept), { ...before, client_name: 'Memos' }, 'nor who kept what it was told at first')
  for (const change of [{ introspect: 'all' }, { access_token_lifetime: 61 }, { resources: ['https://api.example'] }])
    t.throws(
      () => replace(before, { ...before, ...change }),
      { message: /is set by whoever runs/ },
      JSON.stringify(change),
    )
})

t.test('D6 what an app says of itself is 16 KiB at most', async (t) => {
  const key = publicKey.export({ format: 'jwk' })
  const sized = (length: number) => ({ ...said, jwks: { keys: [{ ...key, x5c: ['A'.repeat(length)] }] } })
  t.doesNotThrow(() => register(sized(15_000)))
  t.throws(() => register(sized(16_500)), {
    code: 'invalid_client_metadata',
    message: /metadata is larger than 16 KiB/,
  })
})
