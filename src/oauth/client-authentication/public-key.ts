import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../client.ts'

/** Members of RFC 7518 §6 that only a private or symmetric key has. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** RFC 8032 §5.1: y-coordinates of the points of small order, under which one signature fits every message. */
const smallOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** A signature takes as long to verify as this has bits, and who chose them has not authenticated yet. F4 is 65537. */
export const largestExponent = 2n ** 32n
export const longestModulus = 8192

/** Why a client's key cannot be used to verify its signatures, or undefined when it can. RFC 7518 §3, RFC 8725 §3.5. */
export const keyProblem = (jwk: JWK): string | undefined => {
  if (jwk.kty === 'oct') return 'is symmetric'
  if (secretMembers.some((member) => member in jwk)) return 'contains private members'
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'is not for signatures'
  const key = imported(jwk)
  if (!key) return 'is not a valid public key'
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength === undefined || modulusLength < 2048 || modulusLength > longestModulus)
      return `is RSA with less than 2048 or more than ${longestModulus} bits`
    if (publicExponent === undefined || publicExponent < 3n || publicExponent % 2n === 0n)
      return 'has a weak RSA exponent'
    return publicExponent > largestExponent ? 'has an RSA exponent of more than 32 bits' : undefined
  }
  if (key.asymmetricKeyType === 'ec') return jwk.crv === 'P-256' ? undefined : 'is on a curve other than P-256'
  if (key.asymmetricKeyType === 'ed25519') return isSmallOrder(jwk) ? 'is a point of small order' : undefined
  return 'is of a kind that is not supported'
}

/** Whether a key is of the kind an algorithm wants, and does not say that it is for another. */
export const fits = (jwk: JWK, algorithm: SigningAlgorithm): boolean => {
  if (jwk.alg !== undefined && jwk.alg !== algorithm && !(jwk.alg === 'Ed25519' && algorithm === 'EdDSA')) return false
  if (algorithm === 'RS256' || algorithm === 'PS256') return jwk.kty === 'RSA'
  return algorithm === 'ES256' ? jwk.kty === 'EC' && jwk.crv === 'P-256' : jwk.kty === 'OKP' && jwk.crv === 'Ed25519'
}

const imported = (jwk: JWK): KeyObject | undefined => {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined // not a key, or a point that is not on its curve
  }
}

const isSmallOrder = (jwk: JWK): boolean => {
  const y = Buffer.from(jwk.x ?? '', 'base64url')
  if (y.length !== 32) return true
  y.writeUInt8(y.readUInt8(31) & 0x7f, 31) // the highest bit is the sign of x
  return smallOrder.has(y.toString('hex'))
}
