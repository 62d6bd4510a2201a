import { isRecord } from '../record.ts'
import type { ClientMetadata } from './client.ts'
import { invalidRequest } from './errors.ts'

/** One claim as the `claims` parameter asks for it, OIDC Core §5.5.1. */
export type ClaimRequest = null | {
  readonly essential?: boolean
  readonly value?: unknown
  readonly values?: readonly unknown[]
}
export type RequestedClaims = {
  readonly userinfo?: Readonly<Record<string, ClaimRequest>>
  readonly id_token?: Readonly<Record<string, ClaimRequest>>
}

/** Of a person: which scope asks for which claims. */
export type ClaimsOfScope = ReadonlyMap<string, readonly string[]>

/** OIDC Core §5.4; `groups` and `roles` are RFC 9068 §2.2.3.1. */
export const standardClaimsOfScope: ClaimsOfScope = new Map(
  Object.entries({
    profile: [
      'name',
      'family_name',
      'given_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'updated_at',
    ],
    email: ['email', 'email_verified'],
    address: ['address'],
    phone: ['phone_number', 'phone_number_verified'],
    groups: ['groups'],
    roles: ['roles'],
  }),
)

type Person = Readonly<Record<string, unknown>>

/** The claims about a person that userinfo answers: by scope, and by the `claims` parameter (OIDC Core §5.5). */
export const userinfoClaims = (
  person: Person,
  scope: readonly string[],
  { userinfo = {} }: RequestedClaims,
  claimsOfScope: ClaimsOfScope,
): Record<string, unknown> => pick(person, [...named(scope, claimsOfScope), ...asked(userinfo, scope, claimsOfScope)])

/**
 * The names of the claims about the person that belong into the ID token itself: those that were asked for there (OIDC
 * Core §5.5), and all that the scope asks for where the client wants them there.
 */
export const idTokenClaimNames = (
  scope: readonly string[],
  { id_token = {} }: RequestedClaims,
  { id_token_scope_claims: all }: Pick<ClientMetadata, 'id_token_scope_claims'>,
  claimsOfScope: ClaimsOfScope,
): readonly string[] => (all ? named(scope, claimsOfScope) : asked(id_token, scope, claimsOfScope))

/** RFC 9068 §2.2.3.1: what an API decides by. The rest of a person is none of its business. */
const authorizationClaims = ['groups', 'roles', 'entitlements']

export const accessTokenClaimNames = (scope: readonly string[], claimsOfScope: ClaimsOfScope): readonly string[] =>
  named(scope, claimsOfScope).filter((name) => authorizationClaims.includes(name))

export const pick = (person: Person, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(person, name)).map((name) => [name, person[name]]))

const named = (scope: readonly string[], claimsOfScope: ClaimsOfScope): readonly string[] =>
  scope.flatMap((name) => claimsOfScope.get(name) ?? [])

/**
 * S7: a person consents to scopes, so a claim about the person is asked for only under a scope that was granted too; one
 * of another scope is not understood here, and ignored (OIDC Core §5.5).
 */
const asked = (
  requests: Readonly<Record<string, ClaimRequest>>,
  scope: readonly string[],
  claimsOfScope: ClaimsOfScope,
): readonly string[] => {
  const known = named(scope, claimsOfScope)
  return Object.keys(requests).filter((name) => known.includes(name))
}

/** OIDC Core §5.5. Members and claims that are not understood are ignored, as it demands; a malformed value is not. */
export const parseClaims = (text: string | undefined): RequestedClaims => {
  if (text === undefined) return {}
  const value = parseJson(text)
  if (!isRecord(value)) throw invalidRequest('claims must be a JSON object (OIDC Core §5.5)')
  return { ...member(value, 'userinfo'), ...member(value, 'id_token') }
}

const member = (value: Readonly<Record<string, unknown>>, name: 'userinfo' | 'id_token'): RequestedClaims => {
  const asked = value[name]
  if (asked === undefined || asked === null) return {}
  if (!isRecord(asked)) throw invalidRequest(`claims.${name} must be a JSON object (OIDC Core §5.5)`)
  const entries = Object.entries(asked).filter(([claim]) => claimName.test(claim))
  if (entries.length > most) throw invalidRequest(`claims.${name} may ask for at most ${most} claims.`)
  return { [name]: Object.fromEntries(entries.map(([claim, request]) => [claim, claimRequest(name, claim, request)])) }
}

/** Whatever an operator may have named; what nobody has is never found. */
export const claimName = /^[\x21-\x7e]{1,200}$/
const most = 100

const claimRequest = (place: string, claim: string, request: unknown): ClaimRequest => {
  if (request === null) return null
  if (!isRecord(request))
    throw invalidRequest(`claims.${place}.${claim} must be null or a JSON object (OIDC Core §5.5.1)`)
  const { essential, value, values } = request
  if (![value, ...(Array.isArray(values) ? values : [])].every(isPlain))
    throw invalidRequest(`claims.${place}.${claim} may hold texts, numbers and booleans only`)
  return {
    ...(essential === true && { essential }),
    ...(value !== undefined && { value }),
    ...(Array.isArray(values) && { values }),
  }
}

/** What JSON can say and a database cannot hold: U+0000, half a character, depth without end. */
const isPlain = (value: unknown): boolean =>
  value === undefined ||
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' && !/[\p{Cc}\p{Cs}]/u.test(value))

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRequest('claims is not valid JSON (OIDC Core §5.5)')
  }
}
