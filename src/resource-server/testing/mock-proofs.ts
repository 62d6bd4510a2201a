import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

type Claims = Readonly<Record<string, unknown>>

/** A key of a client, which proves by it that a token is its own (RFC 9449). */
export type ProofKey = {
  /** What a token is bound to: `issue({ cnf: { jkt } })`. */
  readonly jkt: string
  /** The public key. */
  readonly jwk: JWK
  /** For one request; a claim or header given as undefined is left out. */
  proof(request: ProofRequest): Promise<string>
  /** `Authorization` and `DPoP` for one request. */
  headers(request: ProofRequest & { readonly token: string }): Promise<{ authorization: string; dpop: string }>
}

export type ProofRequest = {
  readonly url: string
  /** GET by default. */
  readonly method?: string
  readonly token?: string
  readonly nonce?: string
  /** In place of what would be said. */
  readonly claims?: Claims
  readonly header?: Claims
}

export const aProofKey = async (seconds: () => number, alg = 'ES256'): Promise<ProofKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const jkt = await calculateJwkThumbprint(jwk)
  let made = 0
  const proof = ({ url, method = 'GET', token, nonce, claims = {}, header = {} }: ProofRequest): Promise<string> => {
    made += 1
    const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
    const said = { jti: `${jkt}.${made}`, htm: method, htu: url, iat: Math.floor(seconds()), ath, nonce, ...claims }
    return new SignJWT(said).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header }).sign(privateKey)
  }
  return {
    jkt,
    jwk,
    proof,
    headers: async (request) => ({ authorization: `DPoP ${request.token}`, dpop: await proof(request) }),
  }
}
