import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, get } from 'node:https'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { type CertificateOf, protect, TokenRefused, tokenOf } from '../../src/resource-server/index.ts'
import { mockIssuer, thumbprintOf } from '../../src/resource-server/testing/index.ts'
import { tlsOptions } from '../../src/tls.ts'
import { aCertificate, type Certificate } from '../support/certificate.ts'

const issuer = await mockIssuer()
t.teardown(() => issuer.close())
const aGuard = (certificate?: CertificateOf) =>
  protect({
    issuer: issuer.issuer,
    audience: issuer.audience,
    revocations: 'off',
    certificate,
    publicUrl: 'https://api.example',
  })
const [server, client, other] = [await aCertificate(t), await aCertificate(t), await aCertificate(t)]
const pem = await readFile(client.certFile, 'utf8')
const otherPem = await readFile(other.certFile, 'utf8')
const token = await issuer.issue({ cnf: { 'x5t#S256': thumbprintOf(pem) } })
const headers = { authorization: `Bearer ${token}` }

const servers: Readonly<Record<string, (t: Test) => Promise<number>>> = {
  async 'node:https'(t) {
    const listener = aGuard().http(undefined, (_request, response, { sub }) => response.end(sub))
    const listening = createServer({ ...tlsOptions(server), requestCert: true, rejectUnauthorized: false }, listener)
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    t.teardown(() => void listening.close())
    const address = listening.address()
    return typeof address === 'object' && address ? address.port : 0
  },
  async fastify(t) {
    const app = fastify({ https: { ...tlsOptions(server), requestCert: true, rejectUnauthorized: false } })
    t.teardown(() => app.close())
    app.get('/', { onRequest: aGuard().fastify() }, async (request) => tokenOf(request).sub)
    const base = await app.listen({ host: '127.0.0.1', port: 0 })
    return Number(new URL(base).port)
  },
}

/** It trusts anybody: the authorities of the test share one name, which OpenSSL takes amiss on one side. */
const ask = async (port: number, shown?: Certificate) => {
  const own = shown && { cert: await readFile(shown.certFile), key: await readFile(shown.keyFile) }
  return new Promise<number | undefined>((resolve, reject) => {
    get({ host: '127.0.0.1', port, rejectUnauthorized: false, headers, agent: false, ...own }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

for (const [name, start] of Object.entries(servers))
  t.test(`${name}: a token that is bound to a certificate needs it on the connection (RFC 8705 §3)`, async (t) => {
    const port = await start(t)
    t.equal(await ask(port, client), 200)
    t.equal(await ask(port, other), 401)
    t.equal(await ask(port), 401)
  })

t.test('behind a proxy the certificate comes in a header that it sets (RFC 9440 §2.1)', async (t) => {
  const guard = aGuard((header) => header('Client-Cert'))
  const verdict = (value: string | string[] | undefined) =>
    guard.verify({ headers: { ...headers, 'client-cert': value } }).then(
      ({ sub }) => sub,
      (error: unknown) => (error instanceof TokenRefused ? `${error.status} ${error.rule}` : String(error)),
    )
  const bytes = (written: string) => `:${new X509Certificate(written).raw.toString('base64')}:`
  // A line break ends a PEM file, and so what nginx writes as $ssl_client_escaped_cert: -----END%20CERTIFICATE-----%0A
  const [bare, file] = [pem.trim(), `${pem.trim()}\n`]
  for (const good of [bytes(pem), bare, file, encodeURIComponent(bare), encodeURIComponent(file)])
    t.equal(await verdict(good), 'alice', `${good.slice(0, 20)} … ${good.slice(-20)}`)
  for (const bad of [
    undefined,
    '',
    ':AAAA:',
    'x',
    '%',
    bytes(otherPem),
    encodeURIComponent(otherPem),
    `${bytes(pem)}, ${bytes(otherPem)}`,
    [bytes(pem), bytes(pem)],
  ])
    t.equal(await verdict(bad), '401 certificate', String(bad).slice(0, 20))
})

t.test('a guard that sees no connection, or only the token, refuses and says what to do', async (t) => {
  const refusal = (error: unknown) => error
  const expected = {
    rule: 'certificate',
    reason: /requestCert/,
    headers: { 'www-authenticate': /^Bearer .*invalid_token/ },
  }
  t.match(await aGuard().verify(token).catch(refusal), expected)
  t.match(await aGuard().verify({ headers }).catch(refusal), expected)
  t.match(await aGuard().verify({ headers, socket: {} }).catch(refusal), expected)
})

t.test('bound to both, a token needs both', async (t) => {
  const key = await issuer.proofKey()
  const url = 'https://api.example/'
  const both = await issuer.issue({ cnf: { jkt: key.jkt, 'x5t#S256': thumbprintOf(pem) } })
  const request = async (token: string) => ({ headers: await key.headers({ url, token }), url, method: 'GET' })
  t.equal((await aGuard(() => pem).verify(await request(both))).sub, 'alice')
  const error = await aGuard(() => otherPem)
    .verify(await request(both))
    .catch((one) => one)
  t.equal(error.rule, 'certificate')
  const bearer = { headers: { authorization: `Bearer ${both}` }, url, method: 'GET' }
  t.equal(
    (
      await aGuard(() => pem)
        .verify(bearer)
        .catch((one) => one)
    ).rule,
    'cnf',
  )
})
