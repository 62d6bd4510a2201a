import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Answer, App, TestServer } from './server.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwks = {
  keys: [
    { ...key.publicKey.export({ format: 'jwk' }), kid: 'ec' },
    { ...rsaKey.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
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
  push(parameters: Record<string, string>, assertion?: string): Promise<Answer>
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
    push: async (parameters, proof) =>
      server.post('/oauth2/par', {
        ...parameters,
        client_id,
        client_assertion_type: assertionType,
        client_assertion: proof ?? (await assertion()),
      }),
    pushedUrl: ({ body }, more = {}) =>
      `${server.base}/oauth2/authorize?${new URLSearchParams({ client_id, request_uri: String(body.request_uri), ...more })}`,
  }
}
