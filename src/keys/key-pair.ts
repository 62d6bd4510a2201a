import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import type { SigningAlgorithm } from '../oauth/client.ts'
import type { KeyPurpose, PublicJwk } from './stores.ts'

const generate = promisify(generateKeyPair)

/** A new private key. Its chance is OpenSSL's own: node offers no way to pass it in. */
export const generateKey = async (alg: SigningAlgorithm): Promise<KeyObject> => {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey
    case 'EdDSA':
      return (await generate('ed25519')).privateKey
  }
}

/** RFC 7518 §6, RFC 8037 §2: the public members of each key type, and no other member is ever copied. */
const publicMembers = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const

const publicPart = (key: KeyObject): Record<string, string> => {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  const members: Record<string, string> = {}
  for (const name of publicMembers) {
    const value = jwk[name]
    if (typeof value === 'string') members[name] = value
  }
  return members
}

/** The RFC 7638 thumbprint of a private or public key. */
export const thumbprint = (key: KeyObject): Promise<string> => calculateJwkThumbprint(publicPart(key), 'sha256')

/** A key of the feed says so: a verifier takes no access token from it (docs/revocation-feed.md). */
export const publicJwk = (key: KeyObject, kid: string, alg: SigningAlgorithm, purpose: KeyPurpose): PublicJwk => ({
  ...publicPart(key),
  kid,
  alg,
  use: 'sig',
  ...(purpose === 'revocations' ? { purpose } : {}),
})
