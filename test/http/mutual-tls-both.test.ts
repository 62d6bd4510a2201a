import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import { anAuthority, type Issued } from '../support/client-certificates.ts'
import { freePort } from '../support/free-port.mjs'
import { type App, claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { grant, machineMetadata, refusedClient } from '../support/token-requests.ts'

const authority = await anAuthority()
const caFile = join(t.testdir(), 'authorities.pem')
await writeFile(caFile, authority.pem)
const port = await freePort()
const server = await aTlsServer(t, {
  env: { MTLS_PORT: String(port), MTLS_PROXY: '127.0.0.1', MTLS_CA_FILE: caFile },
})

/** A client of that name, and its certificate. */
const aNamed = async (name: string) => {
  const certificate = await authority.issue({ names: [{ type: 'dns', value: name }] })
  const app = await server.anApp({
    ...machineMetadata,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: name,
    tls_client_certificate_bound_access_tokens: true,
  })
  return { certificate, app }
}
const [ours, theirs] = [await aNamed('ours.example'), await aNamed('theirs.example')]

/** At the port that asks for certificates, by a connection that shows this one, or none. */
const handshaken = async (t: Test, app: App, headers: Record<string, string>, shown?: Issued) => {
  const { ca } = server.certificate
  const dispatcher = new Agent({ connect: { ca, ...(shown && { cert: shown.pem, key: shown.key }) } })
  t.teardown(() => dispatcher.close())
  const body = new URLSearchParams({ client_id: app.client_id, ...grant })
  const url = `https://127.0.0.1:${port}/oauth2/token`
  const answer = await fetchBy(url, { method: 'POST', body, headers, dispatcher })
  const granted: Record<string, unknown> = JSON.parse(await answer.text())
  return { status: answer.status, body: granted }
}

t.test('T18 RFC 9440 §4: at MTLS_PORT no header is a certificate, whoever the peer is', async (t) => {
  const header = { 'client-cert': theirs.certificate.header }
  t.match(await handshaken(t, theirs.app, header), refusedClient, 'where the connection has none')
  t.match(await handshaken(t, theirs.app, header, ours.certificate), refusedClient, 'where it has another')

  const granted = await handshaken(t, ours.app, header, ours.certificate)
  t.match(granted, { status: 200 }, 'its own counts beside one')
  const bare = await handshaken(t, ours.app, {}, ours.certificate)
  t.same(claims(granted.body.access_token).cnf, claims(bare.body.access_token).cnf)
  const broken = { 'client-cert': 'no certificate', 'client-cert-chain': 'nor these' }
  t.match(await handshaken(t, ours.app, broken, ours.certificate), { status: 200 })
})

t.test('T18 RFC 9440 §2: at the port of the issuer the header of a named proxy is one', async (t) => {
  const sent = (headers: Record<string, string>) => server.post('/oauth2/token', grant, theirs.app, headers)
  t.match(await sent({ 'client-cert': theirs.certificate.header }), { status: 200 })
  t.match(await sent({ 'client-cert': ours.certificate.header }), refusedClient)
  t.match(await sent({}), refusedClient)
})
