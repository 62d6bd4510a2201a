import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { Test } from 'tap'
import { createOutbound } from '../../src/http/outbound/index.ts'
import { tlsOptions } from '../../src/tls.ts'
import { aCertificate, type Certificate, trust } from './certificate.ts'
import { aServer, type ServerOptions, type TestServer } from './server.ts'

export type TlsServer = TestServer & { readonly certificate: Certificate }

/** The server behind its own TLS listener, trusted by `fetch` of this process because of its authority. */
export const aTlsServer = async (t: Test, options: ServerOptions = {}): Promise<TlsServer> => {
  const certificate = await aCertificate(t)
  trust(t, certificate)
  const { certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE } = certificate
  const outbound = createOutbound({ allowLoopback: true, ca: certificate.ca, timeout: 60_000 })
  const server = await aServer(t, { outbound, ...options, env: { TLS_CERT_FILE, TLS_KEY_FILE, ...options.env } })
  // The very same, so that another can stand beside it.
  return Object.assign(server, { certificate })
}

/** An app of somebody's own, on https. @param build makes it once its address is known */
export const anHttpsApp = async (
  t: Test,
  certificate: Certificate,
  build: (url: string) => RequestListener,
): Promise<string> => {
  const listener = createServer(tlsOptions(certificate))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  listener.on('request', build(url))
  t.teardown(() => {
    listener.closeAllConnections()
    return new Promise<void>((resolve) => listener.close(() => resolve()))
  })
  return url
}
