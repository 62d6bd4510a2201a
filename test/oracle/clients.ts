import { generateKeyPairSync } from 'node:crypto'

export const api = 'https://api.example'
export const redirectUri = 'https://app.example/cb'
export const deviceGrantName = 'urn:ietf:params:oauth:grant-type:device_code'

export const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const strangerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...clientKey.publicKey.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256', use: 'sig' }] }

export const clientNames = ['public', 'basic', 'post', 'jwt', 'fapi'] as const
export type ClientName = (typeof clientNames)[number]

/** 256 bits, as both would have made it. */
export const secretOf = (name: ClientName): string | undefined =>
  name === 'basic' || name === 'post' ? `${name}-${'s3cret'.repeat(6)}` : undefined

const ofPeople = ['authorization_code', 'refresh_token', deviceGrantName]
const everybody = {
  redirect_uris: [redirectUri],
  response_types: ['code'],
  scope: 'openid offline_access read write',
}

/** By the names of RFC 7591, for both servers. */
export const metadata: Readonly<Record<ClientName, Record<string, unknown>>> = {
  public: { ...everybody, token_endpoint_auth_method: 'none', grant_types: ofPeople },
  basic: {
    ...everybody,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [...ofPeople, 'client_credentials'],
  },
  // What it is not registered for, it may not do.
  post: {
    ...everybody,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code'],
    scope: 'openid read',
  },
  jwt: {
    ...everybody,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks,
    grant_types: [...ofPeople, 'client_credentials'],
  },
  fapi: {
    ...everybody,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks,
    grant_types: ['authorization_code', 'refresh_token'],
    dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    id_token_signed_response_alg: 'ES256',
  },
}
