import { createHash, timingSafeEqual } from 'node:crypto'
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { later, numericDate } from '../../clock.ts'
import { isRecord } from '../../record.ts'
import type { SigningAlgorithm } from '../client.ts'
import { fits, keyProblem } from '../client-authentication/public-key.ts'
import { OAuthError } from '../errors.ts'
import type { ReplayStore } from '../stores.ts'
import type { Nonces } from './nonce.ts'
import { sameTarget } from './target.ts'

/** Not RS256: FAPI 2.0 §5.4 forbids it, and whoever makes a key for DPoP chooses it anew. `Ed25519` is EdDSA, RFC 9864. */
export const proofAlgorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const

/** Seconds that a proof may be old or early: the clock of an app and the way to us. FAPI 2.0 §5.3.2.1 asks for 10. */
const longestAge = 60
const skew = 30
const longestProof = 8 * 1024
const longestJti = 512

/** The request that a proof was sent with. */
export type ProvenRequest = {
  /** Every value that was sent as `DPoP`. */
  readonly proofs: readonly string[]
  readonly method: string
  /** By which this endpoint may be called. */
  readonly urls: readonly string[]
  /** Of a request that shows one. */
  readonly accessToken?: string | undefined
}

/** A proof that holds, and was not counted as used yet. */
export type Proof = {
  /** RFC 7638 thumbprint of the key. */
  readonly jkt: string
  readonly jti: string
  readonly htu: string
}

export type ProofDependencies = { readonly nonces: Nonces; readonly now: Date }

/**
 * RFC 9449 §4.3, its checks by their numbers, but for the single use of a `jti`.
 * @returns undefined where there is no proof
 * @throws OAuthError `invalid_dpop_proof`, `use_dpop_nonce`
 */
export const checkProof = async (request: ProvenRequest, deps: ProofDependencies): Promise<Proof | undefined> => {
  const [proof, ...more] = request.proofs
  if (proof === undefined) return undefined
  if (more.length > 0) throw refused('1: more than one DPoP header')
  if (proof.length > longestProof) throw refused('2: the proof is too long')
  const { jwk, algorithm } = keyIn(proof)
  const claims = await claimsUnder(jwk, algorithm, proof, deps.now)

  const { htm, htu, jti, iat, nonce, ath } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > longestJti) throw refused('3: no jti, or a very long one')
  if (htm !== request.method) throw refused('8: htm is not the method of the request')
  if (typeof htu !== 'string' || !request.urls.some((url) => sameTarget(url, htu)))
    throw refused('9: htu is not the address that was called')
  if (iat === undefined || iat < numericDate(deps.now) - longestAge) throw refused('11: the proof is too old')
  if (iat > numericDate(deps.now) + skew) throw refused('11: the proof is from the future')
  if (request.accessToken !== undefined && !isHashOf(ath, request.accessToken))
    throw refused('12a: ath is not the hash of the access token')
  // Last: who is told to come again with a nonce should succeed with it.
  deps.nonces.check(nonce, deps.now)
  return { jkt: await calculateJwkThumbprint(jwk), jti, htu }
}

/**
 * RFC 9449 §11.1: once, on every replica. After everything else was checked, or anybody could spend what is another's.
 * @throws OAuthError `invalid_dpop_proof`
 */
export const spendProof = async ({ jkt, jti, htu }: Proof, replays: ReplayStore, now: Date): Promise<void> => {
  const hash = createHash('sha256')
    .update(JSON.stringify(['dpop', jkt, htu, jti]))
    .digest()
  // The clocks of two replicas may differ, too; and the second in which it is too old has to end.
  if (!(await replays.first(hash, later(now, longestAge + 1 + 2 * skew), now)))
    throw refused('the proof was used before')
}

type Key = { readonly jwk: JWK; readonly algorithm: SigningAlgorithm }

const keyIn = (proof: string): Key => {
  const header = headerOf(proof)
  const named = proofAlgorithms.find((name) => name === header.alg)
  if (named === undefined) throw refused('5: the algorithm is not one that is served')
  const algorithm = named === 'Ed25519' ? 'EdDSA' : named
  if ('crit' in header || 'b64' in header) throw refused('2: the proof has a critical header')
  const jwk: unknown = header.jwk
  if (!isRecord(jwk)) throw refused('3: there is no jwk')
  const { kty, crv, x, y, n, e } = jwk
  // The thumbprint is of these alone, and so is the key: what else is said beside them is of no account but where it is wrong.
  const problem = keyProblem(jwk)
  if (problem !== undefined) throw refused(`7: the jwk ${problem}`)
  if (!fits(jwk, algorithm)) throw refused('6: the jwk is for another algorithm')
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === 'string')
  return { jwk: Object.fromEntries(members), algorithm }
}

const headerOf = (proof: string) => {
  try {
    return decodeProtectedHeader(proof)
  } catch {
    throw refused('2: the proof is not a JWT')
  }
}

const claimsUnder = async (jwk: JWK, algorithm: SigningAlgorithm, proof: string, now: Date): Promise<JWTPayload> => {
  try {
    const { payload } = await jwtVerify(proof, await importJWK({ ...jwk }, algorithm), {
      typ: 'dpop+jwt',
      algorithms: algorithm === 'EdDSA' ? [algorithm, 'Ed25519'] : [algorithm],
      requiredClaims: ['jti', 'htm', 'htu', 'iat'],
      // RFC 7519 §4.1.4: not asked for here, but where they stand they hold.
      clockTolerance: skew,
      currentDate: now,
    })
    return payload
  } catch (error) {
    throw refused(`2-6: ${error instanceof Error ? error.message : 'not valid'}`)
  }
}

const isHashOf = (ath: unknown, accessToken: string): boolean => {
  if (typeof ath !== 'string') return false
  const expected = Buffer.from(createHash('sha256').update(accessToken).digest('base64url'))
  const sent = Buffer.from(ath)
  return sent.length === expected.length && timingSafeEqual(sent, expected)
}

const refused = (check: string) =>
  new OAuthError(
    'invalid_dpop_proof',
    'The DPoP proof is malformed, for another request, expired or used before (RFC 9449 §4.3).',
    `DPoP proof, check ${check}`,
  )
