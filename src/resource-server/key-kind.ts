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
  return kty === 'RSA' ? weakOrSlow(jwk) : undefined
}

/** To verify takes the longer, the larger the exponent: one as long as the modulus, a hundred times. */
const largestExponent = 2n ** 32n

const weakOrSlow = ({ n = '', e = '' }: JWK): string | undefined => {
  // RFC 7518 §3.3: 2048 bits or more; 342 characters hold 256 bytes, and 1366 hold 1024.
  if (n.length < 342) return 'it has fewer than 2048 bits'
  if (n.length > 1366) return 'it has more than 8192 bits'
  const exponent = BigInt(`0x0${Buffer.from(e, 'base64url').toString('hex')}`)
  return exponent < 3n || exponent > largestExponent || exponent % 2n === 0n ? 'its exponent is unusual' : undefined
}
