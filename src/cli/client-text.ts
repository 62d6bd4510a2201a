import { numericDate } from '../clock.ts'
import { type Client, ClientMetadata, type ClientSecret } from '../oauth/client.ts'
import { type Cell, details } from './table.ts'

/** What was registered, in the schema's order; nothing that storage adds. */
const registered = (client: Client): readonly (readonly [string, unknown])[] => {
  const values = new Map<string, unknown>(Object.entries(client))
  return Object.keys(ClientMetadata.properties)
    .filter((name) => values.get(name) !== undefined)
    .map((name) => [name, values.get(name)])
}

export const metadataIn = (client: Client): Readonly<Record<string, unknown>> => Object.fromEntries(registered(client))

/** RFC 7591 §3.2.1. Its times are NumericDates, ours are ISO 8601. */
export const clientJson = (client: Client) => ({
  client_id: client.client_id,
  client_id_issued_at: numericDate(client.createdAt),
  ...metadataIn(client),
  disabled_at: client.disabledAt ?? null,
  ...(client.registration && { registered_itself: true, last_used_at: client.registration.lastUsedAt ?? null }),
  secrets: client.secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    created_at: createdAt,
    expires_at: expiresAt ?? null,
  })),
})

const cellOf = (value: unknown): Cell | readonly string[] => {
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  if (typeof value === 'boolean' || typeof value === 'number') return value
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const secretLine = ({ createdAt, expiresAt }: ClientSecret): string =>
  `made ${createdAt.toISOString()}, ${expiresAt ? `ends ${expiresAt.toISOString()}` : 'without end'}`

export const clientText = (client: Client): string =>
  details([
    ['client_id', client.client_id],
    ...registered(client).map(([name, value]): [string, Cell | readonly string[]] => [name, cellOf(value)]),
    ['created', client.createdAt],
    ['disabled', client.disabledAt ?? 'no'],
    ['registered by', client.registration ? 'itself' : 'an operator'],
    ['secrets', client.secrets.map(secretLine)],
  ])
