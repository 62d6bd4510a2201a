import { administratorScope } from './administrator-scope.ts'
import type { ClientMetadata } from './client.ts'
import { keyProblem } from './client-authentication/public-key.ts'
import { OAuthError } from './errors.ts'
import { profile } from './profile.ts'
import { isRegistrable } from './redirect-uri.ts'
import { authorization } from './registration-rules/authorization.ts'
import { device, grantsOfPeople } from './registration-rules/device.ts'
import { logout } from './registration-rules/logout.ts'
import { type Contradiction, pageProblem, rule, webProblem, when } from './registration-rules/rule.ts'
import { bindsRefreshTokens, senderConstraint } from './registration-rules/sender-constraint.ts'
import { subject } from './registration-rules/subject.ts'
import { resourceProblem } from './resource.ts'
import { parseScope } from './scope.ts'

export type { Contradiction, Mistake } from './registration-rules/rule.ts'

/** What the shape of single fields cannot say. */
export const contradictions = (client: ClientMetadata): readonly Contradiction[] => [
  ...uris(client),
  ...grants(client),
  ...authentication(client),
  ...keys(client),
  ...policies(client),
  ...cookieDelivery(client),
  ...device(client),
  ...authorization(client),
  ...profile(client),
  ...logout(client),
  ...senderConstraint(client),
  ...subject(client),
]

const uris = (client: ClientMetadata): readonly Contradiction[] => [
  ...each(client, 'redirect_uris', isRegistrable),
  ...each(client, 'post_logout_redirect_uris', isRegistrable),
  ...each(client, 'resources', resourceProblem),
  ...each(client, 'allowed_origins', originProblem),
  ...(['client_uri', 'policy_uri', 'tos_uri'] as const).flatMap((field) => given(client, field, pageProblem)),
  ...(['logo_uri', 'jwks_uri'] as const).flatMap((field) => given(client, field, webProblem)),
]

const grants = ({ grant_types, redirect_uris, resources, scope }: ClientMetadata): readonly Contradiction[] => {
  const may = (name: ClientMetadata['grant_types'][number]) => grant_types.includes(name)
  const scopes = scopeOrProblem(scope)
  return [
    ...when(
      may('authorization_code') && redirect_uris.length === 0,
      'redirect_uris',
      'needs a URI for authorization_code',
      ['grant_types'],
    ),
    ...when(
      may('refresh_token') && !grantsOfPeople.some(may),
      'grant_types',
      'has refresh_token without authorization_code or device_code',
    ),
    ...rule(typeof scopes === 'string' ? scopes : undefined, 'scope'),
    ...when(
      typeof scopes !== 'string' && scopes.includes('offline_access') && !may('refresh_token'),
      'scope',
      'has offline_access, which needs the grant type refresh_token',
      ['grant_types'],
    ),
    // RFC 9068 §3: without a default resource every such request would be invalid_target.
    ...when(
      may('client_credentials') && resources.length === 0,
      'resources',
      'needs a resource for client_credentials',
      ['grant_types'],
    ),
  ]
}

const authentication = (client: ClientMetadata): readonly Contradiction[] => {
  const isPublic = client.token_endpoint_auth_method === 'none'
  const needs = ['token_endpoint_auth_method'] as const
  return [
    // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients."
    ...when(
      isPublic && client.grant_types.includes('client_credentials'),
      'grant_types',
      'has client_credentials, which a public client may not use',
      needs,
    ),
    ...when(isPublic && client.pkce === 'optional', 'pkce', 'must be required for a public client', needs),
    // RFC 9700 §2.2.2: the refresh tokens of public clients are rotated or sender-constrained.
    ...when(isPublic && client.rotation === 'reuse', 'rotation', 'must be rotate for a public client', needs),
    ...when(isPublic && client.introspect !== 'own', 'introspect', 'must be own for a public client', needs),
    ...when(
      isPublic && client.scope.split(' ').includes(administratorScope),
      'scope',
      `has ${administratorScope}, which a public client may not have`,
      needs,
    ),
  ]
}

