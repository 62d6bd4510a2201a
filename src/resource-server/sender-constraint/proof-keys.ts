import { calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import type { VerificationKey } from '../key-set.ts'

export type ProofKey = { readonly key: VerificationKey /** RFC 7638. */; readonly jkt: string }

/** Of clients that come again and again; a stranger's costs no more than it did. */
const most = 1_000

/** Public keys as they stand in proofs, made ready once: that takes longer than to verify with them. */
export const createProofKeys = () => {
  const known = new Map<string, ProofKey>()
  return async (jwk: JWK, alg: string): Promise<ProofKey> => {
    const name = JSON.stringify([alg, jwk.kty, jwk.crv, jwk.x, jwk.y, jwk.n, jwk.e])
    const ready = known.get(name) ?? { key: await importJWK(jwk, alg), jkt: await calculateJwkThumbprint(jwk) }
    // A Map keeps the order of insertion, so the first is the one that was not used for longest.
    known.delete(name)
    known.set(name, ready)
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
    return ready
  }
}
