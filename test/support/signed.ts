import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { TestServer } from './server.ts'

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)

/** Verifies what the server signed by the keys that it publishes, as a client would. @returns its claims */
export const verifier =
  (server: TestServer) =>
  async (jwt: string, audience?: string): Promise<JWTPayload> => {
    const { body } = await server.get('/.well-known/jwks.json')
    if (!isKeySet(body)) throw new Error('no key set')
    const { payload } = await jwtVerify(jwt, createLocalJWKSet(body), {
      issuer: server.issuer,
      currentDate: server.clock.now(),
      ...(audience !== undefined && { audience }),
    })
    return payload
  }

/** Another signature: of its first character every bit counts, while those at its end may be what they were. */
export const otherwiseSigned = (jwt: string): string => {
  const [header, payload, signature = ''] = jwt.split('.')
  return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
}

/** OIDC Core §3.1.3.6. */
export const halfHash = (text: string, digest: 'sha256' | 'sha512'): string => {
  const hash = createHash(digest).update(text).digest()
  return hash.subarray(0, hash.length / 2).toString('base64url')
}
