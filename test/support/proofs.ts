import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose'

export type Proving = {
  readonly htm?: string
  readonly htu: string
  /** The clock by which it is made. */
  readonly now: Date
  /** Of a request that shows one. */
  readonly accessToken?: string
  readonly nonce?: string
  /** In place of what would be said; undefined leaves it out. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly signedBy?: KeyObject
}

export type ProofKey = {
  readonly jwk: JWK
  readonly jkt: string
  readonly privateKey: KeyObject
  prove(request: Proving): Promise<string>
}

const generated = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  Ed25519: () => generateKeyPairSync('ed25519'),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

/** RFC 9449 §4.2: a key of an app, and the proofs it signs. */
export const aProofKey = async (alg: keyof typeof generated = 'ES256'): Promise<ProofKey> => {
  const { publicKey, privateKey } = generated[alg]()
  const jwk: JWK = publicKey.export({ format: 'jwk' })
  return {
    jwk,
    jkt: await calculateJwkThumbprint(jwk),
    privateKey,
    prove({ htm = 'POST', htu, now, accessToken, nonce, claims = {}, header = {}, signedBy = privateKey }) {
      const ath = accessToken === undefined ? undefined : createHash('sha256').update(accessToken).digest('base64url')
      const said = { jti: randomUUID(), htm, htu, iat: Math.floor(now.getTime() / 1000), ath, nonce, ...claims }
      return new SignJWT(said).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header }).sign(signedBy)
    },
  }
}
