import type { Token } from './access-token.ts'
import { isObject } from './exchange.ts'
import { mistakesIn, type Shape, type Shapes } from './mistakes.ts'
import { Broken, type Demand, quoted } from './refusal.ts'

type Asked = {
  readonly scope?: string | readonly string[] | undefined
  /** One of these. */
  readonly acr?: string | readonly string[] | undefined
  /** Seconds since the person has logged in. */
  readonly maxAge?: number | undefined
}

/** What a route asks of a token: all of these scopes; and, by RFC 9470, how and how recently the person logged in. */
export type Requirement = string | readonly string[] | Asked

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === 'string' ? value.split(' ').filter((one) => one !== '') : (value ?? [])

const isList = (requirement: Requirement): requirement is readonly string[] => Array.isArray(requirement)

/** RFC 6749 §3.3 */
const areNames: Shape = [
  (value) =>
    typeof value === 'string'
      ? /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(value)
      : Array.isArray(value) &&
        value.every((one) => typeof one === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(one)),
  'be a text, with spaces between several, or a list of texts, of printable ASCII without " and \\',
]

const shapes: Shapes<Asked> = {
  scope: areNames,
  acr: areNames,
  maxAge: [(value) => typeof value === 'number' && value >= 0 && value < Infinity, 'be a number of seconds'],
}

/** @throws TypeError that names every mistake, at the start and not at the first request */
export const readRequirement = (requirement: Requirement = []): Demand => {
  const asked: Asked = typeof requirement === 'string' || isList(requirement) ? { scope: requirement } : requirement
  if (!isObject(asked)) throw new TypeError('requirement: it must be scopes, or an object with scope, acr or maxAge')
  const mistakes = mistakesIn(asked, shapes)
  if (mistakes.length > 0) throw new TypeError(`requirement: ${mistakes.join('; ')}`)
  const { maxAge } = asked
  const [scope, acr] = [listOf(asked.scope), listOf(asked.acr)]
  return {
    ...(scope.length > 0 && { scope }),
    ...(acr.length > 0 && { acr }),
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
