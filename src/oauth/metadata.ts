import { responseModes } from './authorization/request.ts'
import { standardClaims } from './claims.ts'
import type { SigningAlgorithm } from './client.ts'
import { methods } from './client-authentication/index.ts'
import { assertionAlgorithms } from './client-authentication/private-key-jwt.ts'
import { grantTypes } from './grants/index.ts'
import { challengeMethods } from './pkce.ts'

/** Where each endpoint is, below the issuer. The edge mounts what is listed here. */
export const paths = {
  authorize: '/oauth2/authorize',
  token: '/oauth2/token',
  introspect: '/oauth2/introspect',
  revoke: '/oauth2/revoke',
  revocations: '/oauth2/revocations',
  revocationsStream: '/oauth2/revocations/stream',
  userinfo: '/oauth2/userinfo',
  logout: '/oauth2/logout',
  sessionCheck: '/oauth2/session/check',
  jwks: '/.well-known/jwks.json',
} as const

const authenticationMethods = methods.map(({ name }) => name)
const confidentialMethods = authenticationMethods.filter((method) => method !== 'none')

/** RFC 8414 §2, computed from the registries: what is listed there is what is served. */
export const authorizationServerMetadata = (issuer: string, scopes: readonly string[]) => ({
  issuer,
  authorization_endpoint: issuer + paths.authorize,
  token_endpoint: issuer + paths.token,
  jwks_uri: issuer + paths.jwks,
  introspection_endpoint: issuer + paths.introspect,
  revocation_endpoint: issuer + paths.revoke,
  scopes_supported: scopes,
  response_types_supported: ['code'],
  response_modes_supported: responseModes,
  grant_types_supported: grantTypes.map(({ name }) => name),
  token_endpoint_auth_methods_supported: authenticationMethods,
  token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  introspection_endpoint_auth_methods_supported: confidentialMethods,
  introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  revocation_endpoint_auth_methods_supported: authenticationMethods,
  revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  code_challenge_methods_supported: challengeMethods,
  // docs/revocation-feed.md: ours, for verifiers that never call home.
  revocation_feed_endpoint: issuer + paths.revocations,
  revocation_stream_endpoint: issuer + paths.revocationsStream,
  // RFC 9207 §3.
  authorization_response_iss_parameter_supported: true,
  ui_locales_supported: ['en', 'ko'],
})

/** OpenID Connect Discovery 1.0 §3, with RP-Initiated Logout 1.0 §2.1. */
export const openidConfiguration = (
  issuer: string,
  scopes: readonly string[],
  algorithms: readonly SigningAlgorithm[],
) => ({
  ...authorizationServerMetadata(issuer, scopes),
  userinfo_endpoint: issuer + paths.userinfo,
  end_session_endpoint: issuer + paths.logout,
  // Back-Channel Logout §2.1.
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  // Session Management §3.3.
  check_session_iframe: issuer + paths.sessionCheck,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: algorithms,
  claim_types_supported: ['normal'],
  claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', ...standardClaims],
  claims_parameter_supported: true,
  prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
})

export const openidScopes = ['openid', 'offline_access', 'profile', 'email', 'address', 'phone'] as const
