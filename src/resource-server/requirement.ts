import type { Token } from './access-token.ts'
import { Broken, type Demand, quoted } from './refusal.ts'

/** What a route asks of a token: all of these scopes; and, by RFC 9470, how and how recently the person logged in. */
export type Requirement =
  | string
  | readonly string[]
  | {
      readonly scope?: string | readonly string[] | undefined
      /** One of these. */
      readonly acr?: string | readonly string[] | undefined
      /** Seconds since the person has logged in. */
      readonly maxAge?: number | undefined
    }

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === 'string' ? value.split(' ').filter((one) => one !== '') : (value ?? [])

const isList = (requirement: Requirement): requirement is readonly string[] => Array.isArray(requirement)

/** @throws TypeError for what can be no scope, at the start and not at the first request */
export const readRequirement = (requirement: Requirement = []): Demand => {
  const { scope, acr, maxAge } =
    typeof requirement === 'string' || isList(requirement)
      ? { scope: requirement, acr: undefined, maxAge: undefined }
      : requirement
  const demand = { scope: listOf(scope), acr: listOf(acr) }
  // RFC 6749 §3.3
  for (const one of [...demand.scope, ...demand.acr])
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(one)) throw new TypeError(`${quoted(one)} cannot be a scope or an acr`)
  if (maxAge !== undefined && !(maxAge >= 0)) throw new TypeError('maxAge must be a number of seconds')
  return {
    ...(demand.scope.length > 0 && { scope: demand.scope }),
    ...(demand.acr.length > 0 && { acr: demand.acr }),
    ...(maxAge !== undefined && { maxAge }),
  }
}

/** @throws Broken */
export const demandOf = (token: Token, { scope = [], acr, maxAge }: Demand, now: number): void => {
  const absent = scope.filter((one) => !token.scope.includes(one))
  if (absent.length > 0)
    throw new Broken(
      'insufficient_scope',
      'scope',
      `the token has the scope ${quoted(token.scope.join(' '))}, this route needs ${quoted(absent.join(' '))} too: ask for it at the authorization endpoint`,
    )
  if (acr && !acr.includes(token.acr ?? ''))
    throw new Broken(
      'insufficient_user_authentication',
      'acr',
      `acr is ${quoted(token.acr)}, this route needs ${acr.join(' or ')}: send the person to log in with acr_values`,
    )
  if (maxAge !== undefined && !(token.auth_time !== undefined && now - token.auth_time <= maxAge))
    throw new Broken(
      'insufficient_user_authentication',
      'max_age',
      `auth_time is ${quoted(token.auth_time)}, this route needs a login within ${maxAge} s: send the person to log in with max_age`,
    )
}
