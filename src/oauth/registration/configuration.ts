import { timingSafeEqual } from 'node:crypto'
import { secret as newSecret } from '../../random.ts'
import { isRecord } from '../../record.ts'
import type { Client, ClientMetadata } from '../client.ts'
import { makeSecret, usesSecret } from '../client-secret.ts'
import { Unavailable } from '../errors.ts'
import { InvalidMetadata } from '../registration.ts'
import { hashOf, plausible, refused, registrationAccessTokenPrefix, standingOf } from './access-token.ts'
import { type ClientInformation, clientInformation } from './answer.ts'
import { clientIdPattern, type RegistrationDependencies } from './register.ts'
import { metadataSaid } from './request.ts'
import { checkSector, type SectorDocuments } from './sector-identifier.ts'

/** A client at its own registration, RFC 7592 §2. */
export type Admitted = { readonly client: Client; readonly token: string; readonly presented: Buffer }

/** @throws OAuthError invalid_token, with one text for whatever is wrong: RFC 7592 §2.1 */
export const admit = async (
  clientId: string,
  token: string | undefined,
  { registrations }: Pick<RegistrationDependencies, 'registrations'>,
): Promise<Admitted> => {
  const presented = plausible(token, registrationAccessTokenPrefix)
  if (!presented || token === undefined) throw refused('no registration access token')
  const client = clientIdPattern.test(clientId) ? await registrations.find(clientId) : undefined
  const standing = standingOf(client, presented)
  if (!client || !standing) throw refused('not a registration access token of this client')
  if (standing === 'last' && client.registration && client.registration.hash.length > presented.length)
    await registrations.settle(clientId, presented)
  return { client, token, presented }
}

/** RFC 7592 §2.1. */
export const readClient = (
  { client, token }: Admitted,
  { issuer }: Pick<RegistrationDependencies, 'issuer'>,
): ClientInformation => {
  const { client_id: clientId, createdAt } = client
  return clientInformation(issuer, { clientId, createdAt, metadata: client, secret: undefined, token })
}

/**
 * RFC 7592 §2.2: what is sent takes the place of all that was registered. The token in the answer is a new one.
 * @throws InvalidMetadata, OAuthError invalid_token, Unavailable
 */
export const replaceClient = async (
  sent: unknown,
  admitted: Admitted,
  deps: RegistrationDependencies,
): Promise<ClientInformation> => {
  const known = { ...deps, sectors: readOnce(deps.sectors) }
  const replaced = await replaceAsRead(sent, admitted, known)
  if (replaced) return replaced
  // An operator may have taken something from it: by what was read before, it would have it back.
  const again = await replaceAsRead(sent, await admit(admitted.client.client_id, admitted.token, deps), known)
  if (!again) throw new Unavailable(new Error('the client changed twice while it was replaced'))
  return again
}

/** @returns undefined where the client is not what it was when it was admitted; nothing is changed then */
const replaceAsRead = async (
  sent: unknown,
  { client, presented }: Admitted,
  { issuer, policy, registrations, sectors, random, now }: RegistrationDependencies,
): Promise<ClientInformation | undefined> => {
  const { client_id: clientId, createdAt } = client
  const mistakes = isRecord(sent) ? identityMistakes(sent, client, now) : []
  if (mistakes.length > 0) throw new InvalidMetadata(mistakes)
  const metadata = metadataSaid(sent, { policy, clientId, current: client })
  if (!hasSameSector(client, metadata)) await checkSector(metadata, sectors)

  const standing = standingSecrets(client, now)
  const made = usesSecret(metadata) && standing.length === 0 ? makeSecret(random, now) : undefined
  const token = newSecret(random, registrationAccessTokenPrefix)
  const secret = usesSecret(metadata) ? made?.stored : 'none'
  const consents = looksTheSame(client, metadata) ? 'keep' : 'forget'
  const change = { metadata, presented, next: hashOf(token), secret, consents } as const
  const outcome = await registrations.replace(client, change, now)
  if (outcome === 'stale') return undefined
  if (outcome === 'refused') throw refused('the token was replaced meanwhile')
  // What the client sent of its secret was right, and this server does not know it otherwise.
  const known = isRecord(sent) && typeof sent.client_secret === 'string' ? sent.client_secret : undefined
  const text = made?.text ?? (usesSecret(metadata) ? known : undefined)
  return clientInformation(issuer, { clientId, createdAt, metadata, secret: text, token })
}

/** For one change: it takes seconds where the client's site is slow. */
const readOnce = (sectors: SectorDocuments): SectorDocuments => {
  const documents = new Map<string, Promise<string | undefined>>()
  return {
    get(uri) {
      const document = documents.get(uri) ?? sectors.get(uri)
      documents.set(uri, document)
      return document
    },
  }
}

/** What people saw when they allowed it: for another name or another address they are asked again (RFC 7591 §5). */
const looksTheSame = (before: ClientMetadata, after: ClientMetadata): boolean =>
  (['client_name', 'client_uri', 'logo_uri'] as const).every((field) => before[field] === after[field]) &&
  after.redirect_uris.every((uri) => before.redirect_uris.includes(uri))

/** Then what was read at registration still says it. */
const hasSameSector = (before: ClientMetadata, after: ClientMetadata): boolean =>
  before.sector_identifier_uri === after.sector_identifier_uri &&
  after.redirect_uris.every((uri) => before.redirect_uris.includes(uri))

/** RFC 7592 §2.3. */
export const deleteClient = async (
  { client }: Admitted,
  { registrations, now }: Pick<RegistrationDependencies, 'registrations' | 'now'>,
): Promise<void> => {
  await registrations.remove(client.client_id, now)
}

/** RFC 7592 §2.2: what "MUST NOT" be in the request, and what must be as it is. */
const identityMistakes = (sent: Readonly<Record<string, unknown>>, client: Client, now: Date) => [
  ...(sent.client_id === client.client_id ? [] : [{ field: 'client_id', problem: 'must be that of the client' }]),
  ...(sent.client_secret === undefined || isSecretOf(sent.client_secret, client, now)
    ? []
    : [{ field: 'client_secret', problem: 'is not that of the client, which does not choose it' }]),
  ...['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']
    .filter((field) => Object.hasOwn(sent, field))
    .map((field) => ({ field, problem: 'must not be sent' })),
]

const standingSecrets = ({ secrets }: Client, now: Date) =>
  secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)

const isSecretOf = (sent: unknown, client: Client, now: Date): boolean =>
  typeof sent === 'string' &&
  standingSecrets(client, now).reduce((found, { hash }) => timingSafeEqual(hash, hashOf(sent)) || found, false)
