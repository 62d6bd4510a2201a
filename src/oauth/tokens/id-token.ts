import { createHash } from 'node:crypto'
import { later, numericDate } from '../../clock.ts'
import type { SigningAlgorithm } from '../client.ts'
import type { HonouredFamily } from '../stores.ts'

export type IdToken = {
  readonly family: HonouredFamily
  /** By which the client knows the person. */
  readonly subject: string
  /** By which it knows the session. */
  readonly sid: string
  readonly nonce: string | undefined
  readonly accessToken: string
  /** Of the pair it came with. */
  readonly issuedAt: Date
  readonly algorithm: SigningAlgorithm
  /** Seconds. */
  readonly lifetime: number
  /** The claims about the person that were asked into the ID token itself, OIDC Core §5.5. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** OIDC Core §2. The protocol's own claims come last, so that no claim about a person can take their place. */
export const idTokenClaims = (issuer: string, { family, ...token }: IdToken) => ({
  ...token.claims,
  iss: issuer,
  sub: token.subject,
  aud: family.clientId,
  iat: numericDate(token.issuedAt),
  exp: numericDate(later(token.issuedAt, token.lifetime)),
  auth_time: numericDate(family.authTime),
  acr: family.acr,
  amr: family.amr,
  sid: token.sid,
  at_hash: halfHash(token.accessToken, token.algorithm),
  ...(token.nonce !== undefined && { nonce: token.nonce }),
})

/** OIDC Core §3.1.3.6: the left half of the hash that the signature's algorithm uses; Ed25519 uses SHA-512. */
const halfHash = (token: string, algorithm: SigningAlgorithm): string => {
  const digest = createHash(algorithm === 'EdDSA' ? 'sha512' : 'sha256')
    .update(token, 'ascii')
    .digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
