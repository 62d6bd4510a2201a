import { createHmac } from 'node:crypto'
import type { Client } from './client.ts'

/** The `sub` by which a client knows a person. */
export type SubjectOf = (client: Client, userId: string) => string

/** The `sid` by which a client knows a session, which says no less than the `sub` who somebody is. */
export type SidOf = (client: Client, sessionId: string) => string

/**
 * OIDC Core §8.1: a pairwise subject is the same for all clients of a sector, and no two sectors can tell that theirs are
 * one person's.
 *
 * It has the form of a UUID, version 8 (RFC 9562 §5.8): no person's id is of that version, and no client id is a UUID, so
 * that whoever reads a `sub` takes it for nobody else's (RFC 9068 §5).
 *
 * @param secret never replaced: every pairwise subject would be another one
 */
export const createSubjectOf =
  (secret: Buffer): SubjectOf =>
  (client, userId) =>
    client.subject_type === 'public' ? userId : uuidOf(secret, `${sectorOf(client)}\0${userId}`)

/**
 * The same of a session: two sectors in which a person is logged in by one browser cannot tell it by this either.
 * @param secret that of the subjects
 */
export const createSidOf =
  (secret: Buffer): SidOf =>
  (client, sessionId) =>
    client.subject_type === 'public' ? sessionId : uuidOf(secret, `sid\0${sectorOf(client)}\0${sessionId}`)

const uuidOf = (secret: Buffer, said: string): string => {
  const bytes = createHmac('sha256', secret).update(said).digest()
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Who registered a client never changes, nor does its id. */
type Sector = Pick<Client, 'client_id' | 'registration' | 'sector_identifier_uri' | 'redirect_uris'>

/** §8.1: of the sector identifier's URI, or else of the redirect URIs. Whatever is stored, who shows none is alone in one. */
const sectorOf = ({ client_id, registration, sector_identifier_uri: uri, redirect_uris }: Sector): string =>
  (uri === undefined ? shownSector(redirect_uris, registration ? 'anybody' : 'operator') : hostOf(uri, 'operator')) ??
  `client\0${client_id}`

/** By whose `sub` this client knows people: with another one every person is somebody else to it. */
export const subjectSector = (client: Sector & Pick<Client, 'subject_type'>): string | undefined =>
  client.subject_type === 'public' ? undefined : sectorOf(client)

/**
 * The one host to which all redirect URIs lead.
 * @param by who registered them: an operator answers for what runs on this machine
 * @returns undefined where they show none
 */
export const shownSector = (redirectUris: readonly string[], by: 'anybody' | 'operator'): string | undefined => {
  const [host, ...others] = new Set(redirectUris.map((uri) => hostOf(uri, by)))
  return others.length > 0 ? undefined : host
}

const local = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])\.?$/

/** By https alone does a host get what is sent to it. In an app's own scheme (RFC 8252 §7.1) the authority is free text. */
const hostOf = (uri: string, by: 'anybody' | 'operator'): string | undefined => {
  if (!URL.canParse(uri)) return undefined
  const { protocol, hostname } = new URL(uri)
  if (local.test(hostname)) return by === 'operator' && /^https?:$/.test(protocol) ? hostname : undefined
  return protocol === 'https:' ? hostname : undefined
}
