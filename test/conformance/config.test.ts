import t from 'tap'
import { aServerToTest } from './basic.ts'

const { server, discovery } = await aServerToTest(t)
const known = (name: string): readonly unknown[] => {
  const value = discovery[name]
  t.ok(Array.isArray(value), `${name} is a list`)
  return Array.isArray(value) ? value : []
}

/** The members that the suite knows, of those that are served: RFC 8414 and its registry, OpenID Connect Discovery §3. */
const registered = `
  issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint scopes_supported response_types_supported
  response_modes_supported grant_types_supported token_endpoint_auth_methods_supported
  token_endpoint_auth_signing_alg_values_supported service_documentation ui_locales_supported op_policy_uri op_tos_uri
  revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported
  introspection_endpoint introspection_endpoint_auth_methods_supported
  introspection_endpoint_auth_signing_alg_values_supported introspection_signing_alg_values_supported
  code_challenge_methods_supported userinfo_endpoint end_session_endpoint check_session_iframe subject_types_supported
  id_token_signing_alg_values_supported userinfo_signing_alg_values_supported request_object_signing_alg_values_supported
  display_values_supported claim_types_supported claims_supported claims_locales_supported claims_parameter_supported
  request_parameter_supported request_uri_parameter_supported require_request_uri_registration acr_values_supported
  frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported
  backchannel_logout_session_supported dpop_signing_alg_values_supported pushed_authorization_request_endpoint
  require_pushed_authorization_requests authorization_signing_alg_values_supported mtls_endpoint_aliases
  tls_client_certificate_bound_access_tokens authorization_response_iss_parameter_supported device_authorization_endpoint
  require_signed_request_object prompt_values_supported`
  .trim()
  .split(/\s+/)
/** Ours: the suite is told of them by `server.allow_unexpected_metadata_fields`. */
const ours = ['revocation_feed_endpoint', 'revocation_stream_endpoint']

t.test('oidcc-discovery-endpoint-verification: the document, its endpoints and its keys', async (t) => {
  const url = `${server.issuer}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'manual' })
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json\b/)
  t.same(await response.json(), discovery)
  t.equal(`${discovery.issuer}/.well-known/openid-configuration`, url, 'the issuer is where it was found')
  const issuer = new URL(server.issuer)
  t.same([issuer.protocol, issuer.search, issuer.hash], ['https:', '', ''], 'RFC 8414 §2')

  const addresses = Object.entries(discovery).filter(
    ([name]) => /_(?:endpoint|uri)$/.test(name) || name === 'check_session_iframe',
  )
  t.ok(addresses.length >= 10)
  for (const [name, address] of addresses) t.match(address, /^https:\/\//, name)
  for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'registration_endpoint'])
    t.type(discovery[name], 'string', name)

  t.same(known('response_types_supported'), ['code'])
  t.ok(known('grant_types_supported').includes('authorization_code'))
  t.notOk(known('grant_types_supported').includes('implicit'))
  t.ok(known('subject_types_supported').every((type) => type === 'public' || type === 'pairwise'))
  t.ok(known('id_token_signing_alg_values_supported').includes('RS256'), 'OpenID Connect Discovery §3')
  t.ok(known('userinfo_signing_alg_values_supported').includes('RS256'))
  t.ok(known('request_object_signing_alg_values_supported').includes('RS256'))
  t.ok(known('claims_supported').includes('sub'))
  t.ok(known('scopes_supported').includes('openid'))
  for (const scope of known('scopes_supported')) t.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/, 'RFC 6749 §3.3')
  t.ok(known('code_challenge_methods_supported').includes('S256'))
  const locales = known('ui_locales_supported').map(String)
  t.same(Intl.getCanonicalLocales(locales), locales, 'BCP 47')
  for (const name of ['claims_parameter_supported', 'request_parameter_supported', 'request_uri_parameter_supported'])
    t.equal(discovery[name], true, name)
  t.same(
    Object.keys(discovery).filter((name) => ![...registered, ...ours].includes(name)),
    [],
    'no member that the suite warns of',
  )
})

t.test('oidcc-discovery-endpoint-verification: the key set', async (t) => {
  const response = await fetch(String(discovery.jwks_uri))
  t.equal(response.status, 200)
  const body: unknown = await response.json()
  const keys: readonly Record<string, unknown>[] =
    typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys) ? body.keys : []
  t.ok(keys.length > 0)
  const kids = keys.map(({ kid }) => kid)
  t.ok(kids.every((kid) => typeof kid === 'string' && kid !== ''))
  t.equal(new Set(kids).size, kids.length, 'each kid once')
  for (const key of keys) {
    t.match(key.kty, /^(?:RSA|EC|OKP)$/, 'none is symmetric')
    t.equal(key.use, 'sig')
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) t.notOk(secret in key, `no ${secret}`)
    if (key.kty === 'RSA') t.ok(Buffer.from(String(key.n), 'base64url').length >= 256, '2048 bits')
  }
  t.ok(keys.some(({ kty, alg }) => kty === 'RSA' && (alg === undefined || alg === 'RS256')))
})
