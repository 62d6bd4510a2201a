import { createHash, type X509Certificate } from 'node:crypto'
import { largestExponent, longestModulus } from '../client-authentication/public-key.ts'
import { type Confirmation, certificateConfirmation } from './confirmation.ts'
import { constraintsOf } from './constraints.ts'

/** The certificate of a client, whose key the connection has proven: RFC 8705 §2, RFC 9440. */
export type ClientCertificate = {
  readonly certificate: X509Certificate
  /** Whether one of the configured authorities vouches for it now. */
  isTrusted(now: Date): boolean
}

/** RFC 8705 §3.1: "the base64url-encoded SHA-256 hash of the DER encoding of the X.509 certificate". */
export const confirmationOfCertificate = ({ raw }: X509Certificate): Confirmation =>
  certificateConfirmation(createHash('sha256').update(raw).digest('base64url'))

export const isValidAt = ({ validFrom, validTo }: X509Certificate, now: Date): boolean =>
  new Date(validFrom) <= now && now <= new Date(validTo)

/** RFC 5280 §4.2.1.12: id-kp-clientAuth, and anyExtendedKeyUsage. */
const forClients = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']

export const isForClients = (certificate: X509Certificate): boolean => {
  // Node's types say that there always is a list.
  const usages: readonly string[] | undefined = certificate.keyUsage
  return usages === undefined || usages.some((usage) => forClients.includes(usage))
}

const longestPath = 6

/**
 * RFC 5280 §6, as far as a client's certificate needs it: each is signed by the next, each is valid, each but the first is an
 * authority's which may vouch for clients so far below it, and the last is one of ours. That a certificate was withdrawn is for the TLS listener or the proxy to know.
 * Whoever is reached is reached by the shortest path, which the limits allow if they allow any: each certificate is needed
 * once, and none of them is held against another twice.
 * @param chain what came with it, in any order
 */
export const isVouchedFor = (
  certificate: X509Certificate,
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: Date,
): boolean => {
  const mayVouch = (each: X509Certificate) => each.ca && isFit(each, now)
  const ours = authorities.filter(mayVouch)
  let others = withoutCopies(chain).filter((each) => mayVouch(each) && isQuick(each))
  let reached = isFit(certificate, now) ? [certificate] : []
  for (let length = 1; length <= longestPath && reached.length > 0; length++) {
    const isNext = (issuer: X509Certificate) =>
      constraintsOf(issuer).pathLength >= length - 1 && reached.some((each) => isSignedBy(each, issuer))
    if (ours.some(isNext)) return true
    const next = new Set(others.filter(isNext))
    others = others.filter((each) => !next.has(each))
    reached = [...next]
  }
  return false
}

const withoutCopies = (chain: readonly X509Certificate[]): readonly X509Certificate[] => [
  ...new Map(chain.map((each) => [each.fingerprint256, each])).values(),
]

/** Whether little time goes into a signature of this key, which somebody chose who has not authenticated yet. */
const isQuick = (issuer: X509Certificate): boolean => {
  try {
    const { asymmetricKeyType: kind = '', asymmetricKeyDetails } = issuer.publicKey
    if (!['rsa', 'rsa-pss'].includes(kind)) return ['ec', 'ed25519', 'ed448'].includes(kind)
    const { modulusLength, publicExponent } = asymmetricKeyDetails ?? {}
    if (modulusLength === undefined || publicExponent === undefined) return false
    return modulusLength <= longestModulus && publicExponent <= largestExponent
  } catch {
    return false // a key that OpenSSL cannot read
  }
}

/** The extended key usage of an authority is that of everybody below it. */
const isFit = (certificate: X509Certificate, now: Date): boolean =>
  isValidAt(certificate, now) && isForClients(certificate) && constraintsOf(certificate).areUnderstood

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean => {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false // a key of another kind than the signature
  }
}
