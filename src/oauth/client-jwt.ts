import { decodeJwt, decodeProtectedHeader, errors, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { numericDate } from '../clock.ts'
import { type Client, namesOf, type SigningAlgorithm } from './client.ts'
import type { KeysOf } from './client-authentication/keys.ts'
import { fits, keyProblem } from './client-authentication/public-key.ts'
import { OAuthError } from './errors.ts'

/** Seconds that two clocks may differ. FAPI 2.0 §5.3.2.1: 10 at least, and 60 are too many. */
export const skew = 30
/** Seconds: one who holds a JWT of a year's life holds a password. */
const longestLife = 3600
const longest = 16 * 1024
/** Keys that a signature is held against. Who has more of one kind names the one by its `kid`. */
const mostTried = 4

/** One kind of JWT that clients sign: an assertion (RFC 7523), a request object (RFC 9101). */
export type Kind = {
  /** In the log's reasons. */
  readonly name: string
  /** RFC 8725 §3.11: what says that it is another kind of JWT is none of this. Lower case, without `application/`. */
  readonly types: readonly string[]
  /** Beside `iss` and `aud`. */
  readonly required: readonly string[]
  refuse(reason: string): OAuthError
}

/**
 * Its claims, of whoever has signed it.
 * @throws OAuthError of its kind
 */
export const unverifiedClaims = (jwt: string, kind: Kind): JWTPayload => unverified(jwt, kind).payload

const unverified = (jwt: string, { name, refuse }: Kind) => {
  if (jwt.length > longest) throw refuse(`the ${name} is too long`)
  try {
    return { header: decodeProtectedHeader(jwt), payload: decodeJwt(jwt) }
  } catch {
    throw refuse(`the ${name} is not a JWT`)
  }
}

/**
 * What the client has signed, with a key of its registration: issued by it, alive, and not for too long. Its audience and
 * its use are for the caller.
 * @param algorithms those of them that are allowed to the client
 * @throws OAuthError of its kind
 */
export const verifyClientJwt = async (
  jwt: string,
  client: Client,
  algorithms: readonly SigningAlgorithm[],
  kind: Kind,
  { keysOf, now }: { readonly keysOf: KeysOf; readonly now: Date },
): Promise<JWTPayload> => {
  const { algorithm, kid } = checkHeader(jwt, algorithms, kind)
  const usable = (keys: readonly JWK[]) =>
    keys
      .filter((key) => (kid === undefined || key.kid === kid) && fits(key, algorithm) && keyProblem(key) === undefined)
      .slice(0, mostTried)
  const read = async (refetch: boolean) => usable(await keysOf(client, { refetch }).catch(translatedBy(kind)))

  const tried = new Set<JWK>()
  const signedBy = async (keys: readonly JWK[]): Promise<JWTPayload | undefined> => {
    for (const key of keys) {
      if (tried.has(key)) continue
      tried.add(key)
      const claims = await claimsUnder(key, algorithm, jwt, client, kind, now)
      if (claims) return claims
    }
    return undefined
  }
  // The client may have rotated its keys; how often that is looked for, the edge bounds.
  const rotated = async () => (client.jwks_uri === undefined ? undefined : signedBy(await read(true)))
  const claims = (await signedBy(await read(false))) ?? (await rotated())
  if (!claims) throw kind.refuse(tried.size === 0 ? `the client has no key for the ${kind.name}` : 'wrong signature')
  return checkTimes(claims, kind, now)
}

const translatedBy =
  ({ refuse }: Kind) =>
  (error: unknown): never => {
    throw error instanceof OAuthError ? refuse(error.reason) : error
  }

type Acceptable = { readonly algorithm: SigningAlgorithm; readonly kid: string | undefined }

/** What the header may say. `jku`, `x5u`, `jwk` and `x5c` are never looked at: the keys are those of the registration. */
const checkHeader = (jwt: string, algorithms: readonly SigningAlgorithm[], kind: Kind): Acceptable => {
  const { name, types, refuse } = kind
  const { header } = unverified(jwt, kind)
  const algorithm = algorithms.find((allowed) => namesOf(allowed).some((name) => name === header.alg))
  if (!algorithm) throw refuse(`the algorithm of the ${name} is not allowed to this client`)
  if ('crit' in header || 'b64' in header) throw refuse(`the ${name} has a critical header`)
  const { typ, kid } = header
  if (
    typ !== undefined &&
    !(typeof typ === 'string' && types.includes(typ.toLowerCase().replace(/^application\//, '')))
  )
    throw refuse(`the ${name} is a JWT of another kind`)
  if (kid !== undefined && typeof kid !== 'string') throw refuse(`the kid of the ${name} is not a string`)
  return { algorithm, kid }
}

/** Undefined when the signature is of another key. */
const claimsUnder = async (
  key: JWK,
  algorithm: SigningAlgorithm,
  jwt: string,
  client: Client,
  { name, required, refuse }: Kind,
  now: Date,
): Promise<JWTPayload | undefined> => {
  try {
    const { payload } = await jwtVerify(jwt, await importJWK({ ...key }, algorithm), {
      algorithms: [...namesOf(algorithm)],
      issuer: client.client_id,
      requiredClaims: ['iss', 'aud', ...required],
      clockTolerance: skew,
      currentDate: now,
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined
    throw refuse(`the ${name} is not valid: ${error instanceof Error ? error.message : 'unknown error'}`)
  }
}

/** jose has looked at `exp` and `nbf` against now: here, how far apart they are. */
const checkTimes = (claims: JWTPayload, { name, refuse }: Kind, now: Date): JWTPayload => {
  const today = numericDate(now)
  const { exp, iat } = claims
  if (exp !== undefined && exp > today + longestLife + skew) throw refuse(`the ${name} lives for too long`)
  if (iat !== undefined && !(typeof iat === 'number' && iat <= today + skew))
    throw refuse(`the ${name} was issued in the future`)
  return claims
}
