/** RFC 3986 §2, without `*` (nobody may think that wildcards work) and with whole percent-encodings only. */
const characters = /^(?:[\w\-.~:/?#[\]@!$&'()+,;=]|%[\da-fA-F]{2})+$/
const schemeOf = /^([a-z][a-z\d+.-]*):/i
const authorityOf = /^[^:]+:\/\/([^/?#]*)/
/** RFC 1123 §2.1 and the literals. RFC 3986 §3.2.2 would let a `;` and a `,` in, which mean something else in our headers. */
const webAuthority = /^(?:[a-z\d]+(?:-+[a-z\d]+)*(?:\.[a-z\d]+(?:-+[a-z\d]+)*)*|\[[\da-f:.]+\])(?::\d{1,5})?$/i
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([1-9]\d{0,4}))?(?=[/?]|$)/
const anyPort = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9]\d{0,4}))?(?=[/?]|$)/
const dangerous: ReadonlySet<string> = new Set([
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'filesystem',
])

/**
 * Why a URI must not be registered as redirect URI, or undefined when it may: https anywhere, http on this machine
 * (RFC 8252 §7.3), or a private-use scheme that is a reversed domain name (RFC 8252 §7.1).
 */
export const isRegistrable = (uri: string): string | undefined => {
  if (uri.length > 2048) return 'is longer than 2048 characters'
  if (uri.includes('*')) return 'contains a wildcard, and redirect URIs are compared exactly'
  if (!characters.test(uri)) return 'contains a character that RFC 3986 does not allow in a URI'
  // RFC 6749 §3.1.2: "The endpoint URI MUST NOT include a fragment component."
  if (uri.includes('#')) return 'has a fragment'

  const scheme = schemeOf.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined) return 'is not an absolute URI'
  if (dangerous.has(scheme)) return `has the scheme ${scheme}, which runs or reads content in the browser`
  if (authorityOf.exec(uri)?.[1]?.includes('@')) return 'contains a user name'
  if (hasDotSegment(uri)) return 'has a "." or ".." segment in its path'
  if (!URL.canParse(uri)) return 'is not a valid URI'

  if (scheme === 'https') return webProblemOf(authorityOf.exec(uri)?.[1])
  if (scheme === 'http')
    return isLoopback(uri) ? undefined : 'is http on a host other than 127.0.0.1, [::1] or localhost'
  if (!scheme.includes('.'))
    return 'has a scheme that is neither https nor a reversed domain name such as com.example.app'
  return /^[^:]+:\/{1,3}[^/]/.test(uri) ? undefined : 'has no path'
}

const webProblemOf = (authority: string | undefined): string | undefined => {
  if (!authority) return 'has no host'
  return webAuthority.test(authority) ? undefined : 'has a host that is neither a name of DNS nor an address'
}

/** http on this very machine, by a literal or by name. */
export const isLoopback = (uri: string): boolean => {
  const match = loopback.exec(uri)
  return match !== null && Number(match[2] ?? 80) <= 65535
}

/**
 * RFC 9700 §4.1.3, OAuth 2.1 §2.3.1: exact string comparison, except for the port of a loopback IP literal
 * (RFC 8252 §7.3). The rules of registration hold at use too: a row of the database is not trusted to have kept them.
 */
export const matches = (registered: readonly string[], sent: string): boolean =>
  isRegistrable(sent) === undefined && registered.some((uri) => uri === sent || sameButPort(uri, sent))

const sameButPort = (registered: string, sent: string): boolean => {
  const [ours, theirs] = [withoutPort(registered), withoutPort(sent)]
  return ours !== undefined && ours === theirs
}

/** Only of a loopback IP literal: the name `localhost` may resolve to another place (RFC 8252 §8.3). */
const withoutPort = (uri: string): string | undefined => (anyPort.test(uri) ? uri.replace(anyPort, '$1') : undefined)

const hasDotSegment = (uri: string): boolean =>
  (uri.replace(/^[^:]+:(?:\/\/[^/?]*)?/, '').split('?', 1)[0] ?? '')
    .split('/')
    .some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))
