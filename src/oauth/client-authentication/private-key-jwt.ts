import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { later, numericDate } from '../../clock.ts'
import { type Client, type SigningAlgorithm, signingAlgorithms } from '../client.ts'
import { invalidClient } from '../errors.ts'
import type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'
import { fits, keyProblem } from './public-key.ts'

/** RFC 9864 §2.2: `Ed25519` says what `EdDSA` leaves open. Newer libraries sign under that name alone. */
const fullySpecified = 'Ed25519'
export const assertionAlgorithms = [...signingAlgorithms, fullySpecified] as const

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Seconds that two clocks may differ. */
const skew = 30
/** Seconds: one who holds an assertion of a year's life holds a password. */
const longestLife = 3600
const longestAssertion = 16 * 1024
/** RFC 8725 §3.11: what says that it is another kind of JWT is not an assertion. */
const types: ReadonlySet<string> = new Set(['jwt', 'client-authentication+jwt'])

/** RFC 7523 §2.2, §3 and RFC 8725. */
export const privateKeyJwt: Method = {
  name: 'private_key_jwt',

  recognizes: ({ parameters }) =>
    parameters.optional('client_assertion') !== undefined || parameters.optional('client_assertion_type') !== undefined,

  clientIds: ({ parameters }) => {
    if (parameters.required('client_assertion_type') !== assertionType)
      throw invalidClient('client_assertion_type is not jwt-bearer')
    const { sub } = unverified(parameters.required('client_assertion')).payload
    if (typeof sub !== 'string') throw invalidClient('the assertion has no sub')
    return [sub]
  },

  async authenticate(request, client, deps) {
    if (!client) throw invalidClient('no client of that id may use private_key_jwt')
    const claims = await verified(request.parameters.required('client_assertion'), client, deps)
    checkAudience(claims.aud, client, request, deps)
    await spend(claims, client, deps)
  },
}

const unverified = (assertion: string) => {
  if (assertion.length > longestAssertion) throw invalidClient('the assertion is too long')
  try {
    return { header: decodeProtectedHeader(assertion), payload: decodeJwt(assertion) }
  } catch {
    throw invalidClient('the assertion is not a JWT')
  }
}

type Acceptable = { readonly algorithm: SigningAlgorithm; readonly kid: string | undefined }

/** What the header may say. `jku`, `x5u`, `jwk` and `x5c` are never looked at: the keys are those of the registration. */
const checkHeader = (assertion: string, client: Client): Acceptable => {
  const { header } = unverified(assertion)
  const allowed = client.token_endpoint_auth_signing_alg ? [client.token_endpoint_auth_signing_alg] : signingAlgorithms
  const named = header.alg === fullySpecified ? 'EdDSA' : header.alg
  const algorithm = allowed.find((name) => name === named)
  if (!algorithm) throw invalidClient('the algorithm of the assertion is not allowed to this client')
  if ('crit' in header || 'b64' in header) throw invalidClient('the assertion has a critical header')
  const { typ, kid } = header
  if (typ !== undefined && !(typeof typ === 'string' && types.has(typ.toLowerCase().replace(/^application\//, ''))))
    throw invalidClient('the assertion is a JWT of another kind')
  if (kid !== undefined && typeof kid !== 'string') throw invalidClient('the kid of the assertion is not a string')
  return { algorithm, kid }
}

const verified = async (assertion: string, client: Client, deps: AuthenticationDependencies): Promise<JWTPayload> => {
  const { algorithm, kid } = checkHeader(assertion, client)
  const usable = (keys: readonly JWK[]) =>
    keys.filter(
      (key) => (kid === undefined || key.kid === kid) && fits(key, algorithm) && keyProblem(key) === undefined,
    )

  let keys = usable(await deps.keysOf(client))
  // The client may have rotated its keys.
  if (keys.length === 0 && client.jwks_uri !== undefined) keys = usable(await deps.keysOf(client, { refetch: true }))
  for (const key of keys) {
    const claims = await claimsUnder(key, algorithm, assertion, client, deps.now)
    if (claims) return claims
  }
  throw invalidClient(keys.length === 0 ? 'the client has no key for the assertion' : 'wrong signature')
}

/** Undefined when the signature is of another key. */
const claimsUnder = async (
  key: JWK,
  algorithm: SigningAlgorithm,
  assertion: string,
  client: Client,
  now: Date,
): Promise<JWTPayload | undefined> => {
  try {
    const { payload } = await jwtVerify(assertion, await importJWK({ ...key }, algorithm), {
      algorithms: algorithm === 'EdDSA' ? [algorithm, fullySpecified] : [algorithm],
      issuer: client.client_id,
      subject: client.client_id,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'jti'],
      clockTolerance: skew,
      currentDate: now,
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined
    throw invalidClient(`the assertion is not valid: ${error instanceof Error ? error.message : 'unknown error'}`)
  }
}

/** An audience that another server shares lets that server use the assertion here: RFC 7523bis §4, FAPI 2.0 §5.3.2.1. */
const checkAudience = (
  aud: JWTPayload['aud'],
  client: Client,
  { endpoint }: ClientRequest,
  { issuer }: AuthenticationDependencies,
): void => {
  if (client.assertion_audience === 'issuer') {
    if (aud !== issuer) throw invalidClient('the aud of the assertion is not the issuer, as one string')
    return
  }
  if (![aud].flat().some((value) => value === issuer || value === endpoint))
    throw invalidClient('the aud of the assertion is neither the issuer nor this endpoint')
}

/** RFC 7523 §3: once. Only after the signature was checked, or anybody could spend the `jti` of another. */
const spend = async (
  { iat, exp, jti }: JWTPayload,
  client: Client,
  { replays, now }: AuthenticationDependencies,
): Promise<void> => {
  const today = numericDate(now)
  if (exp === undefined || exp > today + longestLife + skew) throw invalidClient('the assertion lives for too long')
  if (iat !== undefined && !(typeof iat === 'number' && iat <= today + skew))
    throw invalidClient('the assertion was issued in the future')
  if (typeof jti !== 'string' || jti === '') throw invalidClient('the assertion has no jti')

  const hash = createHash('sha256')
    .update(JSON.stringify([client.client_id, jti]))
    .digest()
  const seconds = Math.ceil(exp) - today + skew + 1
  if (!(await replays.first(hash, later(now, seconds), now))) throw invalidClient('the assertion was used before')
}
