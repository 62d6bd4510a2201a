import type { PresentingRequest } from '../credentials.ts'

/**
 * The address that was called. Its authority is what this API was told that it has, never what the request says: another API
 * that was sent a token and a proof of its own would pass both on, with its own name as Host or in an absolute request line.
 * @param publicUrl which the path is put behind
 */
export const targetOf = (request: PresentingRequest, publicUrl: string): string | undefined => {
  const { url, originalUrl = url } = request
  if (originalUrl === undefined) return undefined
  return publicUrl.replace(/\/$/, '') + (originalUrl.startsWith('/') ? originalUrl : pathOf(originalUrl))
}

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : '')

/**
 * RFC 9449 §4.3: equal "ignoring any query and fragment parts", after the normalization of RFC 3986 §6.2.2 and §6.2.3.
 */
export const isSameTarget = (called: string, htu: string): boolean => {
  const target = normal(htu)
  return target !== undefined && target === normal(called)
}

const normal = (uri: string): string | undefined => {
  // A URL parser forgives white space and backslashes.
  if (/[\s\\]/.test(uri) || !URL.canParse(uri)) return undefined
  const { protocol, host, pathname, username, password } = new URL(uri)
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return undefined
  const path = pathname.replaceAll(/%[\da-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : octet.toUpperCase()
  })
  return `${protocol}//${host}${path}`
}
