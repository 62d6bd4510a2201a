import type { AuthenticationMethod, ClientMetadata, SigningAlgorithm } from '../client.ts'

export const registrationModes = ['off', 'token', 'open'] as const
export type RegistrationMode = (typeof registrationModes)[number]

/** OIDC Core §5.4, §11: what any app may ask people for. */
export const usualScope = ['openid', 'offline_access', 'profile', 'email', 'address', 'phone'] as const

/** What an operator allows those who register themselves. */
export type RegistrationPolicy = {
  /** `token`: by an initial access token alone. */
  readonly mode: RegistrationMode
  /** What such a client may ask people for. */
  readonly scope: readonly string[]
  /** Of confidential clients: a public one always proves that it asked. */
  readonly pkce: ClientMetadata['pkce']
  /** This server has a key for each. */
  readonly algorithms: readonly SigningAlgorithm[]
  readonly authenticationMethods: readonly AuthenticationMethod[]
  /** Whether certificates of clients can arrive here. */
  readonly certificates: boolean
}

/**
 * Who may set a field: `anybody` who registers a client, or the `operator` alone. A client says of itself what RFC 7591 and
 * its kin have a name for; it never says how far this server trusts it, or how long.
 */
export const registrableBy = {
  client_name: 'anybody',
  client_uri: 'anybody',
  logo_uri: 'anybody',
  policy_uri: 'anybody',
  tos_uri: 'anybody',
  contacts: 'anybody',
  software_id: 'anybody',
  software_version: 'anybody',
  application_type: 'anybody',
  /** It only ever makes things stricter. */
  profile: 'anybody',
  token_endpoint_auth_method: 'anybody',
  token_endpoint_auth_signing_alg: 'anybody',
  assertion_audience: 'operator',
  jwks: 'anybody',
  jwks_uri: 'anybody',
  tls_client_auth_subject_dn: 'anybody',
  tls_client_auth_san_dns: 'anybody',
  tls_client_auth_san_uri: 'anybody',
  tls_client_auth_san_ip: 'anybody',
  tls_client_auth_san_email: 'anybody',
  tls_client_certificate_bound_access_tokens: 'anybody',
  dpop_bound_access_tokens: 'anybody',
  redirect_uris: 'anybody',
  post_logout_redirect_uris: 'anybody',
  response_types: 'anybody',
  grant_types: 'anybody',
  /** Within the policy. */
  scope: 'anybody',
  resources: 'operator',
  pkce: 'operator',
  require_pushed_authorization_requests: 'anybody',
  require_signed_request_object: 'anybody',
  request_object_signing_alg: 'anybody',
  request_uris: 'anybody',
  default_max_age: 'anybody',
  require_auth_time: 'anybody',
  default_acr_values: 'anybody',
  initiate_login_uri: 'anybody',
  first_party: 'operator',
  introspect: 'operator',
  /** Only answers to the client itself carry it. */
  allowed_origins: 'anybody',
  id_token_signed_response_alg: 'anybody',
  access_token_signed_response_alg: 'operator',
  userinfo_signed_response_alg: 'anybody',
  authorization_signed_response_alg: 'anybody',
  introspection_signed_response_alg: 'anybody',
  id_token_scope_claims: 'operator',
  subject_type: 'anybody',
  sector_identifier_uri: 'anybody',
  backchannel_logout_uri: 'anybody',
  backchannel_logout_session_required: 'anybody',
  frontchannel_logout_uri: 'anybody',
  frontchannel_logout_session_required: 'anybody',
  access_token_lifetime: 'operator',
  id_token_lifetime: 'operator',
  refresh_token_idle_lifetime: 'operator',
  refresh_token_lifetime: 'operator',
  refresh_token_delivery: 'operator',
  rotation: 'operator',
  retry_window: 'operator',
  retry_elsewhere: 'operator',
  stale: 'operator',
  early_refresh: 'operator',
  pair_binding: 'operator',
} as const satisfies Record<keyof ClientMetadata, 'anybody' | 'operator'>

const namesBy = (who: 'anybody' | 'operator'): readonly string[] =>
  Object.entries(registrableBy)
    .filter(([, by]) => by === who)
    .map(([name]) => name)
export const registrable = namesBy('anybody')
export const reservedForOperator = namesBy('operator')
