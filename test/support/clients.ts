import { createHash, randomUUID } from 'node:crypto'
import type { Client } from '../../src/oauth/client.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'

type Described = Partial<Client> & { readonly secret?: string }

/** A client of which a test names only what it is about. */
export const aClient = ({ secret, ...described }: Described = {}): Client => ({
  ...checkMetadata({ client_name: 'An app', redirect_uris: ['https://app.example/cb'] }),
  client_id: 'app',
  secrets: secret === undefined ? [] : [aSecret(secret)],
  disabledAt: undefined,
  notBefore: undefined,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...described,
})

export const aSecret = (text: string, expiresAt?: Date) => ({
  id: randomUUID(),
  hash: createHash('sha256').update(text).digest(),
  createdAt: new Date('2026-01-01T00:00:00Z'),
  expiresAt,
})
