import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { requireRoots } from '../../src/http/mutual-tls.ts'
import { authoritiesIn } from '../../src/tls.ts'
import { anAuthority, type Issued } from '../support/client-certificates.ts'
import { freePort } from '../support/free-port.mjs'
import type { App } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { grant, machineMetadata } from '../support/token-requests.ts'

const root = await anAuthority()
const between = await root.issue({ subject: 'CN=between', ca: true })
const names = [{ type: 'dns' as const, value: 'client.example' }]
const client = await between.issue({ names })

/** A server that trusts these, and a client of the name. */
const trusting = async (t: Test, authorities: readonly Issued[]) => {
  const caFile = join(t.testdir(), 'authorities.pem')
  await writeFile(caFile, authorities.map(({ pem }) => pem).join('\n'))
  const port = await freePort()
  const server = await aTlsServer(t, { env: { MTLS_PORT: String(port), MTLS_CA_FILE: caFile } })
  const app = await server.anApp({
    ...machineMetadata,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'client.example',
  })
  /** @param chain what it shows. Each request is a connection of its own, in one TLS session. */
  const by = (chain: readonly [Issued, ...Issued[]]) => {
    const cert = chain.map(({ pem }) => pem).join('\n')
    const agent = new Agent({ ca: server.certificate.ca, cert, key: chain[0].key, keepAlive: false })
    t.teardown(() => agent.destroy())
    return () => tokenBy(agent, port, app)
  }
  return { by }
}

const tokenBy = (agent: Agent, port: number, app: App) =>
  new Promise<{ readonly status: number | undefined; readonly isResumed: boolean }>((resolve, reject) => {
    const form = new URLSearchParams({ client_id: app.client_id, ...grant }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request({ agent, host: '127.0.0.1', port, path: '/oauth2/token', method: 'POST', headers })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      const isResumed = (answer.socket as TLSSocket).isSessionReused()
      answer.resume().on('end', () => resolve({ status: answer.statusCode, isResumed }))
    })
    sent.end(form)
  })

t.test('T18 RFC 8705 §2.1: a session that is resumed is as good as its first handshake was', async (t) => {
  const { by } = await trusting(t, [root])
  const ours = by([client, between])
  t.same(await ours(), { status: 200, isResumed: false })
  t.same(await ours(), { status: 200, isResumed: true })
  const impostor = await (await anAuthority()).issue({ subject: 'CN=between', ca: true })
  const theirs = by([await impostor.issue({ names }), impostor])
  t.same(await theirs(), { status: 401, isResumed: false })
  t.same(await theirs(), { status: 401, isResumed: true }, 'and no better')
  const forServers = by([await between.issue({ names, usages: ['1.3.6.1.5.5.7.3.1'] }), between])
  t.same([(await forServers()).status, (await forServers()).status], [401, 401])
  const old = by([await between.issue({ names, notAfter: new Date('2021-01-01') }), between])
  t.same([(await old()).status, (await old()).status], [401, 401])
})

t.test('T18 an authority below another is named together with its root, or there is no start', async (t) => {
  const sibling = await root.issue({ subject: 'CN=sibling', ca: true })
  const message = 'MTLS_CA_FILE: at MTLS_PORT it needs the root above CN=between'
  t.throws(() => requireRoots([between.x509]), { message })
  const { by } = await trusting(t, [between, root])
  t.match(await by([client])(), { status: 200 }, 'then nobody needs to send it')
  t.match(await by([await sibling.issue({ names })])(), { status: 401 })
})

t.test('T18 what is named and is no authority vouches for nobody, itself least', async (t) => {
  const caFile = join(t.testdir(), 'authorities.pem')
  await writeFile(caFile, `${root.pem}\n${client.pem}`)
  t.throws(() => authoritiesIn(caFile), {
    message: `MTLS_CA_FILE: the file ${caFile} holds a certificate of no authority`,
  })
})
