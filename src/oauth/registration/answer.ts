import { numericDate } from '../../clock.ts'
import { ClientMetadata } from '../client.ts'
import { paths } from '../metadata.ts'

export type Registered = {
  readonly clientId: string
  readonly createdAt: Date
  readonly metadata: ClientMetadata
  /** In the clear, where it is known: the server keeps its hash alone. */
  readonly secret: string | undefined
  readonly token: string
}

const names = Object.keys(ClientMetadata.properties)

export const registrationClientUri = (issuer: string, clientId: string): string =>
  `${issuer}${paths.register}/${encodeURIComponent(clientId)}`

/** RFC 7591 §3.2.1, RFC 7592 §3: all that is registered, "including any fields provisioned by the authorization server". */
export const clientInformation = (issuer: string, { clientId, createdAt, metadata, secret, token }: Registered) => {
  const values: Readonly<Record<string, unknown>> = { ...metadata }
  return {
    client_id: clientId,
    client_id_issued_at: numericDate(createdAt),
    // "REQUIRED if 'client_secret' is issued ... or 0 if it will not expire."
    ...(secret !== undefined && { client_secret: secret, client_secret_expires_at: 0 }),
    registration_access_token: token,
    registration_client_uri: registrationClientUri(issuer, clientId),
    ...Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]])),
  }
}
export type ClientInformation = ReturnType<typeof clientInformation>
