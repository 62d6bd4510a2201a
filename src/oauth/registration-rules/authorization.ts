import type { ClientMetadata } from '../client.ts'
import { type Contradiction, rule, webProblem, when } from './rule.ts'

/** How a client asks for an authorization, and where one is begun for it. */
export const authorization = (client: ClientMetadata): readonly Contradiction[] => {
  const { request_uris, initiate_login_uri, jwks, jwks_uri } = client
  const hasKeys = (jwks?.keys.length ?? 0) > 0 || jwks_uri !== undefined
  return [
    // OIDC Registration §2: a fragment may hold the hash of the file, and is no part of the address.
    ...request_uris.flatMap((uri, index) =>
      rule(webProblem(uri.split('#', 1)[0] ?? uri), 'request_uris', `request_uris[${index}]`),
    ),
    // OIDC Registration §2 wants https; a developer's own machine stands aside.
    ...rule(initiate_login_uri === undefined ? undefined : webProblem(initiate_login_uri), 'initiate_login_uri'),
    ...when(
      client.require_signed_request_object && !hasKeys,
      'require_signed_request_object',
      'needs keys in jwks or at jwks_uri',
      ['jwks', 'jwks_uri'],
    ),
    ...when(request_uris.length > 0 && !hasKeys, 'request_uris', 'needs keys in jwks or at jwks_uri', [
      'jwks',
      'jwks_uri',
    ]),
    // What nobody can do would lock the client out.
    ...when(
      client.require_pushed_authorization_requests && request_uris.length > 0,
      'request_uris',
      'cannot be used where requests must be pushed',
      ['require_pushed_authorization_requests'],
    ),
    // OIDC Core §3.1.2.1: the values are separated by spaces.
    ...when(
      client.default_acr_values.some((value) => !/^[\x21-\x7e]+$/.test(value)),
      'default_acr_values',
      'holds a value with a space, or with a character that no acr has',
    ),
  ]
}
