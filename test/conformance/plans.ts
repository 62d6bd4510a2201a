/**
 * The OpenID Foundation's certification plans, module by module, by their own names. A test of ours that does what a module
 * does has its name in the title; where a plan runs the modules of another in another way, that way follows in brackets.
 */
export type Plan = {
  readonly name: string
  readonly modules: readonly string[]
  /** By module, why it has no test. */
  readonly left?: Readonly<Record<string, string>>
}
export type Variant = 'form_post' | 'mtls'

const prefixed = (prefix: string, names: readonly string[]): readonly string[] => names.map((name) => prefix + name)

const by = (variant: Variant, modules: readonly string[]): readonly string[] =>
  modules.map((module) => `${module} (${variant})`)

const basic = prefixed('oidcc-', [
  'server',
  'response-type-missing',
  'idtoken-signature',
  'idtoken-unsigned',
  'userinfo-get',
  'userinfo-post-header',
  'userinfo-post-body',
  'ensure-request-without-nonce-succeeds-for-code-flow',
  'scope-profile',
  'scope-email',
  'scope-address',
  'scope-phone',
  'scope-all',
  'alternate-happy-flow',
  'display-page',
  'display-popup',
  'prompt-login',
  'prompt-none-not-logged-in',
  'prompt-none-logged-in',
  'max-age-1',
  'max-age-10000',
  'ensure-request-with-unknown-parameter-succeeds',
  'id-token-hint',
  'login-hint',
  'ui-locales',
  'claims-locales',
  'ensure-request-with-acr-values-succeeds',
  'codereuse',
  'codereuse-30seconds',
  'ensure-registered-redirect-uri',
  'ensure-post-request-succeeds',
  'server-client-secret-post',
  'request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
  'unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
  'claims-essential',
  'ensure-request-object-with-redirect-uri',
  'refresh-token',
  'ensure-request-with-valid-pkce-succeeds',
])

/** Of both ways to constrain the sender. */
const securityProfile = prefixed('fapi2-security-profile-final-', [
  'discovery-end-point-verification',
  'happy-flow',
  'user-rejects-authentication',
  'ensure-authorization-request-without-state-success',
  'ensure-authorization-request-without-nonce-success',
  'ensure-authorization-request-with-64-char-nonce-success',
  'ensure-other-scope-order-succeeds',
  'test-claims-parameter-identity-claims',
  'ensure-authorization-request-with-long-nonce',
  'ensure-authorization-request-with-long-state',
  'ensure-different-nonce-inside-and-outside-request-object',
  'ensure-different-state-inside-and-outside-request-object',
  'state-only-outside-request-object-not-used',
  'ensure-request-object-without-redirect-uri-fails',
  'plain-fapi-tolerate-unregistered-redirect-uri',
  'ensure-unsigned-authorization-request-without-using-par-fails',
  'ensure-redirect-uri-in-authorization-request',
  'ensure-response-type-code-idtoken-fails',
  'ensure-response-type-token-fails',
  'ensure-client-id-in-token-endpoint',
  'ensure-holder-of-key-required',
  'ensure-authorization-code-is-bound-to-client',
  'attempt-reuse-authorization-code-after-one-second',
  'ensure-token-endpoint-fails-with-expired-auth-code',
  'ensure-signed-client-assertion-with-RS256-fails',
  'ensure-client-assertion-in-token-endpoint',
  'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails',
  'ensure-client-assertion-with-wrong-aud-fails',
  'ensure-client-assertion-with-no-sub-fails',
  'ensure-invalid-client-assertions-fail',
  'refresh-token',
  'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
  'par-attempt-reuse-request_uri',
  'par-attempt-to-use-expired-request_uri',
  'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted',
  'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails',
  'par-attempt-to-use-request_uri-for-different-client',
  'par-authorization-request-containing-request_uri-form-param',
  'par-attempt-invalid-http-method',
  'par-ensure-pkce-required',
  'ensure-pkce-code-verifier-required',
  'incorrect-pkce-code-verifier-rejected',
  'par-plain-pkce-rejected',
  'par-without-duplicate-parameters',
  'par-test-array-as-audience-fails',
  'par-test-par-endpoint-url-as-audience-fails',
  'par-test-token-endpoint-url-as-audience-fails',
])

