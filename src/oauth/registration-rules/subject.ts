import type { ClientMetadata } from '../client.ts'
import { shownSector } from '../subject.ts'
import { type Contradiction, rule, when } from './rule.ts'

/** OIDC Core §8.1: whose people are known by the same `sub`. */
export const subject = (client: ClientMetadata): readonly Contradiction[] => {
  const { subject_type, sector_identifier_uri: sector, redirect_uris } = client
  return [
    // OIDC Registration §5: "The value of the sector_identifier_uri MUST be a URL using the https scheme".
    ...rule(sector === undefined || isHttps(sector) ? undefined : 'is not an https URL', 'sector_identifier_uri'),
    // "If there are multiple hostnames in the registered redirect_uris, the Client MUST register a sector_identifier_uri."
    ...when(
      subject_type === 'pairwise' && sector === undefined && shownSector(redirect_uris, 'operator') === undefined,
      'sector_identifier_uri',
      'is needed for pairwise subjects unless all redirect_uris are https, of one host',
      ['subject_type', 'redirect_uris'],
    ),
  ]
}

const isHttps = (uri: string): boolean => URL.canParse(uri) && new URL(uri).protocol === 'https:'
