import { createServer } from 'node:https'
import * as x509 from '@peculiar/x509'
import t from 'tap'
import { trustingFetch } from '../../src/http/demo/trusting-fetch.ts'

const aCertificate = async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  }
}

t.test('a development server trusts its own certificate, and no other', async (t) => {
  const { cert, key } = await aCertificate()
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const type = request.headers['content-type'] ?? ''
    response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'x-type': type }).end(Buffer.concat(chunks))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`

  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  const answer = await trustingFetch(Buffer.from(cert))(url, { method: 'POST', body })
  t.equal(answer.status, 201)
  t.equal(await answer.text(), 'grant_type=client_credentials')
  t.match(answer.headers.get('x-type'), 'application/x-www-form-urlencoded')
  t.same(answer.headers.getSetCookie(), ['a=1', 'b=2'])

  const other = await aCertificate()
  await t.rejects(trustingFetch(Buffer.from(other.cert))(url), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await t.rejects(trustingFetch(Buffer.from(cert))(url, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
