import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  type X509Certificate as Generated,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { JWK } from 'jose'

const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' }
export const aKeyPair = () => webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])

type Described = {
  readonly subject?: string
  readonly names?: ConstructorParameters<typeof SubjectAlternativeNameExtension>[0]
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** OIDs of the extended key usage; none is for everything. */
  readonly usages?: readonly string[]
  readonly ca?: boolean
  /** Authorities that may stand below it. */
  readonly pathLength?: number
  readonly extensions?: readonly Extension[]
  /** In place of new ones: of one authority there may be several certificates. */
  readonly keys?: webcrypto.CryptoKeyPair
}

export type Issued = {
  readonly x509: X509Certificate
  readonly pem: string
  readonly key: string
  readonly jwk: JWK
  /** RFC 9440 §2.1. */
  readonly header: string
  issue(described?: Described): Promise<Issued>
}

const issued = async (generated: Generated, keys: webcrypto.CryptoKeyPair): Promise<Issued> => {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const x509 = new X509Certificate(Buffer.from(generated.rawData))
  const publicKey: KeyObject = x509.publicKey
  return {
    x509,
    pem: x509.toString(),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    jwk: publicKey.export({ format: 'jwk' }),
    header: `:${x509.raw.toString('base64')}:`,
    issue: async (described = {}) => {
      const own = described.keys ?? (await aKeyPair())
      const certificate = await X509CertificateGenerator.create({
        ...attributes(described),
        issuer: generated.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
      })
      return issued(certificate, own)
    },
  }
}

const attributes = ({
  subject = 'CN=client',
  names,
  notBefore = new Date('2020-01-01'),
  notAfter = new Date('2100-01-01'),
  usages,
  ca = false,
  pathLength,
  extensions = [],
}: Described) => ({
  subject,
  notBefore,
  notAfter,
  signingAlgorithm,
  extensions: [
    new BasicConstraintsExtension(ca, pathLength, true),
    new KeyUsagesExtension(ca ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
    ...(names ? [new SubjectAlternativeNameExtension(names)] : []),
    ...(usages ? [new ExtendedKeyUsageExtension([...usages])] : []),
    ...extensions,
  ],
})

/** Signed by its own key: an authority with `ca: true`, else a client's own (RFC 8705 §2.2). */
export const aSelfSigned = async (described: Described = {}): Promise<Issued> => {
  const keys = described.keys ?? (await aKeyPair())
  const { subject, ...rest } = attributes(described)
  return issued(await X509CertificateGenerator.createSelfSigned({ ...rest, name: subject, keys }), keys)
}

export const anAuthority = (subject = 'CN=Authority of clients'): Promise<Issued> => aSelfSigned({ subject, ca: true })
