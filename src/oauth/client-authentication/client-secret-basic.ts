import { invalidClient } from '../errors.ts'
import type { Method } from './method.ts'
import { proveSecret } from './secret.ts'

/** RFC 6749 §2.3.1 with RFC 7617. */
export const clientSecretBasic: Method = {
  name: 'client_secret_basic',
  recognizes: ({ authorization }) => authorization !== undefined && /^basic(?: |$)/i.test(authorization),
  clientIds: ({ authorization }) => readings(credentials(authorization).id),

  async authenticate({ authorization }, client, { now }) {
    proveSecret(readings(credentials(authorization).secret), client, now)
  },
}

const credentials = (authorization: string | undefined): { readonly id: string; readonly secret: string } => {
  const encoded = /^basic +([\w+/-]+={0,2}) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) throw invalidClient('the Basic credentials are not Base64')
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) throw invalidClient('the Basic credentials have no client id')
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * RFC 6749 §2.3.1 form-encodes id and secret before Base64, and half of the libraries do not. So there are two readings
 * of either: decoded, and as it came. Neither can prove more than the sender knows.
 */
const readings = (text: string): readonly string[] => {
  const decoded = formDecoded(text)
  return decoded === undefined || decoded === text ? [text] : [decoded, text]
}

const formDecoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined // a lone "%": it was not encoded
  }
}
