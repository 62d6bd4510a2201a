/**
 * RFC 9449 §4.3: "htu matches the HTTP URI value for the HTTP request in which the JWT was received, ignoring any query
 * and fragment parts", after the normalization of RFC 3986 §6.2.2 and §6.2.3: case of scheme and host, default port, dots.
 */
export const sameTarget = (called: string, htu: string): boolean => {
  const target = normal(htu)
  return target !== undefined && target === normal(called)
}

const normal = (uri: string): string | undefined => {
  // A URL parser forgives white space and backslashes.
  if (/[\s\\]/.test(uri) || !URL.canParse(uri)) return undefined
  const { protocol, host, pathname, username, password } = new URL(uri)
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '' || password !== '') return undefined
  return `${protocol}//${host}${pathname.replaceAll(/%[\da-f]{2}/gi, decoded)}`
}

/** RFC 3986 §6.2.2.1, §6.2.2.2: an unreserved character means the same encoded or not. */
const decoded = (octet: string): string => {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
  return /[\w.~-]/.test(character) ? character : octet.toUpperCase()
}
