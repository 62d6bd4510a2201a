import type { JWK } from 'jose'

const kinds: Readonly<Record<string, readonly [kty: string, crv: string | undefined]>> = {
  RS256: ['RSA', undefined],
  PS256: ['RSA', undefined],
  ES256: ['EC', 'P-256'],
  EdDSA: ['OKP', 'Ed25519'],
  // RFC 9864 §2.2: the same, named in full.
  Ed25519: ['OKP', 'Ed25519'],
}

/** @returns why a public key may not be used with an algorithm, or undefined where it may */
export const unfit = (jwk: JWK, algorithm: string): string | undefined => {
  if (jwk.use !== undefined && jwk.use !== 'sig') return `its use is ${jwk.use}`
  const [kty, crv] = kinds[algorithm] ?? []
  // RFC 8725 §3.1: a key is used with the one algorithm that it was made for.
  if ((jwk.alg !== undefined && jwk.alg !== algorithm) || jwk.kty !== kty || (crv && jwk.crv !== crv))
    return `it is a key for ${jwk.alg ?? jwk.kty}, not for ${algorithm}`
  // RFC 7518 §3.3: 2048 bits or more; 342 characters hold 256 bytes.
  if (kty === 'RSA' && (jwk.n?.length ?? 0) < 342) return 'it has fewer than 2048 bits'
  return undefined
}
