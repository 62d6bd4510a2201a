import Type, { type Static } from 'typebox'

/**
 * What a client registered: RFC 7591 §2 by its own names, and Tessera's policies.
 * This schema validates the command line, the API and the database; times are seconds.
 */
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const uri = () => text(2048)
const seconds = (fallback: number, maximum = 10 * 365 * 86400) =>
  Type.Integer({ minimum: 1, maximum, default: fallback })
/** A key is published for a day after it signed last: no token may live longer. */
export const longestToken = 86400
const oneOf = <const Values extends string[]>(values: readonly [...Values], fallback: Values[number]) =>
  Type.Enum<Values>(values, { default: fallback })

export const signingAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]
/** RFC 9864 §2.2: `Ed25519` says what `EdDSA` leaves open. Newer libraries sign under that name alone. */
export const clientAlgorithms = [...signingAlgorithms, 'Ed25519'] as const
/** What a client signs with. */
export type ClientAlgorithm = (typeof clientAlgorithms)[number]
export const namesOf = (algorithm: SigningAlgorithm): readonly ClientAlgorithm[] =>
  algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm]

export const authenticationMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const
export type AuthenticationMethod = (typeof authenticationMethods)[number]

export const ClientMetadata = Type.Object(
  {
    client_name: text(200),
    client_uri: Type.Optional(uri()),
    logo_uri: Type.Optional(uri()),
    policy_uri: Type.Optional(uri()),
    tos_uri: Type.Optional(uri()),
    contacts: Type.Array(text(320), { maxItems: 10, default: [] }),
    software_id: Type.Optional(text(200)),
    software_version: Type.Optional(text(200)),
    application_type: oneOf(['web', 'native'], 'web'),

    /** Sets what FAPI 2.0 asks, and refuses what contradicts it: profile.ts. */
    profile: oneOf(['none', 'fapi2', 'fapi2_message_signing'], 'none'),

    token_endpoint_auth_method: oneOf(authenticationMethods, 'client_secret_basic'),
    token_endpoint_auth_signing_alg: Type.Optional(Type.Enum(clientAlgorithms)),
    /** The audience a client assertion may name: RFC 7523bis and FAPI 2.0 allow the issuer alone. */
    assertion_audience: oneOf(['issuer', 'issuer_or_endpoint'], 'issuer'),
    jwks: Type.Optional(
      Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 20 }) }),
    ),
    jwks_uri: Type.Optional(uri()),
    /** RFC 8705 §2.1.2: exactly one of these says which certificate is the client's. */
    tls_client_auth_subject_dn: Type.Optional(text(1000)),
    tls_client_auth_san_dns: Type.Optional(text(255)),
    tls_client_auth_san_uri: Type.Optional(uri()),
    tls_client_auth_san_ip: Type.Optional(text(45)),
    tls_client_auth_san_email: Type.Optional(text(320)),
    /** RFC 8705 §3.4, RFC 9449 §5.2: no token without such a proof. */
    tls_client_certificate_bound_access_tokens: Type.Boolean({ default: false }),
    dpop_bound_access_tokens: Type.Boolean({ default: false }),

    redirect_uris: Type.Array(uri(), { maxItems: 50, default: [] }),
    post_logout_redirect_uris: Type.Array(uri(), { maxItems: 50, default: [] }),
    response_types: Type.Array(Type.Enum(['code']), { default: ['code'], maxItems: 10 }),
    grant_types: Type.Array(
      Type.Enum([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ]),
      { default: ['authorization_code'], maxItems: 10 },
    ),
    scope: Type.String({ maxLength: 4000, default: 'openid' }),
    /** RFC 8707: the resources this client may ask for; the first is the default (RFC 9068 §3). */
    resources: Type.Array(uri(), { maxItems: 50, default: [] }),
    pkce: oneOf(['required', 'optional'], 'required'),
    /** RFC 9126 §6. */
    require_pushed_authorization_requests: Type.Boolean({ default: false }),
    /** RFC 9101 §10.5. */
    require_signed_request_object: Type.Boolean({ default: false }),
    request_object_signing_alg: Type.Optional(Type.Enum(clientAlgorithms)),
    /** OIDC Core §6.2: request objects may be fetched from these addresses, and from no other. */
    request_uris: Type.Array(uri(), { maxItems: 20, default: [] }),
    default_max_age: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 * 365 * 86400 })),
    require_auth_time: Type.Boolean({ default: false }),
    default_acr_values: Type.Array(text(200), { maxItems: 20, default: [] }),
    /** OIDC Core §4: where a login that begins at this server leads. */
    initiate_login_uri: Type.Optional(uri()),
    /** A client of the same owner as the server: its people are not asked for consent. */
    first_party: Type.Boolean({ default: false }),
    introspect: oneOf(['own', 'resources', 'all'], 'own'),
    allowed_origins: Type.Array(uri(), { maxItems: 50, default: [] }),

    id_token_signed_response_alg: oneOf(signingAlgorithms, 'RS256'),
    access_token_signed_response_alg: oneOf(signingAlgorithms, 'RS256'),
    /** OIDC Core §5.3.2, JARM §4, RFC 9701 §6: absent, the answer is not signed; JARM's is by RS256. */
    userinfo_signed_response_alg: Type.Optional(Type.Enum(signingAlgorithms)),
    authorization_signed_response_alg: Type.Optional(Type.Enum(signingAlgorithms)),
    introspection_signed_response_alg: Type.Optional(Type.Enum(signingAlgorithms)),
    /** Whether the ID token itself says what the scopes ask for, as some apps expect; userinfo always does. */
    id_token_scope_claims: Type.Boolean({ default: false }),
    /** OIDC Core §8. */
    subject_type: oneOf(['public', 'pairwise'], 'public'),
    sector_identifier_uri: Type.Optional(uri()),

    backchannel_logout_uri: Type.Optional(uri()),
    backchannel_logout_session_required: Type.Boolean({ default: false }),
    frontchannel_logout_uri: Type.Optional(uri()),
    frontchannel_logout_session_required: Type.Boolean({ default: false }),

    access_token_lifetime: seconds(600, longestToken),
    id_token_lifetime: seconds(600, longestToken),
    /** Sliding: a refresh token that was not used for so long is dead. */
    refresh_token_idle_lifetime: seconds(14 * 86400),
    /** Fixed: the family ends, however often it was refreshed. */
    refresh_token_lifetime: seconds(90 * 86400),
    /** `cookie`, for first-party apps in a browser: no script sees the refresh token, and it is taken from nowhere else. */
    refresh_token_delivery: oneOf(['body', 'cookie'], 'body'),
    rotation: oneOf(['rotate', 'reuse'], 'rotate'),
    retry_window: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
    /** A retry from another network or device than the rotation came from. */
    retry_elsewhere: oneOf(['observe', 'revoke'], 'observe'),
    stale: oneOf(['revoke', 'refuse'], 'revoke'),
    /** The refresh token is presented while its access token has more than half of its life left. */
    early_refresh: oneOf(['allow', 'observe', 'revoke'], 'observe'),
    /** Whether a refresh request carries the access token of the pair, as `access_token`. */
    pair_binding: oneOf(['off', 'observe', 'enforce'], 'off'),
  },
  { additionalProperties: false },
)
export type ClientMetadata = Static<typeof ClientMetadata>

