import { isIP } from 'node:net'
import type { ClientMetadata } from '../client.ts'
import { parseDistinguishedName } from '../sender-constraint/distinguished-name.ts'
import { type Contradiction, rule, when } from './rule.ts'

const subjects = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const

/** RFC 8705 §2, §3.4, RFC 9449 §5.2: how a certificate is recognised, and what tokens are bound to. */
export const senderConstraint = (client: ClientMetadata): readonly Contradiction[] => {
  const { token_endpoint_auth_method: method, tls_client_auth_subject_dn: dn, tls_client_auth_san_ip: ip } = client
  const given = subjects.filter((field) => client[field] !== undefined)
  const needs = ['token_endpoint_auth_method', ...subjects] as const
  return [
    // RFC 8705 §2.1.2: "A client using the tls_client_auth authentication method MUST use exactly one of the below metadata
    // parameters".
    ...when(
      method === 'tls_client_auth' && given.length !== 1,
      given[1] ?? 'tls_client_auth_subject_dn',
      'or one other of the tls_client_auth fields is needed for tls_client_auth, exactly one',
      needs,
    ),
    ...(method === 'tls_client_auth' ? [] : given).flatMap((field) =>
      when(true, field, 'means nothing without the method tls_client_auth', needs),
    ),
    ...when(
      method === 'self_signed_tls_client_auth' &&
        (client.jwks?.keys.length ?? 0) === 0 &&
        client.jwks_uri === undefined,
      'jwks',
      'or jwks_uri is needed for self_signed_tls_client_auth',
      ['token_endpoint_auth_method', 'jwks_uri'],
    ),
    ...rule(dn !== undefined && !parseDistinguishedName(dn) ? 'is not a name by RFC 4514' : undefined, subjects[0]),
    ...rule(ip !== undefined && isIP(ip) === 0 ? 'is not an IP address' : undefined, 'tls_client_auth_san_ip'),
    // A token says one confirmation, and whoever checks it checks that one.
    ...when(
      client.dpop_bound_access_tokens && client.tls_client_certificate_bound_access_tokens,
      'dpop_bound_access_tokens',
      'cannot stand beside tls_client_certificate_bound_access_tokens',
      ['tls_client_certificate_bound_access_tokens'],
    ),
  ]
}

/** Whether every refresh token of the client is bound to its sender: of a public one only, see sender-constraint. */
export const bindsRefreshTokens = (client: ClientMetadata): boolean =>
  client.token_endpoint_auth_method === 'none' &&
  (client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens)
