import { randomBytes } from 'node:crypto'
import { hashOf } from '../../src/oauth/registration/access-token.ts'
import type { Answer, App, TestServer } from './server.ts'

export type Registering = {
  /** @param body an object, or the text itself */
  register(body: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Fails unless it was registered. */
  registered(metadata?: Record<string, unknown>): Promise<App & { readonly body: Record<string, unknown> }>
  /** At `registration_client_uri`. */
  configure(
    method: 'GET' | 'PUT' | 'DELETE',
    of: Record<string, unknown>,
    body?: unknown,
    token?: string,
  ): Promise<Answer>
  /** An initial access token. */
  invite(uses: number, seconds?: number): Promise<string>
}

export const redirectUri = 'https://app.example/cb'

/** What a client does that registers itself. */
export const registeringAt = (server: TestServer): Registering => {
  const send = async (url: string, method: string, body: unknown, headers: Record<string, string>): Promise<Answer> => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' }
    const init = { method, headers: { ...type, ...headers } }
    const response = await fetch(url, text === undefined ? init : { ...init, body: text })
    const answered = await response.text()
    return { status: response.status, headers: response.headers, body: answered === '' ? {} : JSON.parse(answered) }
  }
  const register: Registering['register'] = (body, headers = {}) =>
    send(`${server.base}/oauth2/register`, 'POST', body, headers)
  return {
    register,
    async registered(metadata = {}) {
      const { status, body } = await register({ redirect_uris: [redirectUri], ...metadata })
      if (status !== 201) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`)
      const { client_id, client_secret, redirect_uris } = body
      const first: unknown = Array.isArray(redirect_uris) ? redirect_uris[0] : undefined
      return {
        client_id: String(client_id),
        secret: typeof client_secret === 'string' ? client_secret : undefined,
        redirectUri: typeof first === 'string' ? first : redirectUri,
        body,
      }
    },
    configure: (method, { registration_client_uri, registration_access_token }, body, token) =>
      send(String(registration_client_uri), method, body, {
        authorization: `Bearer ${token ?? String(registration_access_token)}`,
      }),
    async invite(uses, seconds = 3600) {
      const token = `tsn_${randomBytes(32).toString('base64url')}`
      const now = server.clock.now()
      const expiresAt = new Date(now.getTime() + seconds * 1000)
      const id = crypto.randomUUID()
      await server.stores.registrations.invite({ id, hash: hashOf(token), uses, expiresAt }, now)
      return token
    },
  }
}
