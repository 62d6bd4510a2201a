import { responseModes } from './authorization/request.ts'
import type { ClaimsOfScope } from './claims.ts'
import { clientAlgorithms, type SigningAlgorithm } from './client.ts'
import { methods } from './client-authentication/index.ts'
import { grantTypes } from './grants/index.ts'
import { challengeMethods } from './pkce.ts'
import type { RegistrationMode } from './registration/policy.ts'
import { proofAlgorithms } from './sender-constraint/dpop.ts'
import { type MutualTls, mutualTlsMetadata, works } from './sender-constraint/mutual-tls.ts'

/** Where each endpoint is, below the issuer. The edge mounts what is listed here. */
export const paths = {
  authorize: '/oauth2/authorize',
  token: '/oauth2/token',
  par: '/oauth2/par',
  deviceAuthorization: '/oauth2/device_authorization',
  introspect: '/oauth2/introspect',
  revoke: '/oauth2/revoke',
  revocations: '/oauth2/revocations',
  revocationsStream: '/oauth2/revocations/stream',
  register: '/oauth2/register',
  userinfo: '/oauth2/userinfo',
  logout: '/oauth2/logout',
  sessionCheck: '/oauth2/session/check',
  jwks: '/.well-known/jwks.json',
} as const

export const authenticationMethods = (mutualTls: MutualTls | undefined) =>
  methods.filter(works(mutualTls)).map(({ name }) => name)
const confidentialMethods = (mutualTls: MutualTls | undefined) =>
  authenticationMethods(mutualTls).filter((method) => method !== 'none')

/** RFC 8414 §2, computed from the registries: what is listed there is what is served. */
export const authorizationServerMetadata = (
  issuer: string,
  claimsOfScope: ClaimsOfScope,
  mutualTls: MutualTls | undefined,
) => ({
  issuer,
  authorization_endpoint: issuer + paths.authorize,
  token_endpoint: issuer + paths.token,
  // RFC 9126 §5.
  pushed_authorization_request_endpoint: issuer + paths.par,
  require_pushed_authorization_requests: false,
  // RFC 8628 §4.
  device_authorization_endpoint: issuer + paths.deviceAuthorization,
  jwks_uri: issuer + paths.jwks,
  introspection_endpoint: issuer + paths.introspect,
  revocation_endpoint: issuer + paths.revoke,
  scopes_supported: ['openid', 'offline_access', ...claimsOfScope.keys()],
  response_types_supported: ['code'],
  response_modes_supported: responseModes,
  // RFC 9101 §10.5, OpenID Connect Discovery §3.
  request_parameter_supported: true,
  request_uri_parameter_supported: true,
  require_request_uri_registration: true,
  require_signed_request_object: false,
  request_object_signing_alg_values_supported: clientAlgorithms,
  grant_types_supported: grantTypes.map(({ name }) => name),
  token_endpoint_auth_methods_supported: authenticationMethods(mutualTls),
  token_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
  introspection_endpoint_auth_methods_supported: confidentialMethods(mutualTls),
  introspection_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
  revocation_endpoint_auth_methods_supported: authenticationMethods(mutualTls),
  revocation_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
  code_challenge_methods_supported: challengeMethods,
  // RFC 9449 §5.1.
  dpop_signing_alg_values_supported: proofAlgorithms,
  // docs/revocation-feed.md: ours, for verifiers that never call home.
  revocation_feed_endpoint: issuer + paths.revocations,
  revocation_stream_endpoint: issuer + paths.revocationsStream,
  // RFC 9207 §3.
  authorization_response_iss_parameter_supported: true,
  ui_locales_supported: ['en', 'ko'],
})

/**
 * The document that both well-known addresses serve.
 * @param mutualTls undefined where no certificate can arrive
 * @param acrValues how people can prove here who they are
 */
export const openidConfiguration = (
  issuer: string,
  claimsOfScope: ClaimsOfScope,
  algorithms: readonly SigningAlgorithm[],
  mutualTls?: MutualTls,
  registration: RegistrationMode = 'off',
  acrValues: readonly string[] = [],
) => {
  const document = openidMetadata(issuer, claimsOfScope, algorithms, mutualTls)
  return {
    ...document,
    acr_values_supported: acrValues,
    // RFC 7591 §3.
    ...(registration !== 'off' && { registration_endpoint: issuer + paths.register }),
    ...mutualTlsMetadata(document, issuer, mutualTls),
  }
}

/** OpenID Connect Discovery 1.0 §3, with RP-Initiated Logout 1.0 §2.1. */
const openidMetadata = (
  issuer: string,
  claimsOfScope: ClaimsOfScope,
  algorithms: readonly SigningAlgorithm[],
  mutualTls: MutualTls | undefined,
) => ({
  ...authorizationServerMetadata(issuer, claimsOfScope, mutualTls),
  userinfo_endpoint: issuer + paths.userinfo,
  end_session_endpoint: issuer + paths.logout,
  // Back-Channel Logout §2.1.
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  // Front-Channel Logout §3.
  frontchannel_logout_supported: true,
  frontchannel_logout_session_supported: true,
  // Session Management §3.3.
  check_session_iframe: issuer + paths.sessionCheck,
  subject_types_supported: ['public', 'pairwise'],
  id_token_signing_alg_values_supported: algorithms,
  userinfo_signing_alg_values_supported: algorithms,
  // RFC 9701 §7.
  introspection_signing_alg_values_supported: algorithms,
  // JARM §4.
  authorization_signing_alg_values_supported: algorithms,
  claim_types_supported: ['normal'],
  claims_supported: [...protocolClaims, ...new Set([...claimsOfScope.values()].flat())],
  claims_parameter_supported: true,
  prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
})

const protocolClaims = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid'] as const
