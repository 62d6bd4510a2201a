import type { Settings } from './options.ts'
import { Broken, quoted, type Rule } from './refusal.ts'

/** RFC 9068 §2.2; `sid` of OpenID Connect, `acr` and `auth_time` of RFC 9470 §6. */
export type Token = {
  readonly iss: string
  /** The person; the client itself where no person is involved. */
  readonly sub: string
  readonly aud: readonly string[]
  readonly client_id: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly scope: readonly string[]
  readonly sid?: string
  readonly acr?: string
  readonly auth_time?: number
  /** All of it, as it was signed. */
  readonly claims: Readonly<Record<string, unknown>>
}

type Claims = Readonly<Record<string, unknown>>
const broken = (rule: Rule, reason: string) => new Broken('invalid_token', rule, reason)

/** After an act the issuer stamps tokens up to so many seconds ahead, so that the login after it is honoured at once. */
const stampedAhead = 3

/**
 * RFC 9068 §4, after the signature.
 * @throws Broken
 */
export const readAccessToken = (claims: Claims, settings: Settings): Token => {
  const { issuer, audience, clockTolerance: tolerance } = settings
  const now = settings.seconds()
  if (claims.iss !== issuer) throw broken('iss', `iss is ${quoted(claims.iss)}, this guard expects ${quoted(issuer)}`)
  const aud = audienceOf(claims.aud)
  if (!aud.some((one) => audience.includes(one)))
    throw broken(
      'aud',
      `aud is ${quoted(claims.aud)}, this guard expects ${quoted(audience.length === 1 ? audience[0] : audience)}: ask for the token with resource=${audience[0]}`,
    )
  const exp = instantOf(claims, 'exp')
  if (now >= exp + tolerance)
    throw broken('exp', `it expired ${Math.round(now - exp)} s ago (tolerance ${tolerance} s): refresh it`)
  const iat = instantOf(claims, 'iat')
  if (iat > now + tolerance + stampedAhead) throw broken('iat', ahead('issued', iat - now))
  if (claims.nbf !== undefined && instantOf(claims, 'nbf') > now + tolerance)
    throw broken('nbf', ahead('valid', instantOf(claims, 'nbf') - now))

  const { sid, acr, auth_time } = claims
  return {
    iss: issuer,
    sub: textOf(claims, 'sub'),
    aud,
    client_id: textOf(claims, 'client_id'),
    jti: textOf(claims, 'jti'),
    iat,
    exp,
    scope: scopeOf(claims.scope),
    ...(typeof sid === 'string' && { sid }),
    ...(typeof acr === 'string' && { acr }),
    ...(typeof auth_time === 'number' && { auth_time }),
    claims,
  }
}

const ahead = (what: string, seconds: number): string =>
  `it is ${what} ${Math.round(seconds)} s from now: compare the clocks of this machine and of the issuer`

const audienceOf = (aud: unknown): readonly string[] => {
  if (typeof aud === 'string') return [aud]
  if (Array.isArray(aud) && aud.every((one): one is string => typeof one === 'string')) return aud
  throw broken('aud', `aud is ${quoted(aud)}, neither a string nor a list of strings`)
}

const instantOf = (claims: Claims, name: 'exp' | 'iat' | 'nbf'): number => {
  const value = claims[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw broken(name, `${name} is ${quoted(value)}, not a number of seconds`)
}

const textOf = (claims: Claims, name: 'sub' | 'client_id' | 'jti'): string => {
  const value = claims[name]
  if (typeof value === 'string' && value !== '') return value
  throw broken('claims', `${name} is ${quoted(value)}, and RFC 9068 requires it: this is not an access token for APIs`)
}

const scopeOf = (scope: unknown): readonly string[] => {
  if (scope === undefined) return []
  if (typeof scope === 'string') return scope.split(' ').filter((one) => one !== '')
  throw broken('claims', `scope is ${quoted(scope)}, not a string`)
}
