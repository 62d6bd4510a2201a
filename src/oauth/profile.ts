import {
  type Client,
  type ClientAlgorithm,
  type ClientMetadata,
  namesOf,
  type SigningAlgorithm,
  signingAlgorithms,
} from './client.ts'
import { fits } from './client-authentication/public-key.ts'
import { isLoopback } from './redirect-uri.ts'
import { type Contradiction, when } from './registration-rules/rule.ts'

/**
 * FAPI 2.0 Security Profile (SP) and Message Signing (MS), Final: what a client of a profile registers. What it leaves
 * unsaid is set as the profile asks; what it says otherwise is refused.
 */
type Profile = Exclude<ClientMetadata['profile'], 'none'>

/** SP §5.4.1: no RS256, whose padding is too forgiving. */
export const fapiAlgorithms = ['PS256', 'ES256', 'EdDSA'] as const satisfies readonly SigningAlgorithm[]
/** Where the client does not say: with a key that every server has, and short. */
export const usualFapiAlgorithm = 'ES256' satisfies (typeof fapiAlgorithms)[number]
const named = (algorithms: readonly SigningAlgorithm[], name: ClientAlgorithm): readonly SigningAlgorithm[] =>
  algorithms.filter((algorithm) => namesOf(algorithm).includes(name))
const isFapi = (name: ClientAlgorithm): boolean => named(fapiAlgorithms, name).length > 0

/** What this client may sign with. @param registered for what it signs now, if it registered anything */
export const algorithmsOf = (
  { profile }: Pick<Client, 'profile'>,
  registered: ClientAlgorithm | undefined,
): readonly SigningAlgorithm[] => {
  const allowed = profile === 'none' ? signingAlgorithms : fapiAlgorithms
  return registered === undefined ? allowed : named(allowed, registered)
}

/** MS §5.4: nothing comes back to the client that is not signed. */
export const wantsSignedResponse = ({ profile }: Pick<Client, 'profile'>): boolean =>
  profile === 'fapi2_message_signing'

/** SP §5.3.2.2: fetching what a browser points at is not for this profile; MS §5.3.1: `nbf` is required. */
export const isOfProfile = ({ profile }: Pick<Client, 'profile'>): boolean => profile !== 'none'

const demands = {
  /** SP §5.3.2.2: PAR and PKCE; §5.3.2.1: the issuer alone, and no rotation. */
  fapi2: {
    require_pushed_authorization_requests: true,
    pkce: 'required',
    assertion_audience: 'issuer',
    rotation: 'reuse',
  },
  /** MS §5.3.1. */
  fapi2_message_signing: {
    require_pushed_authorization_requests: true,
    require_signed_request_object: true,
    pkce: 'required',
    assertion_audience: 'issuer',
    rotation: 'reuse',
  },
} as const satisfies Record<Profile, Partial<ClientMetadata>>

const authenticationMethods = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'] as const
const constraints = ['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens'] as const

/** Algorithms that a client has in any case, and those that it has only where something is signed. */
const always = ['id_token_signed_response_alg', 'access_token_signed_response_alg'] as const
const sometimes = [
  'token_endpoint_auth_signing_alg',
  'request_object_signing_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
] as const
/** MS §5.4, §5.5. */
const signedByServer = ['authorization_signed_response_alg', 'introspection_signed_response_alg'] as const

const isProfile = (profile: unknown): profile is Profile =>
  typeof profile === 'string' && Object.hasOwn(demands, profile)

/** @param said as it was sent; what it says itself comes after these */
export const profileDefaults = (said: Readonly<Record<string, unknown>>): Partial<ClientMetadata> => {
  const { profile } = said
  if (!isProfile(profile)) return {}
  const isBound = constraints.some((constraint) => said[constraint] === true)
  return {
    ...demands[profile],
    token_endpoint_auth_method: 'private_key_jwt',
    ...(!isBound && { dpop_bound_access_tokens: true }),
    ...Object.fromEntries(always.map((field) => [field, usualFapiAlgorithm])),
    ...(profile === 'fapi2_message_signing' &&
      Object.fromEntries(signedByServer.map((field) => [field, usualFapiAlgorithm]))),
  }
}

/** Whether a client can do nothing without a signature: the keys of others may be those of their certificates alone. */
const signs = (client: ClientMetadata): boolean =>
  client.token_endpoint_auth_method === 'private_key_jwt' || client.require_signed_request_object

export const profile = (client: ClientMetadata): readonly Contradiction[] => {
  const { profile } = client
  if (!isProfile(profile)) return []
  const unless = (holds: boolean, field: keyof ClientMetadata, problem: string) =>
    when(!holds, field, `${problem} under the profile ${profile}`, ['profile'])
  const demanded: Partial<ClientMetadata> = demands[profile]
  const keys = client.jwks?.keys ?? []
  return [
    ...Object.entries(demanded).flatMap(([name, value]) => {
      const field = fields.find((each) => each === name)
      return field ? unless(client[field] === value, field, `must be ${String(value)}`) : []
    }),
    // SP §5.3.2.1: confidential clients alone, by a key or a certificate.
    ...unless(
      authenticationMethods.some((method) => method === client.token_endpoint_auth_method),
      'token_endpoint_auth_method',
      `must be one of ${authenticationMethods.join(', ')}`,
    ),
    // SP §5.3.2.1: "shall only issue sender-constrained access tokens".
    ...unless(
      constraints.some((constraint) => client[constraint]),
      'dpop_bound_access_tokens',
      'or tls_client_certificate_bound_access_tokens must be true',
    ),
    // SP §5.3.2.2 wants https; a developer's own machine stands aside.
    ...unless(
      client.redirect_uris.every((uri) => uri.startsWith('https:') || isLoopback(uri)),
      'redirect_uris',
      'must be https',
    ),
    ...unless(client.request_uris.length === 0, 'request_uris', 'must be empty'),
    // SP §5.4.1; keys at `jwks_uri` may change, and are looked at when they are used.
    ...when(
      signs(client) && keys.length > 0 && !keys.some((key) => fapiAlgorithms.some((algorithm) => fits(key, algorithm))),
      'jwks',
      `has no key for ${fapiAlgorithms.join(', ')} under the profile ${profile}`,
      ['profile', 'token_endpoint_auth_method', 'require_signed_request_object'],
    ),
    ...always.flatMap((field) => unless(isFapi(client[field]), field, among)),
    ...sometimes.flatMap((field) => unless(client[field] === undefined || isFapi(client[field]), field, among)),
    ...(profile === 'fapi2_message_signing'
      ? signedByServer.flatMap((field) => unless(client[field] !== undefined, field, 'must be set'))
      : []),
  ]
}

const fields = [
  'require_pushed_authorization_requests',
  'require_signed_request_object',
  'pkce',
  'assertion_audience',
  'rotation',
] as const
const among = `must be one of ${fapiAlgorithms.join(', ')}`
