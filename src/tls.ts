import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import { ConfigurationError } from './config.ts'

/** RFC 9325 §4.2: forward secrecy and AEAD, nothing else. TLS 1.3 names its own suites, all of that kind. */
const suites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

const read = (variable: string, file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new ConfigurationError([`${variable}: the file ${file} cannot be read (${code})`])
  }
}

/** Runs a parse whose own message would name no file. */
const parsed = <T>(variable: string, file: string, what: string, parse: () => T): T => {
  try {
    return parse()
  } catch {
    throw new ConfigurationError([`${variable}: the file ${file} holds no ${what} in PEM`])
  }
}

/** @returns every certificate in `MTLS_CA_FILE`. @throws ConfigurationError naming the variable and the file that is wrong */
export const authoritiesIn = (caFile: string): readonly X509Certificate[] => {
  const blocks = read('MTLS_CA_FILE', caFile)
    .toString()
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  const authorities = parsed('MTLS_CA_FILE', caFile, 'certificate', () => {
    if (!blocks) throw new Error('no certificate')
    return blocks.map((block) => new X509Certificate(block))
  })
  // To OpenSSL whatever is named is trusted: a client's own certificate would vouch for itself.
  if (!authorities.every(({ ca }) => ca))
    throw new ConfigurationError([`MTLS_CA_FILE: the file ${caFile} holds a certificate of no authority`])
  return authorities
}

/**
 * What `https.createServer` needs to serve TLS by BCP 195 (RFC 9325).
 *
 * @throws ConfigurationError naming the variable and the file that is wrong
 */
export const tlsOptions = ({
  certFile,
  keyFile,
}: {
  certFile: string
  keyFile: string
}): SecureContextOptions & TlsOptions => {
  const cert = read('TLS_CERT_FILE', certFile)
  const key = read('TLS_KEY_FILE', keyFile)
  const certificate = parsed('TLS_CERT_FILE', certFile, 'certificate', () => new X509Certificate(cert))
  const privateKey = parsed('TLS_KEY_FILE', keyFile, 'private key without a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new ConfigurationError([`TLS_KEY_FILE: ${keyFile} is not the key of the first certificate in ${certFile}`])
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', ...suites].join(':'),
    // RFC 9325 §4.2.1: all of them are good, so that the client, who knows its hardware, may choose.
    honorCipherOrder: false,
    ALPNProtocols: ['http/1.1'],
  }
}
