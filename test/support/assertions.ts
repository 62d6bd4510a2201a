import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { dumpOf } from './dump.ts'
import type { TestServer } from './server.ts'
import { grant, machineMetadata } from './token-requests.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ed = generateKeyPairSync('ed25519')
export const jwks = {
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' },
    { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed' },
  ],
}
export const keyed = { ...machineMetadata, token_endpoint_auth_method: 'private_key_jwt', jwks }
export const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
export const sign = (payload: Record<string, unknown>, header: Record<string, unknown> = {}, key = rsa.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', ...header }).sign(key)

/** A client that proves itself by assertion (RFC 7523), and what it sends. */
export const anAssertingClient = async (server: TestServer) => {
  const asserting = await server.anApp(keyed)
  let serial = 0
  const now = () => Math.floor(server.clock.now().getTime() / 1000)
  const payloadOf = (changes: Record<string, unknown> = {}, client_id = asserting.client_id) => ({
    iss: client_id,
    sub: client_id,
    aud: server.issuer,
    jti: `assertion ${serial++}`,
    iat: now(),
    exp: now() + 60,
    ...changes,
  })
  const present = (assertion: string, at = server, more: Record<string, string> = {}) =>
    at.post('/oauth2/token', {
      ...grant,
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...more,
    })
  const spent = () => dumpOf(server.databaseUrl, ['spent_jtis'])
  return { asserting, now, payloadOf, present, spent }
}
