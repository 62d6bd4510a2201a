import { Broken, quoted } from './refusal.ts'

type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>
type FetchHeaders = { get(name: string): string | null }

/** A request of Node, Express or Fastify (`request.raw`), of the Fetch API, its headers, or the token itself. */
export type Credentials =
  | string
  | FetchHeaders
  | {
      readonly headers: FetchHeaders | HeaderRecord
      readonly rawHeaders?: readonly string[] | undefined
      readonly url?: string | undefined
    }

const most = 16 * 1024

/**
 * RFC 6750 §2.1; neither a form body nor the query (§2.2, §2.3, both gone in OAuth 2.1).
 * @throws Broken, with the answer `missing` where there is none
 */
export const bearerOf = (from: Credentials): string => {
  if (typeof from === 'string') return checked(from)
  if ('headers' in from && from.url !== undefined && namesToken(from.url))
    throw new Broken('invalid_request', 'request', 'a token came in the query, where logs and histories keep it')
  const [authorization, ...more] = authorizationsOf(from)
  if (authorization === undefined)
    throw new Broken('missing', 'missing', 'no Authorization header: send Authorization: Bearer <token>')
  if (more.length > 0) throw new Broken('invalid_request', 'request', 'there are several Authorization headers')
  const [, scheme = '', , credentials = ''] = /^([^ ]*)( +(.*))?$/s.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'bearer') {
    const wanted = `the Authorization header has the scheme ${quoted(scheme)}, this guard takes Bearer`
    throw new Broken('missing', 'missing', wanted)
  }
  return checked(credentials)
}

/** RFC 6750 §2.1, b64token. */
const checked = (token: string): string => {
  if (token.length > most) throw new Broken('invalid_request', 'request', `the token is longer than ${most} characters`)
  if (!/^[\w\-.~+/]+=*$/.test(token))
    throw new Broken('invalid_request', 'request', 'after Bearer comes no token, more than one, or something else')
  return token
}

const namesToken = (url: string): boolean => {
  const query = url.indexOf('?')
  return query >= 0 && new URLSearchParams(url.slice(query)).has('access_token')
}

const authorizationsOf = (from: Exclude<Credentials, string>): readonly string[] => {
  const headers = 'headers' in from ? from.headers : from
  // Node keeps the first of several; only the raw headers show them all.
  const raw = 'rawHeaders' in from ? from.rawHeaders : undefined
  if (raw) return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'authorization')
  const value = isFetchHeaders(headers) ? headers.get('authorization') : headers.authorization
  return typeof value === 'string' ? [value] : (value ?? [])
}

const isFetchHeaders = (headers: FetchHeaders | HeaderRecord): headers is FetchHeaders =>
  typeof headers.get === 'function'
