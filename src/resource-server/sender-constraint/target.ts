import { headersOf, type PresentingRequest } from '../credentials.ts'

/**
 * The address that was called, as its caller wrote it.
 * @param publicUrl by which clients call the API where something stands between, and which the path is put behind
 */
export const targetOf = (request: PresentingRequest, publicUrl: string | undefined): string | undefined => {
  const { url, originalUrl = url } = request
  if (originalUrl === undefined) return undefined
  const isPath = originalUrl.startsWith('/')
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '') + (isPath ? originalUrl : pathOf(originalUrl))
  if (!isPath) return originalUrl
  // RFC 9113 §8.3.1: in HTTP/2 the authority takes the place of Host.
  const [host] = [...headersOf(request, ':authority'), ...headersOf(request, 'host')]
  const isEncrypted = request.socket !== undefined && 'encrypted' in request.socket && request.socket.encrypted === true
  return host === undefined ? undefined : `${isEncrypted ? 'https' : 'http'}://${host}${originalUrl}`
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