const keys = (client: ClientMetadata): readonly Contradiction[] => {
  const { jwks, jwks_uri } = client
  const kids = (jwks?.keys ?? []).map(({ kid }) => kid).filter((kid) => kid !== undefined)
  return [
    ...when(
      client.token_endpoint_auth_method === 'private_key_jwt' &&
        (!jwks || jwks.keys.length === 0) &&
        jwks_uri === undefined,
      'jwks',
      'or jwks_uri is needed for private_key_jwt',
      ['token_endpoint_auth_method', 'jwks_uri'],
    ),
    // RFC 7591 §2: "The 'jwks_uri' and 'jwks' parameters MUST NOT both be present".
    ...when(jwks !== undefined && jwks_uri !== undefined, 'jwks_uri', 'must not stand beside jwks', ['jwks']),
    ...(jwks?.keys ?? []).flatMap((key, index) => rule(keyProblem(key), 'jwks', `jwks.keys[${index}]`)),
    ...when(new Set(kids).size < kids.length, 'jwks', 'has two keys of one kid'),
  ]
}

/** Each way in which a client's refresh tokens can be bound to a sender or a cookie is one line. */
const bindings: readonly ((client: ClientMetadata) => boolean)[] = [
  ({ refresh_token_delivery }) => refresh_token_delivery === 'cookie',
  bindsRefreshTokens,
]

/** A cookie is for pages of the server's own owner, in a browser. */
const cookieDelivery = (client: ClientMetadata): readonly Contradiction[] => {
  const field = 'refresh_token_delivery'
  const unless = (fits: boolean, problem: string, ...needs: readonly (keyof ClientMetadata)[]) =>
    when(client[field] === 'cookie' && !fits, field, `may be cookie only ${problem}`, needs)
  const pages = [...client.allowed_origins, ...client.redirect_uris]
  return [
    ...unless(client.token_endpoint_auth_method === 'none', 'for a public client', 'token_endpoint_auth_method'),
    ...unless(client.grant_types.includes('refresh_token'), 'with the grant type refresh_token', 'grant_types'),
    ...unless(client.first_party, 'for a first_party client', 'first_party'),
    ...unless(
      pages.some((uri) => webProblem(uri) === undefined),
      'where allowed_origins or redirect_uris name a page on https, or on this machine',
      'allowed_origins',
      'redirect_uris',
    ),
  ]
}

const policies = (client: ClientMetadata): readonly Contradiction[] => {
  const { stale, rotation, early_refresh, retry_elsewhere, resources } = client
  const reuses = rotation === 'reuse'
  return [
    ...when(
      stale === 'refuse' && !bindings.some((binds) => binds(client)),
      'stale',
      'may be refuse only where tokens are bound to a sender or a cookie',
      ['refresh_token_delivery'],
    ),
    // A policy that never applies would be taken for a protection.
    ...when(reuses && early_refresh === 'revoke', 'early_refresh', 'cannot be revoke with rotation reuse', [
      'rotation',
    ]),
    ...when(reuses && retry_elsewhere === 'revoke', 'retry_elsewhere', 'cannot be revoke with rotation reuse', [
      'rotation',
    ]),
    // Who calls two APIs takes a token for one and at once a token for the other.
    ...when(
      early_refresh === 'revoke' && resources.length > 1,
      'early_refresh',
      'cannot be revoke for more than one resource: tokens for two APIs are refreshed early by design',
      ['resources'],
    ),
  ]
}

type ListField = 'redirect_uris' | 'post_logout_redirect_uris' | 'resources' | 'allowed_origins'

const each = (client: ClientMetadata, field: ListField, problemOf: (uri: string) => string | undefined) =>
  client[field].flatMap((uri, index) => rule(problemOf(uri), field, `${field}[${index}]`))

type PlaceField = 'client_uri' | 'policy_uri' | 'tos_uri' | 'logo_uri' | 'jwks_uri'

const given = (client: ClientMetadata, field: PlaceField, problemOf: (uri: string) => string | undefined) =>
  rule(client[field] === undefined ? undefined : problemOf(client[field]), field)

const originProblem = (origin: string): string | undefined =>
  webProblem(origin) ??
  (new URL(origin).origin === origin ? undefined : 'is not an origin, such as https://app.example')

const scopeOrProblem = (scope: string): readonly string[] | string => {
  try {
    return parseScope(scope)
  } catch (error) {
    if (error instanceof OAuthError) return 'is not a list of scope values (RFC 6749 §3.3)'
    throw error
  }
}
