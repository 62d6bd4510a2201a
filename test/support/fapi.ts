import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import type { Answer, App, TestServer } from './server.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const edKey = generateKeyPairSync('ed25519')
export const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwks = {
  keys: [
    { ...key.publicKey.export({ format: 'jwk' }), kid: 'ec' },
    { ...rsaKey.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
    { ...edKey.publicKey.export({ format: 'jwk' }), kid: 'ed' },
  ],
}

export type Signing = { readonly header?: Record<string, unknown>; readonly key?: KeyObject }

/** A client with keys of its own: what it signs, and what it pushes. */
export type KeyedClient = App & {
  now(): number
  assertion(changes?: Record<string, unknown>, signing?: Signing): Promise<string>
  /** A request object of these parameters; an undefined claim is left out. */
  object(parameters: Record<string, unknown>, changes?: Record<string, unknown>, signing?: Signing): Promise<string>
  /** Asks for everything that an authorization needs. */
  parameters(changes?: Record<string, string>): {
    readonly parameters: Record<string, string>
    readonly verifier: string
  }
  /** These alone, and what proves the client. @param sent an assertion in the place of a good one, and a DPoP proof */
  push(
    parameters: Record<string, string>,
    sent?: { readonly assertion?: string; readonly proof?: string },
  ): Promise<Answer>
  redeem(code: string, verifier: string, proof?: string, assertion?: string): Promise<Answer>
  /** Where its person's browser is sent with what was pushed. */
  pushedUrl(answer: Answer, more?: Record<string, string>): string
}

export const aKeyedClient = async (
  server: TestServer,
  metadata: Record<string, unknown> = {},
): Promise<KeyedClient> => {
  const app = await server.anApp({ token_endpoint_auth_method: 'private_key_jwt', jwks, ...metadata })
  const { client_id } = app
  let serial = 0
  const now = () => Math.floor(server.clock.now().getTime() / 1000)
  const sign = (payload: Record<string, unknown>, { header, key: by }: Signing = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'ec', ...header }).sign(by ?? key.privateKey)
  const assertion: KeyedClient['assertion'] = (changes = {}, signing = {}) =>
    sign(
      {
        iss: client_id,
        sub: client_id,
        aud: server.issuer,
        jti: `assertion ${client_id} ${serial++}`,
        iat: now(),
        exp: now() + 60,
        ...changes,
      },
      signing,
    )

  const post = async (path: string, parameters: Record<string, string>, by: string | undefined, proof?: string) =>
    server.post(
      path,
      { ...parameters, client_assertion_type: assertionType, client_assertion: by ?? (await assertion()) },
      undefined,
      proof === undefined ? {} : { dpop: proof },
    )

  return {
    ...app,
    now,
    assertion,
    object: (parameters, changes = {}, signing = {}) =>
      sign(
        {
          ...parameters,
          client_id,
          iss: client_id,
          aud: server.issuer,
          iat: now(),
          nbf: now(),
          exp: now() + 300,
          ...changes,
        },
        signing,
      ),
    parameters(changes = {}) {
      const { url, verifier } = server.authorizeUrl(app, { scope: 'openid', ...changes })
      return { parameters: Object.fromEntries(new URL(url).searchParams), verifier }
    },
    push: (parameters, { assertion, proof } = {}) => post('/oauth2/par', parameters, assertion, proof),
    redeem: (code, code_verifier, proof, assertion) =>
      post('/oauth2/token', { grant_type: 'authorization_code', client_id, code, code_verifier }, assertion, proof),
    pushedUrl: ({ body }, more = {}) =>
      `${server.base}/oauth2/authorize?${new URLSearchParams({ client_id, request_uri: String(body.request_uri), ...more })}`,
  }
}

export type DpopKey = {
  readonly jkt: string
  /** A proof of it (RFC 9449 §4.2) for a POST to this path, now. */
  proof(path: string, changes?: Record<string, unknown>): Promise<string>
}

export const aDpopKey = async (server: TestServer): Promise<DpopKey> => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = pair.publicKey.export({ format: 'jwk' })
  const jwk = { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' }
  let serial = 0
  return {
    jkt: await calculateJwkThumbprint(jwk),
    proof: (path, changes = {}) =>
      new SignJWT({
        htm: 'POST',
        htu: server.issuer + path,
        iat: Math.floor(server.clock.now().getTime() / 1000),
        jti: `proof ${x} ${serial++}`,
        ...changes,
      })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
        .sign(pair.privateKey),
  }
}
