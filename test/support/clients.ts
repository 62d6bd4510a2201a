import { createHash } from 'node:crypto'
import Value from 'typebox/value'
import { type Client, ClientMetadata } from '../../src/oauth/client.ts'

type Described = Partial<Client> & { readonly secret?: string }

/** A client of which a test names only what it is about. */
export const aClient = ({ secret, ...described }: Described = {}): Client => ({
  ...Value.Parse(ClientMetadata, { client_name: 'An app', redirect_uris: ['https://app.example/cb'] }),
  client_id: 'app',
  secrets: secret === undefined ? [] : [aSecret(secret)],
  disabledAt: undefined,
  notBefore: undefined,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...described,
})

export const aSecret = (text: string, expiresAt?: Date) => ({
  id: `secret-${text}`,
  hash: createHash('sha256').update(text).digest(),
  createdAt: new Date('2026-01-01T00:00:00Z'),
  expiresAt,
})
