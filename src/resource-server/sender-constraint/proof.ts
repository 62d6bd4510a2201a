import { createHash } from 'node:crypto'
import { compactVerify, decodeProtectedHeader, type JWK } from 'jose'
import { isObject } from '../exchange.ts'
import { unfit } from '../key-kind.ts'
import { Broken, proofAlgorithms, quoted } from '../refusal.ts'
import type { createProofKeys, ProofKey } from './proof-keys.ts'
import { isSameTarget } from './target.ts'

/** Seconds that a proof may be old or early: the clock of an app and the way to here. */
const longestAge = 60
const skew = 30
/** Seconds from its use. Also a proof that came early, at a replica whose clock is behind. */
export const remembered = longestAge + 2 * skew
const longest = { proof: 8 * 1024, jti: 512 }

/** The request that a proof was sent with. */
export type ProvenRequest = {
  readonly proof: string
  readonly method: string
  readonly target: string
  readonly accessToken: string
  /** Seconds since the epoch. */
  readonly now: number
}

export type Proof = {
  /** RFC 7638 thumbprint of the key. */
  readonly jkt: string
  readonly nonce: unknown
  /** For the memory of used proofs. */
  readonly id: string
  readonly until: Date
}

type ProofKeys = ReturnType<typeof createProofKeys>

const broken = (reason: string) => new Broken('invalid_dpop_proof', 'proof', `the DPoP proof: ${reason}`)

/**
 * RFC 9449 §4.3, but for the nonce and for the single use, which are last.
 * @throws Broken
 */
export const readProof = async (
  { proof, method, target, accessToken, now }: ProvenRequest,
  keys: ProofKeys,
): Promise<Proof> => {
  if (proof.length > longest.proof) throw broken(`it is longer than ${longest.proof} characters`)
  const { jwk, alg } = keyIn(proof)
  const { key, jkt } = await keys(jwk, alg).catch(() => {
    throw broken('its jwk is no key')
  })
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = await claimsUnder(key, alg, proof)

  if (typeof jti !== 'string' || jti === '' || jti.length > longest.jti) throw broken(`jti is ${quoted(jti)}`)
  if (htm !== method) throw broken(`htm is ${quoted(htm)}, the method of the request is ${method}`)
  if (typeof htu !== 'string' || !isSameTarget(target, htu))
    throw broken(
      `htu is ${quoted(htu)}, this guard was called at ${quoted(target)}: publicUrl must be what clients call`,
    )
  if (typeof iat !== 'number') throw broken(`iat is ${quoted(iat)}, not a number of seconds`)
  if (iat < now - longestAge || iat > now + skew)
    throw broken(`iat is ${Math.round(now - iat)} s ago: make a new proof for each request, and compare the clocks`)
  // Not asked for, but where they stand they hold (RFC 7519 §4.1.4, §4.1.5).
  if (exp !== undefined && !(typeof exp === 'number' && now < exp + skew)) throw broken(`exp is ${quoted(exp)}`)
  if (nbf !== undefined && !(typeof nbf === 'number' && now >= nbf - skew)) throw broken(`nbf is ${quoted(nbf)}`)
  const hash = createHash('sha256').update(accessToken).digest('base64url')
  if (ath !== hash) throw broken(`ath is ${quoted(ath)}, not the SHA-256 of the access token it came with`)

  const id = createHash('sha256')
    .update(JSON.stringify([jkt, htu, jti]))
    .digest('base64url')
  return { jkt, nonce, id, until: new Date((now + remembered) * 1000) }
}

const keyIn = (proof: string): { readonly jwk: JWK; readonly alg: string } => {
  const { typ, alg, jwk, crit } = headerOf(proof)
  const kind = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (kind !== 'dpop+jwt') throw broken(`typ is ${quoted(typ)}, expected "dpop+jwt"`)
  if (typeof alg !== 'string' || !proofAlgorithms.some((one) => one === alg))
    throw broken(`alg is ${quoted(alg)}, this guard accepts ${proofAlgorithms.join(', ')}`)
  if (crit !== undefined) throw broken(`crit asks for ${quoted(crit)}, which this guard does not understand`)
  if (!isObject(jwk)) throw broken('its header has no jwk')
  // RFC 9449 §4.3, 7
  if ('d' in jwk || 'k' in jwk) throw broken('its jwk holds a private key, which is nobody’s secret any more')
  const known: JWK = {}
  for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e', 'use', 'alg'] as const) {
    const value = jwk[name]
    if (typeof value === 'string') known[name] = value
  }
  const why = unfit(known, alg)
  if (why !== undefined) throw broken(`its jwk does not do: ${why}`)
  return { jwk: known, alg }
}

const headerOf = (proof: string) => {
  try {
    return decodeProtectedHeader(proof)
  } catch {
    throw broken('it is not a JWT')
  }
}

const claimsUnder = async (
  key: ProofKey['key'],
  alg: string,
  proof: string,
): Promise<Readonly<Record<string, unknown>>> => {
  try {
    const { payload } = await compactVerify(proof, key, { algorithms: [alg] })
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    if (isObject(claims)) return claims
  } catch {
    // Whatever jose found wrong, the client has to make another proof.
    throw broken('its signature is not of the key in its header')
  }
  throw broken('its payload is not a JSON object')
}
