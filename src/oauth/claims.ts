import { isRecord } from '../record.ts'
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

/** OIDC Core §5.4: which scope asks for which claims. */
export const claimsOfScope: Readonly<Record<string, readonly string[]>> = {
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
}

export const standardClaims: readonly string[] = Object.values(claimsOfScope).flat()

/** The claims about a person that userinfo answers: by scope, and by the `claims` parameter (OIDC Core §5.5). */
export const userinfoClaims = (
  person: Readonly<Record<string, unknown>>,
  scope: readonly string[],
  requested: RequestedClaims,
): Record<string, unknown> =>
  pick(person, [
    ...scope.flatMap((name) => claimsOfScope[name] ?? []),
    ...Object.keys(claimsWithin(requested, scope).userinfo ?? {}),
  ])

/** The claims about a person that were asked into the ID token itself. */
export const idTokenPersonClaims = (
  person: Readonly<Record<string, unknown>>,
  scope: readonly string[],
  requested: RequestedClaims,
) => pick(person, Object.keys(claimsWithin(requested, scope).id_token ?? {}))

const pick = (person: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    names
      .filter((name) => standardClaims.includes(name) && Object.hasOwn(person, name))
      .map((name) => [name, person[name]]),
  )

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
  const entries = Object.entries(asked).filter(([claim]) => understood.has(claim))
  return { [name]: Object.fromEntries(entries.map(([claim, request]) => [claim, claimRequest(name, claim, request)])) }
}

const understood = new Set([...standardClaims, 'sub', 'acr', 'auth_time'])

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

/**
 * S7: a person consents to scopes, so a claim about the person is asked for only under a scope that was asked for too;
 * one of another scope is not understood here, and ignored (OIDC Core §5.5).
 */
export const claimsWithin = (requested: RequestedClaims, scope: readonly string[]): RequestedClaims => {
  const known = new Set([...scope.flatMap((name) => claimsOfScope[name] ?? []), 'sub', 'acr', 'auth_time'])
  const kept = (asked: Readonly<Record<string, ClaimRequest>>) =>
    Object.fromEntries(Object.entries(asked).filter(([claim]) => known.has(claim)))
  const { userinfo, id_token } = requested
  return { ...(userinfo && { userinfo: kept(userinfo) }), ...(id_token && { id_token: kept(id_token) }) }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRequest('claims is not valid JSON (OIDC Core §5.5)')
  }
}
