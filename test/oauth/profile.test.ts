import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { algorithmsOf, wantsSignedResponse } from '../../src/oauth/profile.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = { keys: [publicKey.export({ format: 'jwk' })] }
const least = {
  client_name: 'A bank',
  redirect_uris: ['https://bank.example/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid offline_access',
  profile: 'fapi2',
  jwks,
}
const message = { ...least, profile: 'fapi2_message_signing' }

t.test('what is not said is set as FAPI 2.0 Security Profile §5.3.2 asks', async (t) => {
  t.match(checkMetadata(least), {
    token_endpoint_auth_method: 'private_key_jwt',
    assertion_audience: 'issuer',
    require_pushed_authorization_requests: true,
    pkce: 'required',
    dpop_bound_access_tokens: true,
    tls_client_certificate_bound_access_tokens: false,
    rotation: 'reuse',
    id_token_signed_response_alg: 'ES256',
    access_token_signed_response_alg: 'ES256',
    require_signed_request_object: false,
  })
  t.match(checkMetadata(message), {
    require_signed_request_object: true,
    authorization_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
  })
  const tls = checkMetadata({
    ...least,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: undefined,
    jwks_uri: 'https://bank.example/jwks',
    id_token_signed_response_alg: 'ES256',
  })
  t.match(tls, { dpop_bound_access_tokens: false, id_token_signed_response_alg: 'ES256', profile: 'fapi2' })
  const { profile, ...none } = least
  t.match(checkMetadata(none), { rotation: 'rotate', require_pushed_authorization_requests: false }, 'nothing without')
})

t.test('what contradicts the profile is refused, each by the name of its field', async (t) => {
  const cases: readonly (readonly [field: string, metadata: Record<string, unknown>])[] = [
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'client_secret_post' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'none', rotation: 'rotate' }],
    ['assertion_audience', { assertion_audience: 'issuer_or_endpoint' }],
    ['require_pushed_authorization_requests', { require_pushed_authorization_requests: false }],
    ['pkce', { pkce: 'optional' }],
    ['dpop_bound_access_tokens', { dpop_bound_access_tokens: false }],
    ['rotation', { rotation: 'rotate' }],
    ['redirect_uris', { redirect_uris: ['com.bank.app:/cb'] }],
    ['request_uris', { request_uris: ['https://bank.example/request'] }],
    ['id_token_signed_response_alg', { id_token_signed_response_alg: 'RS256' }],
    ['access_token_signed_response_alg', { access_token_signed_response_alg: 'RS256' }],
    ['token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'RS256' }],
    ['request_object_signing_alg', { request_object_signing_alg: 'RS256' }],
    ['userinfo_signed_response_alg', { userinfo_signed_response_alg: 'RS256' }],
    ['authorization_signed_response_alg', { authorization_signed_response_alg: 'RS256' }],
    ['introspection_signed_response_alg', { introspection_signed_response_alg: 'RS256' }],
  ]
  for (const [field, metadata] of cases) {
    const because = new RegExp(`${field} .*under the profile fapi2`)
    for (const base of [least, message])
      t.throws(() => checkMetadata({ ...base, ...metadata }), { message: because }, `${base.profile}: ${field}`)
  }
  t.throws(() => checkMetadata({ ...message, require_signed_request_object: false }), {
    message: /require_signed_request_object must be true under the profile fapi2_message_signing/,
  })
  t.ok(checkMetadata({ ...least, require_signed_request_object: true }), 'stricter is no contradiction')
})

t.test(
  'FAPI 2.0 §5.4.1: keys of which none may sign for the profile are refused, where the client has to sign',
  async (t) => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
    const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
    const ec = publicKey.export({ format: 'jwk' })
    const onlyRs256 = { jwks: { keys: [{ ...rsa, alg: 'RS256' }] } }
    for (const base of [least, message]) {
      const refused = {
        message: new RegExp(`jwks has no key for PS256, ES256, EdDSA under the profile ${base.profile}$`),
      }
      t.throws(() => checkMetadata({ ...base, ...onlyRs256 }), refused, base.profile)
      const misnamed = { ...ec, alg: 'PS256' }
      t.throws(
        () => checkMetadata({ ...base, jwks: { keys: [...onlyRs256.jwks.keys, misnamed] } }),
        refused,
        'of its kind',
      )
      for (const key of [ec, rsa, ed, { ...rsa, alg: 'PS256' }, { ...ed, alg: 'EdDSA' }, { ...ed, alg: 'Ed25519' }])
        t.ok(checkMetadata({ ...base, jwks: { keys: [...onlyRs256.jwks.keys, key] } }), `beside ${key.kty} ${key.alg}`)
    }
    const byCertificate = { token_endpoint_auth_method: 'self_signed_tls_client_auth', ...onlyRs256 }
    t.ok(checkMetadata({ ...least, ...byCertificate }), 'whose keys are those of its certificates')
    t.throws(() => checkMetadata({ ...message, ...byCertificate }), /jwks has no key/, 'but it signs its requests')
    t.ok(checkMetadata({ ...least, profile: 'none', ...onlyRs256 }), 'without a profile')
    t.throws(
      () => checkMetadata({ ...least, jwks: undefined }),
      { message: /^(?!.*has no key)/ },
      'without keys there is one reason alone',
    )
  },
)

t.test('FAPI 2.0 §5.4.1: what such a client may sign with', async (t) => {
  t.same(algorithmsOf({ profile: 'none' }, undefined), ['RS256', 'PS256', 'ES256', 'EdDSA'])
  t.same(algorithmsOf({ profile: 'fapi2' }, undefined), ['PS256', 'ES256', 'EdDSA'])
  t.same(algorithmsOf({ profile: 'fapi2' }, 'ES256'), ['ES256'])
  t.same(algorithmsOf({ profile: 'fapi2' }, 'RS256'), [], 'a row of the database is not trusted to have kept the rules')
  t.same(algorithmsOf({ profile: 'none' }, 'RS256'), ['RS256'])
  t.same(
    (['none', 'fapi2', 'fapi2_message_signing'] as const).map((profile) => wantsSignedResponse({ profile })),
    [false, false, true],
  )
})

t.test('RFC 9864 §2.2: who registers Ed25519 signs with EdDSA, under either name', async (t) => {
  const named = { token_endpoint_auth_signing_alg: 'Ed25519', request_object_signing_alg: 'Ed25519' }
  const { profile, ...ordinary } = least
  for (const metadata of [ordinary, least, message]) {
    const checked = checkMetadata({ ...metadata, ...named })
    t.match(checked, named, 'and hears the name that it chose')
    t.same(algorithmsOf(checked, checked.token_endpoint_auth_signing_alg), ['EdDSA'])
    t.same(algorithmsOf(checked, checked.request_object_signing_alg), ['EdDSA'])
  }
  for (const field of ['id_token_signed_response_alg', 'userinfo_signed_response_alg'])
    t.throws(() => checkMetadata({ ...ordinary, [field]: 'Ed25519' }), { code: 'invalid_client_metadata' }, field)
})
