import { X509Certificate } from 'node:crypto'
import { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/errors.ts'
import {
  type ClientCertificate,
  isForClients,
  isValidAt,
  isVouchedFor,
} from '../oauth/sender-constraint/certificate.ts'
import { createTrust } from './client-address.ts'
import { valuesOf } from './header.ts'

/** The certificate that came with a request, its key proven by whoever ended TLS. */
export type CertificateOf = (request: FastifyRequest) => ClientCertificate | undefined

/**
 * A request at the listener that asks for certificates itself. RFC 9440 §4: nobody has dropped what a client wrote under the
 * header's name there, also where the peer is a named proxy, which then passes bytes on and has read none of them.
 */
export class HandshakenRequest extends IncomingMessage {}

/**
 * @param proxies whose `Client-Cert` is believed: addresses and CIDR blocks. From anybody else it is ignored, T18
 * @param authorities that vouch for the certificates of clients
 */
export const createCertificateOf = ({
  proxies,
  authorities,
}: {
  readonly proxies: readonly string[]
  readonly authorities: readonly X509Certificate[]
}): CertificateOf => {
  const isProxy = createTrust(proxies)
  const vouched = (chain: Chain, now: Date) => isVouchedFor(chain.certificate, chain.others, authorities, now)

  return ({ raw }) => {
    if (raw instanceof HandshakenRequest) return shown(raw, authorities.length > 0)
    // The immediate peer, whatever X-Forwarded-For says.
    return isProxy(raw.socket.remoteAddress) ? forwarded(raw.rawHeaders, vouched) : undefined
  }
}

/**
 * OpenSSL found the path, and of a session that is resumed only that it did is known. Where no authority is named it looked
 * for those of web sites.
 */
const shown = ({ socket }: HandshakenRequest, hasAuthorities: boolean): ClientCertificate | undefined => {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return undefined
  const authorized = hasAuthorities && socket.authorized
  return { certificate, isTrusted: (now) => authorized && isForClients(certificate) && isValidAt(certificate, now) }
}

type Chain = { readonly certificate: X509Certificate; readonly others: readonly X509Certificate[] }
const longestChain = 8

/**
 * RFC 9440 §2: `Client-Cert` is one byte sequence (RFC 8941 §3.3.5), `Client-Cert-Chain` a list of them. They are read where
 * somebody asks for them: what a proxy writes wrongly is no hindrance to clients without a certificate.
 * @returns undefined also for an empty one, which is how some proxies say that there was none
 */
const forwarded = (
  rawHeaders: readonly string[],
  vouched: (chain: Chain, now: Date) => boolean,
): ClientCertificate | undefined => {
  const sent = valuesOf(rawHeaders, 'client-cert').filter(isFilled)
  if (sent.length === 0) return undefined
  const certificate = () => {
    if (sent.length > 1) throw invalidRequest('More than one Client-Cert header was sent.')
    return certificateIn(sent.join())
  }
  const others = () => {
    const chain = valuesOf(rawHeaders, 'client-cert-chain').flatMap((value) => value.split(','))
    if (chain.length > longestChain) throw invalidRequest('The Client-Cert-Chain header is too long.')
    return chain.filter(isFilled).map(certificateIn)
  }
  return {
    get certificate() {
      return certificate()
    },
    isTrusted: (now) => vouched({ certificate: certificate(), others: others() }, now),
  }
}

const isFilled = (item: string): boolean => !['', '::'].includes(item.trim())

const certificateIn = (item: string): X509Certificate => {
  const base64 = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(item.trim())?.[1]
  try {
    if (base64 !== undefined) return new X509Certificate(Buffer.from(base64, 'base64'))
  } catch {
    // What OpenSSL says of it is of no use to anybody.
  }
  throw invalidRequest('Client-Cert or Client-Cert-Chain holds no certificate (RFC 9440 §2).')
}
