import type { ClientMetadata } from '../client.ts'
import { InvalidMetadata } from '../registration.ts'

/** What clients publish of their sector. @returns undefined where it cannot be read, whyever: the log says why */
export type SectorDocuments = { get(uri: string): Promise<string | undefined> }

/**
 * OIDC Registration §5: "The values of the registered redirect_uris MUST be included in the elements of the array".
 * @throws InvalidMetadata
 */
export const checkSector = async (
  { sector_identifier_uri: uri, redirect_uris }: ClientMetadata,
  sectors: SectorDocuments,
): Promise<void> => {
  if (uri === undefined) return
  const document = await sectors.get(uri)
  const listed = document === undefined ? undefined : listIn(document)
  if (!listed) throw wrong('cannot be read as a JSON array of URIs')
  if (!redirect_uris.every((each) => listed.includes(each))) throw wrong('does not list every one of redirect_uris')
}

const wrong = (problem: string) => new InvalidMetadata([{ field: 'sector_identifier_uri', problem }])

const listIn = (text: string): readonly unknown[] | undefined => {
  try {
    const document: unknown = JSON.parse(text)
    return Array.isArray(document) ? document : undefined
  } catch {
    return undefined // not JSON
  }
}
