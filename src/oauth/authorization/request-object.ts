import type { JWTPayload } from 'jose'
import { numericDate } from '../../clock.ts'
import type { Client } from '../client.ts'
import type { KeysOf } from '../client-authentication/keys.ts'
import { type Kind, skew, verifyClientJwt } from '../client-jwt.ts'
import { OAuthError } from '../errors.ts'
import { algorithmsOf, isOfProfile } from '../profile.ts'

export type RequestObjectDependencies = { readonly issuer: string; readonly keysOf: KeysOf; readonly now: Date }

const invalidRequestObject = (reason: string) =>
  new OAuthError(
    'invalid_request_object',
    'The request object is not signed by this client, not alive, or not meant for this server (RFC 9101 §6).',
    reason,
  )

/**
 * An `exp` is asked of those who have to sign. Who may send the same parameters unsigned gains nothing by keeping an object,
 * and OIDC Core §6.1 knows none that must have one.
 */
const requestObjectOf = (client: Client): Kind => ({
  name: 'request object',
  // RFC 9101 §10.8: its own type, the one that JWTs had before, or none; an assertion or a logout token is none.
  types: ['oauth-authz-req+jwt', 'jwt'],
  required: ['client_id', ...(client.require_signed_request_object || isOfProfile(client) ? ['exp'] : [])],
  refuse: invalidRequestObject,
})

/** Seconds. FAPI 2.0 Message Signing §5.3.1: "shall require ... an nbf claim that is no longer than 60 minutes in the past". */
const oldest = 3600
/** Seconds from `nbf` on, by the same clock. §5.3.1: "a lifetime of no longer than 60 minutes after the nbf claim". */
const longestLife = 3600

/** Of the JWT itself, RFC 7519 §4.1; the rest are parameters. */
const ofTheJwt: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/**
 * RFC 9101 §6: the parameters that the client has signed. They are all there are: nothing that stood beside the object
 * adds to them (§6.3), although OIDC Core §6.1 would let it.
 * @throws OAuthError `invalid_request_object`
 */
export const openRequestObject = async (
  jwt: string,
  client: Client,
  deps: RequestObjectDependencies,
): Promise<URLSearchParams> => {
  const algorithms = algorithmsOf(client, client.request_object_signing_alg)
  const claims = await verifyClientJwt(jwt, client, algorithms, requestObjectOf(client), deps)
  if (![claims.aud].flat().includes(deps.issuer)) throw invalidRequestObject('the request object is for another server')
  checkSpan(claims, client, deps.now)
  if (claims.client_id !== client.client_id) throw invalidRequestObject('the client_id inside is not the one outside')
  // RFC 9101 §10.8: the client ID is never the sub of a request object: what asks here would prove the client elsewhere.
  if (claims.sub === client.client_id) throw invalidRequestObject('its sub is the client, as in an assertion')
  // RFC 9101 §4: "request and request_uri parameters MUST NOT be included in Request Objects."
  if ('request' in claims || 'request_uri' in claims) throw invalidRequestObject('it holds another request object')
  const parameters = Object.entries(claims).filter(([name]) => !ofTheJwt.has(name))
  return new URLSearchParams(parameters.flatMap(([name, value]) => texts(value).map((text) => [name, text])))
}

const checkSpan = ({ nbf, exp }: JWTPayload, client: Client, now: Date): void => {
  if (nbf === undefined && isOfProfile(client)) throw invalidRequestObject('the request object has no nbf')
  if (nbf !== undefined && nbf < numericDate(now) - oldest - skew)
    throw invalidRequestObject('the nbf of the request object is too long ago')
  if (nbf !== undefined && exp !== undefined && isOfProfile(client) && exp > nbf + longestLife)
    throw invalidRequestObject('the exp of the request object is too long after its nbf')
}

/** RFC 9101 §4: strings, numbers, and JSON for what is JSON as a parameter too; a list is a parameter that is repeated. */
const texts = (value: unknown): readonly string[] => {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.flatMap(texts)
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}