const dpop = prefixed('fapi2-security-profile-final-', [
  'check-dpop-proof-nbf-exp',
  'ensure-dpopproof-with-iat-10seconds-before-succeeds',
  'ensure-dpopproof-with-iat-10seconds-after-succeeds',
  'ensure-mismatched-dpop-jkt-fails',
  'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt',
  'ensure-token-endpoint-fails-with-mismatched-dpop-jkt',
  'ensure-dpopproof-at-par-endpoint-binding-success',
  'ensure-dpop-auth-code-binding-success',
  'dpop-negative-tests',
  'access-token-type-header-case-sensitivity',
])

const messageSigning = prefixed('fapi2-security-profile-final-', [
  'ensure-request-object-with-multiple-aud-succeeds',
  'ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted',
  'ensure-request-object-without-exp-fails',
  'ensure-request-object-without-nbf-fails',
  'ensure-expired-request-object-fails',
  'ensure-request-object-with-bad-aud-fails',
  'ensure-request-object-with-exp-over-60-fails',
  'ensure-request-object-with-nbf-over-60-fails',
  'ensure-signed-request-object-with-RS256-fails',
  'ensure-request-object-signature-algorithm-is-not-none',
  'ensure-request-object-with-invalid-signature-fails',
  'ensure-matching-key-in-authorization-request',
  'ensure-unsigned-request-at-par-endpoint-fails',
  'par-authorization-request-containing-request_uri',
])

export const plans: readonly Plan[] = [
  { name: 'Basic OP', modules: basic },
  { name: 'Form Post Basic OP', modules: by('form_post', basic) },
  { name: 'Config OP', modules: ['oidcc-discovery-endpoint-verification'] },
  {
    // Its other modules are those of Basic OP with a client that registered itself.
    name: 'Dynamic OP, what it adds',
    modules: prefixed('oidcc-', [
      'idtoken-rs256',
      'userinfo-rs256',
      'ensure-redirect-uri-in-authorization-request',
      'redirect-uri-query-OK',
      'redirect-uri-query-mismatch',
      'redirect-uri-query-added',
      'redirect-uri-regfrag',
      'registration-logo-uri',
      'registration-policy-uri',
      'registration-tos-uri',
      'registration-jwks-uri',
      'registration-sector-uri',
      'registration-sector-bad',
      'server-rotate-keys',
      'refresh-token-rp-key-rotation',
      'request-uri-unsigned',
      'request-uri-signed-rs256',
      'ensure-client-assertion-with-iss-aud-succeeds',
    ]),
  },
  {
    name: 'RP-initiated logout',
    modules: prefixed('oidcc-rp-initiated-logout', [
      '-discovery-endpoint-verification',
      '',
      '-bad-post-logout-redirect-uri',
      '-modified-id-token-hint',
      '-no-id-token-hint',
      '-query-added-to-post-logout-redirect-uri',
      '-bad-id-token-hint',
      '-no-params',
      '-no-post-logout-redirect-uri',
      '-only-state',
      '-no-state',
    ]),
  },
  {
    name: 'Back-channel logout',
    modules: ['oidcc-backchannel-logout-discovery-endpoint-verification', 'oidcc-backchannel-rp-initiated-logout'],
  },
  {
    name: 'Front-channel logout',
    modules: ['oidcc-frontchannel-logout-discovery-endpoint-verification', 'oidcc-frontchannel-rp-initiated-logout'],
  },
  {
    name: 'Session management',
    modules: [
      'oidcc-session-management-discovery-endpoint-verification',
      'oidcc-session-management-rp-initiated-logout',
    ],
  },
  { name: 'FAPI 2.0 Security Profile, private_key_jwt and DPoP', modules: [...securityProfile, ...dpop] },
  // Whoever shows a certificate sends no assertion.
  {
    name: 'FAPI 2.0 Security Profile, mutual TLS',
    modules: by(
      'mtls',
      securityProfile.filter((module) => !/assertion|-as-audience-/.test(module)),
    ),
  },
  { name: 'FAPI 2.0 Message Signing, what it adds', modules: messageSigning },
]
