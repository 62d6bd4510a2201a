import fc from 'fast-check'
import type { Body } from './shot.ts'
import { headerName, headerValue, json, text } from './values.ts'

/** A text, or something that this world knows: a token in the place of a code, a name in that of a secret. */
export type Value = { readonly text: string } | { readonly borrowed: number }
export type Where = 'query' | 'form' | 'headers'

/** What is changed in a request that would be served. Plain data: printed, it says what happened. */
export type Mutation =
  | { readonly is: 'drop' | 'double'; readonly at: number }
  | { readonly is: 'replace' | 'repeat' | 'append'; readonly at: number; readonly value: Value }
  | { readonly is: 'rename'; readonly at: number; readonly name: string }
  | { readonly is: 'add'; readonly where: Where; readonly name: string; readonly value: Value }
  | { readonly is: 'move'; readonly at: number }
  | { readonly is: 'method'; readonly method: string }
  | { readonly is: 'body'; readonly body: Body }
  | { readonly is: 'path'; readonly more: string }
  | { readonly is: 'member'; readonly name: string; readonly json: unknown }
  | {
      readonly is: 'header of a JWT' | 'claim of a JWT'
      readonly at: number
      readonly name: string
      readonly json: unknown
    }

const at = fc.nat(999)
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text }) },
  { weight: 1, arbitrary: fc.record({ borrowed: at }) },
)
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'] as const
export const parameterName = fc.oneof(
  fc.constantFrom(
    ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'prompt', 'max_age'],
    ...[
      'claims',
      'acr_values',
      'id_token_hint',
      'login_hint',
      'ui_locales',
      'request',
      'request_uri',
      'resource',
      'display',
    ],
    ...['code_challenge', 'code_challenge_method', 'dpop_jkt', 'grant_type', 'code', 'code_verifier', 'refresh_token'],
    ...[
      'client_secret',
      'client_assertion',
      'client_assertion_type',
      'device_code',
      'user_code',
      'token',
      'token_type_hint',
    ],
    ...[
      'access_token',
      'post_logout_redirect_uri',
      'logout_hint',
      'sid',
      'interaction',
      'csrf',
      'username',
      'password',
    ],
    ...['decision', 'person', 'next', 'epoch', 'after', 'q', 'limit', 'before', 'kind', 'id', 'target', 'confirmation'],
    ...['__proto__', 'constructor', 'a[b][c]', 'scope[]', 'client_id ', 'CLIENT_ID', ''],
  ),
  text,
)
const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ text }),
  fc.record({ json }),
  fc.constantFrom(
    { text: `${'['.repeat(20_000)}` },
    { text: `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}` },
    { text: 'a&'.repeat(10_000) },
    { text: Array.from({ length: 100_000 }, (_, index) => `p${index}=1`).join('&') },
    { text: 'x'.repeat(70_000) },
    { text: `a${'[b]'.repeat(5000)}=1` },
    { text: '{"redirect_uris":["https://app.example/cb"],"redirect_uris":["javascript:alert(1)"]}' },
    { text: '{"__proto__":{},"__proto__":{}}' },
    { text: '\ufeff{}' },
  ),
)
const member = fc.constantFrom(
  ...[
    'redirect_uris',
    'jwks',
    'jwks_uri',
    'scope',
    'grant_types',
    'client_name',
    'client_uri',
    'logo_uri',
    'client_id',
  ],
  ...[
    'token_endpoint_auth_method',
    'sector_identifier_uri',
    'subject_type',
    'default_max_age',
    'request_uris',
    'contacts',
  ],
  ...[
    'backchannel_logout_uri',
    'post_logout_redirect_uris',
    'resources',
    'first_party',
    'software_statement',
    'profile',
  ],
  ...[
    'tls_client_auth_subject_dn',
    'id_token_signed_response_alg',
    'client_name#ko',
    'role',
    'admin',
    'disabledAt',
    '\u0000',
  ],
  ...['__proto__', 'constructor', 'target', 'preview', 'confirmation', 'registration_access_token', 'client_secret'],
)

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('drop', 'double'), at }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constantFrom('replace', 'repeat', 'append'), at, value }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('rename'), at, name: parameterName }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('add'),
      where: fc.constantFrom('query', 'form'),
      name: parameterName,
      value,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('add'),
      where: fc.constant('headers'),
      name: headerName,
      value: fc.record({ text: headerValue }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('move'), at }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('method'), method: fc.constantFrom(...methods) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('body'), body }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('path'), more: text }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('member'), name: member, json }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constantFrom('header of a JWT', 'claim of a JWT'),
      at,
      name: fc.constantFrom(
        ...['alg', 'kid', 'typ', 'jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc', 'cty', 'p2c', '__proto__'],
        ...[
          'iss',
          'sub',
          'aud',
          'exp',
          'nbf',
          'iat',
          'jti',
          'htm',
          'htu',
          'ath',
          'nonce',
          'sid',
          'events',
          'client_id',
        ],
        ...['claims', 'max_age', 'state', 'redirect_uri', 'scope', 'request', 'request_uri', 'response_mode', 'prompt'],
      ),
      json,
    }),
  },
)
