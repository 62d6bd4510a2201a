import { webcrypto } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Test } from 'tap'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'

/** A certificate for 127.0.0.1 and localhost, and the authority that signed it. */
export type Certificate = { readonly certFile: string; readonly keyFile: string; readonly ca: string }

const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' }
const notAfter = new Date('2100-01-01')
const keyPair = () => webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])

/** Of an authority of its own, which nobody trusts who was not told to. */
export const aCertificate = async (t: Test): Promise<Certificate> => {
  const [authorityKeys, keys] = await Promise.all([keyPair(), keyPair()])
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test authority',
    keys: authorityKeys,
    signingAlgorithm,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')

  const directory = await mkdtemp(join(tmpdir(), 'tessera-tls-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const certFile = join(directory, 'cert.pem')
  const keyFile = join(directory, 'key.pem')
  await writeFile(certFile, certificate.toString('pem'))
  await writeFile(keyFile, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`)
  return { certFile, keyFile, ca: authority.toString('pem') }
}

/** Lets every `fetch` of this process trust the authority, as NODE_EXTRA_CA_CERTS would have from its start. */
export const trust = (t: Test, { ca }: Certificate): void => {
  const agent = new Agent({ connect: { ca } })
  const before = getGlobalDispatcher()
  setGlobalDispatcher(agent)
  t.teardown(async () => {
    setGlobalDispatcher(before)
    await agent.close()
  })
}
