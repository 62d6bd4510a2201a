import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { X509CertificateGenerator } from '@peculiar/x509'
import t from 'tap'
import { tlsOptions } from '../src/tls.ts'

const directory = mkdtempSync(join(tmpdir(), 'tessera-'))
const file = (name: string, content: string): string => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}
const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
const certificate = await X509CertificateGenerator.createSelfSigned({
  name: 'CN=localhost',
  keys,
  signingAlgorithm: algorithm,
  notAfter: new Date('2100-01-01'),
})
const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
const certFile = file('cert.pem', certificate.toString('pem'))
const keyFile = file('key.pem', `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`)

t.test('TLS by BCP 195 (RFC 9325)', async (t) => {
  const server = createServer(tlsOptions({ certFile, keyFile })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  const shake = (options: ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name} ${socket.alpnProtocol}`)
        socket.destroy()
      })
      socket.on('error', () => resolve('refused'))
    })

  t.match(await shake({ ALPNProtocols: ['h2', 'http/1.1'] }), /^TLSv1\.3 TLS_AES_\w+ http\/1\.1$/)
  t.match(await shake({ maxVersion: 'TLSv1.2' }), /^TLSv1\.2 ECDHE-RSA-/)
  // `@SECLEVEL=0` lets this client offer what it would itself refuse.
  t.equal(await shake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }), 'refused', 'TLS 1.1')
  for (const ciphers of [
    'ECDHE-RSA-AES128-SHA',
    'ECDHE-RSA-AES128-SHA256',
    'ECDHE-RSA-AES256-SHA384',
    'AES128-GCM-SHA256',
    'DHE-RSA-AES128-GCM-SHA256',
  ])
    t.equal(await shake({ maxVersion: 'TLSv1.2', ciphers }), 'refused', ciphers)
  t.match(
    await shake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    /^TLSv1\.2/,
    'this client can be accepted',
  )
})

t.test('a wrong file is named', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = file('foreign.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const junk = file('junk.pem', 'junk')
  t.throws(() => tlsOptions({ certFile: `${certFile}.none`, keyFile }), /TLS_CERT_FILE: the file .*none cannot be read/)
  t.throws(() => tlsOptions({ certFile, keyFile: `${keyFile}.none` }), /TLS_KEY_FILE: the file .*none cannot be read/)
  t.throws(() => tlsOptions({ certFile: junk, keyFile }), /TLS_CERT_FILE: .* holds no certificate/)
  t.throws(() => tlsOptions({ certFile, keyFile: junk }), /TLS_KEY_FILE: .* holds no private key/)
  t.throws(() => tlsOptions({ certFile, keyFile: foreign }), /is not the key of/)
})
