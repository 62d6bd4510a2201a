import { createHash } from 'node:crypto'
import { headersOf, type PresentingRequest } from '../credentials.ts'

/** Of a request's header, undefined where it is absent or comes twice; and the request itself. */
export type CertificateOf = (
  header: (name: string) => string | undefined,
  request: object,
) => Certificate | undefined | Promise<Certificate | undefined>

type Certificate = Uint8Array | string

/**
 * RFC 8705 §3.1: base64url of the SHA-256 of the DER.
 * @param certificate DER; PEM, also percent-encoded, as nginx writes it; or the byte sequence of RFC 9440 §2.1
 * @returns undefined for a text that holds no certificate, or more than one
 */
export const thumbprintOf = (certificate: Certificate): string | undefined => {
  const der = typeof certificate === 'string' ? derIn(certificate) : certificate
  return der && createHash('sha256').update(der).digest('base64url')
}

const derIn = (written: string): Buffer | undefined => {
  const text = written.includes('-----BEGIN%20') ? written.replaceAll(/%([\da-f]{2})/gi, decoded) : written
  // Not before: the last that nginx encodes is the line break after the certificate.
  const [, bytes, pem] = forms.exec(text.trim()) ?? []
  const base64 = bytes ?? pem?.replaceAll(/\s/g, '')
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64')
}

const forms = /^(?::([A-Za-z\d+/=]+):|-----BEGIN CERTIFICATE-----([A-Za-z\d+/=\s]+)-----END CERTIFICATE-----)$/

const decoded = (_: string, octet: string): string => String.fromCharCode(Number.parseInt(octet, 16))

/** @param named where a proxy terminates TLS; by default the certificate of the connection is meant */
export const certificateIn = async (
  request: PresentingRequest,
  named: CertificateOf = ofSocket,
): Promise<string | undefined> => {
  const header = (name: string): string | undefined => {
    const [value, ...more] = headersOf(request, name.toLowerCase())
    return more.length > 0 ? undefined : value
  }
  const certificate = await named(header, request)
  return certificate === undefined ? undefined : thumbprintOf(certificate)
}

/** Node's, which has it where the server was made with `requestCert`. */
const ofSocket: CertificateOf = (_header, request) => {
  const socket = 'socket' in request ? request.socket : undefined
  if (!canTell(socket)) return undefined
  const peer = socket.getPeerCertificate()
  return typeof peer === 'object' && peer !== null && 'raw' in peer && peer.raw instanceof Uint8Array
    ? peer.raw
    : undefined
}

const canTell = (socket: unknown): socket is { getPeerCertificate(): unknown } =>
  typeof socket === 'object' &&
  socket !== null &&
  'getPeerCertificate' in socket &&
  typeof socket.getPeerCertificate === 'function'
