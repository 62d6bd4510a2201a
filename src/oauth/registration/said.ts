import { signingAlgorithms } from '../client.ts'
import { deviceGrantName } from '../grants/device-code.ts'
import type { Mistake } from '../registration-rules/rule.ts'
import { shownSector } from '../subject.ts'
import { type RegistrationPolicy, registrable } from './policy.ts'

/** What came in, before it is known to have any shape. */
export type Said = Readonly<Record<string, unknown>>

/** O1: what is refused of clients that register themselves, beyond the rules for everybody. */
export const mistakesIn = (said: Said, policy: RegistrationPolicy, scope: readonly string[]): readonly Mistake[] => [
  ...size(said),
  ...encryption(said),
  ...returnedValues(said),
  ...redirects(said),
  ...pages(said),
  ...sector(said),
  ...names(said),
  ...scopes(said, scope),
  ...abilities(said, policy),
]

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []

const mistake = (field: string, problem: string, wrong = true): readonly Mistake[] =>
  wrong ? [{ field, problem }] : []

/** Bytes: of thousands of clients that nobody knows each server keeps in memory what they say. */
const longest = 16 * 1024

const size = (said: Said): readonly Mistake[] =>
  mistake('metadata', 'is larger than 16 KiB', Buffer.byteLength(JSON.stringify(said)) > longest)

const encrypted = /^(?:\w{1,30}_encrypted_response|request_object_encryption)_(?:alg|enc)$/

/** RFC 7591 §2 would ignore them, and the client would take what it gets for encrypted. */
const encryption = (said: Said): readonly Mistake[] =>
  Object.keys(said)
    .filter((name) => encrypted.test(name))
    .flatMap((name) => mistake(name, 'is not served: nothing is encrypted here but the connection'))

/** RFC 7591 §2.1: "response_types" and "grant_types" must agree. */
const returnedValues = ({ grant_types, response_types }: Said): readonly Mistake[] => {
  const hasGrant = grant_types === undefined || texts(grant_types).includes('authorization_code')
  const hasCode = texts(response_types).includes('code')
  return [
    ...mistake('response_types', 'has code, which needs the grant type authorization_code', hasCode && !hasGrant),
    ...mistake(
      'response_types',
      'must have code for the grant type authorization_code',
      Array.isArray(response_types) && response_types.length === 0 && hasGrant,
    ),
    ...mistake(
      'grant_types',
      'has client_credentials, which is not for clients that register themselves',
      texts(grant_types).includes('client_credentials'),
    ),
  ]
}

const local = /^https?:\/\/(?:[^/?#@]*\.)?(?:localhost|127(?:\.\d+){3}|\[::1\])\.?(?=[:/?#]|$)/i

/**
 * OIDC Registration §2, `application_type`: "Web Clients ... MUST only register URLs using the https scheme ... they MUST NOT
 * use localhost as the hostname." What a native one may have is what isRegistrable knows, with https for RFC 8252 §7.2.
 */
const redirects = ({ application_type, redirect_uris }: Said): readonly Mistake[] =>
  application_type === 'native'
    ? []
    : texts(redirect_uris).flatMap((uri, index) =>
        mistake(
          `redirect_uris[${index}]`,
          'must be https and not on this machine, unless application_type is native',
          !/^https:/i.test(uri) || local.test(uri),
        ),
      )

const pages = (said: Said): readonly Mistake[] =>
  ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'sector_identifier_uri'].flatMap((field) => {
    const uri = said[field]
    return mistake(field, 'must be https', typeof uri === 'string' && !/^https:/i.test(uri))
  })

/**
 * OIDC Core §8.1: who is in a sector shows by where its people are sent, and a device gets its token without being anywhere.
 * Anybody could name another's redirect URIs, or its list of them, and learn by which subjects it knows people.
 */
const sector = ({ subject_type, grant_types, redirect_uris, sector_identifier_uri }: Said): readonly Mistake[] => [
  ...mistake(
    'subject_type',
    'cannot be pairwise with device_code, which shows nobody to be of a sector',
    subject_type === 'pairwise' && texts(grant_types).includes(deviceGrantName),
  ),
  ...mistake(
    'sector_identifier_uri',
    'is of no use without redirect_uris',
    typeof sector_identifier_uri === 'string' && texts(redirect_uris).length === 0,
  ),
  // On this machine is every app, and nobody answers for those that register themselves.
  ...mistake(
    'sector_identifier_uri',
    'is needed for pairwise subjects unless all redirect_uris are https, of one host, and not on this machine',
    subject_type === 'pairwise' &&
      typeof sector_identifier_uri !== 'string' &&
      texts(redirect_uris).length > 0 &&
      shownSector(texts(redirect_uris), 'anybody') === undefined,
  ),
]

/** A name that turns the text around it, or hides a part of itself, is another on the page. */
const hidden = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
/** U+2800 is a pattern of Braille without a dot. */
const visible = /[\p{L}\p{N}\p{P}]|(?!\u2800)\p{S}/u

const names = (said: Said): readonly Mistake[] =>
  ['client_name', 'software_id', 'software_version'].flatMap((field) => {
    const text = said[field]
    if (typeof text !== 'string' || text === '') return []
    return [
      ...mistake(field, 'has a character that cannot be seen', hidden.test(text)),
      ...mistake(field, 'has nothing that can be seen', !visible.test(text)),
    ]
  })

const scopes = ({ scope }: Said, allowed: readonly string[]): readonly Mistake[] =>
  mistake(
    'scope',
    `may only have ${allowed.join(' ')}`,
    typeof scope === 'string' && scope.split(' ').some((value) => value !== '' && !allowed.includes(value)),
  )

/** What this server would have to sign, and how the client proves itself: only what works here. */
const abilities = (
  said: Said,
  { algorithms, authenticationMethods, certificates }: RegistrationPolicy,
): readonly Mistake[] => [
  ...registrable
    .filter((name) => name.endsWith('_signed_response_alg'))
    .flatMap((name) => {
      const known = signingAlgorithms.find((each) => each === said[name])
      return mistake(
        name,
        `must be one of ${algorithms.join(', ')}`,
        known !== undefined && !algorithms.includes(known),
      )
    }),
  ...mistake(
    'tls_client_certificate_bound_access_tokens',
    'cannot be true: no certificate can arrive here',
    said.tls_client_certificate_bound_access_tokens === true && !certificates,
  ),
  ...mistake(
    'token_endpoint_auth_method',
    `must be one of ${authenticationMethods.join(', ')}`,
    typeof said.token_endpoint_auth_method === 'string' &&
      !authenticationMethods.some((each) => each === said.token_endpoint_auth_method),
  ),
]
