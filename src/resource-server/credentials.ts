import { Broken, type Scheme } from './refusal.ts'

type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>
type FetchHeaders = { get(name: string): string | null }

/** As much as is known of a request; what is missing is only asked for by tokens that are bound to a key. */
export type PresentingRequest = {
  readonly headers: FetchHeaders | HeaderRecord
  readonly rawHeaders?: readonly string[] | undefined
  readonly url?: string | undefined
  /** Express leaves in `url` only what is below the place where a middleware is mounted. */
  readonly originalUrl?: string | undefined
  readonly method?: string | undefined
  readonly socket?: object | undefined
}

/** A request of Node, Express or Fastify (`request.raw`), of the Fetch API, its headers, or the token itself. */
export type Credentials = string | FetchHeaders | PresentingRequest

export type Presented = {
  readonly scheme: Scheme
  readonly token: string
  /** Undefined where only the token or the headers were given. */
  readonly request: PresentingRequest | undefined
}

const most = 16 * 1024

/**
 * RFC 6750 §2.1 and RFC 9449 §7.1; neither a form body nor the query (RFC 6750 §2.2, §2.3, both gone in OAuth 2.1).
 * @throws Broken, with the answer `missing` where there is none
 */
export const presentedIn = (from: Credentials): Presented => {
  if (typeof from === 'string') return { scheme: 'Bearer', token: checked(from), request: undefined }
  const request = isRequest(from) ? from : undefined
  if (request?.url !== undefined && namesToken(request.url))
    throw new Broken('invalid_request', 'request', 'a token came in the query, where logs and histories keep it')
  const [authorization, ...more] = headersOf(from, 'authorization')
  if (authorization === undefined)
    throw new Broken('missing', 'missing', 'no Authorization header: send Authorization: Bearer <token>')
  if (more.length > 0) throw new Broken('invalid_request', 'request', 'there are several Authorization headers')
  const [, sent = '', , credentials = ''] = /^([^ ]*)( +(.*))?$/s.exec(authorization) ?? []
  const scheme = schemes.get(sent.toLowerCase())
  if (scheme === undefined) {
    const other = foreign.find((one) => one.toLowerCase() === sent.toLowerCase())
    const found = other ? `the scheme ${other}` : 'no scheme that is known'
    throw new Broken('missing', 'missing', `the Authorization header has ${found}, this guard takes Bearer and DPoP`)
  }
  return { scheme, token: checked(credentials), request }
}

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['bearer', 'Bearer'],
  ['dpop', 'DPoP'],
])

/** Named where they come. Any other word may be the token itself, sent without its scheme, and is not repeated. */
const foreign = ['Basic', 'Digest', 'Negotiate', 'NTLM', 'HOBA', 'Mutual', 'GNAP', 'OAuth', 'Token', 'ApiKey']

/** RFC 6750 §2.1, b64token. */
const checked = (token: string): string => {
  if (token.length > most) throw new Broken('invalid_request', 'request', `the token is longer than ${most} characters`)
  if (!/^[\w\-.~+/]+=*$/.test(token))
    throw new Broken('invalid_request', 'request', 'after the scheme comes no token, more than one, or something else')
  return token
}

const namesToken = (url: string): boolean => {
  const query = url.indexOf('?')
  return query >= 0 && new URLSearchParams(url.slice(query)).has('access_token')
}

/** Each header of that name, which is written in lower case. */
export const headersOf = (from: FetchHeaders | PresentingRequest, name: string): readonly string[] => {
  const headers = isRequest(from) ? from.headers : from
  // Node keeps the first of several; only the raw headers show them all.
  const raw = isRequest(from) ? from.rawHeaders : undefined
  if (raw) return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name)
  const value = isFetchHeaders(headers) ? headers.get(name) : headers[name]
  return typeof value === 'string' ? [value] : (value ?? [])
}

const isRequest = (from: FetchHeaders | PresentingRequest): from is PresentingRequest => 'headers' in from

const isFetchHeaders = (headers: FetchHeaders | HeaderRecord): headers is FetchHeaders =>
  typeof headers.get === 'function'
