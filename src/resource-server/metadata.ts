import { readObject, Unreachable } from './exchange.ts'
import { createKept, type Kept } from './kept.ts'
import { isTrustedAddress, type Settings } from './options.ts'
import { quoted } from './refusal.ts'

/** What this side needs of RFC 8414; the two last are Tessera's own. */
export type Metadata = {
  readonly jwksUri: URL
  readonly introspection: URL | undefined
  readonly feed: URL | undefined
  readonly stream: URL | undefined
}

const most = 256 * 1024

export const createMetadata = (settings: Settings): Kept<Metadata> =>
  createKept({ about: 'metadata', settings, load: () => readMetadata(settings) })

const readMetadata = async ({ issuer, timeout }: Settings): Promise<Metadata> => {
  const url = metadataUrl(issuer)
  const document = await readObject({ url, accept: 'application/json', timeout }, most)
  // RFC 8414 §3.3
  if (document.issuer !== issuer)
    throw new Unreachable(
      `${url.href} is of the issuer ${quoted(document.issuer)}, this guard expects ${quoted(issuer)}: they must be equal letter for letter`,
    )
  const endpoint = (name: string): URL | undefined => {
    const value = document[name]
    if (value === undefined) return undefined
    if (typeof value !== 'string' || !isTrustedAddress(value, issuer))
      throw new Unreachable(`${url.href} has a ${name} that is not an https URL: ${quoted(value)}`)
    return new URL(value)
  }
  const jwksUri = endpoint('jwks_uri')
  if (!jwksUri) throw new Unreachable(`${url.href} has no jwks_uri`)
  return {
    jwksUri,
    introspection: endpoint('introspection_endpoint'),
    feed: endpoint('revocation_feed_endpoint'),
    stream: endpoint('revocation_stream_endpoint'),
  }
}

/** RFC 8414 §3.1: between the host and the path of the issuer. */
const metadataUrl = (issuer: string): URL => {
  const { origin, pathname } = new URL(issuer)
  return new URL(`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`)
}
