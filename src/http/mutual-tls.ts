import type { X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import type { TlsOptions } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { ConfigurationError } from '../config.ts'
import { openidConfiguration } from '../oauth/metadata.ts'
import { basePathOf } from './base-path.ts'
import { HandshakenRequest } from './client-certificate.ts'
import { ignoreExpectations, limits, refuseConnection, serverOptions } from './limits.ts'
import { watchSilent } from './operations/stop.ts'

export type MutualTlsListener = { close(): Promise<void> }

/**
 * RFC 8705 §5: a second port that asks for a certificate, because a browser asked for one on the first would show its user
 * a dialog. It serves what clients call and no page. Whose certificate it is, and whether it must be one of an authority,
 * is for the client's registration to say: here none is refused.
 */
export const listenForCertificates = async (
  app: FastifyInstance,
  {
    tls,
    authorities,
    issuer,
    host,
    port,
  }: {
    readonly tls: TlsOptions
    readonly authorities: readonly X509Certificate[]
    readonly issuer: string
    readonly host: string
    readonly port: number
  },
): Promise<MutualTlsListener> => {
  requireRoots(authorities)
  await app.ready()
  const serves = servedBelow(issuer)
  const ca = authorities.map((authority) => authority.toString())
  const asking = { requestCert: true, rejectUnauthorized: false, ...(ca.length > 0 && { ca }) }
  const options = { ...serverOptions(limits), ...tls, ...asking, IncomingMessage: HandshakenRequest }
  const server = createServer(options, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (serves(path)) return app.routing(request, response)
    response.writeHead(404, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end('{"error":"invalid_request","error_description":"There is nothing at this address."}')
  })
  server.maxConnections = limits.connections
  server.on('clientError', refuseConnection)
  ignoreExpectations(server)
  const endSilent = watchSilent(server, { isTls: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        endSilent()
      }),
  }
}

/**
 * OpenSSL follows a path to its root: whoever names an authority below another alone would wonder why none is trusted.
 * @throws ConfigurationError naming one whose root is missing
 */
export const requireRoots = (authorities: readonly X509Certificate[]): void => {
  const rootless = authorities.find((each) => !authorities.some((above) => each.checkIssued(above)))
  if (rootless)
    throw new ConfigurationError([
      `MTLS_CA_FILE: at MTLS_PORT it needs the root above ${rootless.subject.replaceAll('\n', ', ')}`,
    ])
}

/** What the metadata says is there, and the API, which takes access tokens too. */
const servedBelow = (issuer: string): ((path: string) => boolean) => {
  const { mtls_endpoint_aliases: aliases = {} } = openidConfiguration(issuer, new Map(), [], {
    url: issuer,
    authorities: false,
  })
  const paths = Object.values(aliases).map((url) => new URL(url).pathname)
  const api = `${basePathOf(issuer)}/api/`
  return (path) => paths.includes(path) || path.startsWith(api)
}
