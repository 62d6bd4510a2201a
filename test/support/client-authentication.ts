import type { Client } from '../../src/oauth/client.ts'
import {
  type AuthenticationDependencies,
  authenticateClient,
  createKeysOf,
  type RemoteKeys,
} from '../../src/oauth/client-authentication/index.ts'
import { type Parameters, parseParameters } from '../../src/oauth/parameters.ts'

export const issuer = 'https://id.example'
export const endpoint = 'https://id.example/oauth2/token'
export const now = new Date('2026-06-01T12:00:00Z')

export const form = (content: Record<string, string> | string): Parameters =>
  parseParameters(new URLSearchParams(content))

export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

type Sent = {
  readonly authorization?: string | undefined
  readonly repeated?: boolean
  readonly parameters?: Parameters
  readonly endpoints?: readonly string[]
}
type Options = { readonly now?: Date; readonly remote?: RemoteKeys }

/** Client authentication with stores in memory. Storage throws at a NUL, as PostgreSQL does. */
export const anAuthentication = (clients: readonly Client[], options: Options = {}) => {
  const spent = new Map<string, Date>()
  const deps: AuthenticationDependencies = {
    clients: {
      async find(clientId) {
        if (clientId.includes('\u0000')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00')
        return clients.find(({ client_id }) => client_id === clientId)
      },
    },
    replays: {
      async first(hash, expiresAt, at) {
        const before = spent.get(hash.toString('hex'))
        if (before && before > at) return false
        spent.set(hash.toString('hex'), expiresAt)
        return true
      },
    },
    keysOf: createKeysOf(options.remote ?? { get: async () => undefined }),
    issuer,
    now: options.now ?? now,
  }
  return {
    spent,
    authenticate: ({ authorization, parameters = form(''), ...sent }: Sent, at = deps.now) =>
      authenticateClient({ authorization, parameters, endpoints: [endpoint], ...sent }, { ...deps, now: at }),
  }
}