/** @property hash SHA-256 of the secret: it has 256 random bits, so a slow hash would protect nothing. */
export type ClientSecret = {
  readonly id: string
  readonly hash: Buffer
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

export type Client = Readonly<ClientMetadata> & {
  readonly client_id: string
  /** Two may overlap while one is replaced. */
  readonly secrets: readonly ClientSecret[]
  readonly disabledAt: Date | undefined
  readonly notBefore: Date | undefined
  readonly createdAt: Date
  /** Undefined of a client that an operator made. */
  readonly registration?: Registration | undefined
}

/**
 * Of a client that registered itself, RFC 7591: nobody vouches for what it says.
 * @property hash SHA-256 of its registration access token, or of two: what a lost answer carried must lock nobody out
 * @property lastUsedAt to the day; undefined until the first login through it
 */
export type Registration = { readonly hash: Buffer; readonly lastUsedAt: Date | undefined }

export const isPublic = (client: Client): boolean => client.token_endpoint_auth_method === 'none'

/** What binds a refresh token to whoever was given it, so that a copy alone is worth nothing. */
export type Binding = { readonly jkt: string | undefined; readonly cookieBound: boolean }
export const isBound = ({ jkt, cookieBound }: Binding): boolean => jkt !== undefined || cookieBound

/** Seconds in which the previous refresh token is answered with the same pair; a proven presenter has longer. */
export const retryWindow = (client: Client, family: Binding): number =>
  client.retry_window ?? (isPublic(client) && !isBound(family) ? 30 : 60)
