import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { invalidRequest } from '../oauth/errors.ts'
import { valuesOf } from './header.ts'

/** What one connection and one request may take, in bytes and milliseconds. */
export const limits = {
  body: 64 * 1024,
  header: 16 * 1024,
  parameters: 500,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  /** Longer than a load balancer keeps an idle connection (60 s), or it would send into one that we just closed. */
  keepAliveTimeout: 72_000,
  /** How often the timeouts are looked at; 30 s by default, by which they would be half as long again. */
  connectionsCheckingInterval: 2_000,
  connections: 10_000,
} as const

type Timeouts = Record<'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'connectionsCheckingInterval', number>

export const serverOptions = (timeouts: Timeouts): ServerOptions => ({
  maxHeaderSize: limits.header,
  headersTimeout: timeouts.headersTimeout,
  requestTimeout: timeouts.requestTimeout,
  keepAliveTimeout: timeouts.keepAliveTimeout,
  connectionsCheckingInterval: timeouts.connectionsCheckingInterval,
  requireHostHeader: true,
  insecureHTTPParser: false,
  noDelay: true,
})

/** Statuses of what Node's parser refuses before there is a request. */
const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** RFC 9112 §3: what is not HTTP, or could be read in two ways, is answered 400 and its connection closed. */
export const refuseConnection = (error: Error, socket: Socket): void => {
  if (socket.writable) {
    const status = statuses['code' in error ? String(error.code) : ''] ?? '400 Bad Request'
    const body = '{"error":"invalid_request","error_description":"The request is not well-formed HTTP."}'
    const head = `Content-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\nConnection: close`
    socket.write(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`)
  }
  socket.destroy()
}

/**
 * Fastify's options that bound a request: `Fastify({ ...bounds({ tls }) })`. With TLS the same server speaks https; the
 * type leaves that out, so that plugins need not know which of the two they are in.
 *
 * @param tls undefined serves plain HTTP, for loopback or behind a proxy that terminates TLS
 * @param timeouts milliseconds
 */
export const bounds = ({
  tls,
  timeouts = limits,
}: {
  readonly tls?: TlsOptions | undefined
  readonly timeouts?: Timeouts
} = {}): Bounds => ({
  bodyLimit: limits.body,
  keepAliveTimeout: timeouts.keepAliveTimeout,
  requestTimeout: timeouts.requestTimeout,
  routerOptions: { maxParamLength: 200 },
  clientErrorHandler: refuseConnection,
  http: serverOptions(timeouts),
  ...(tls ? { https: { ...serverOptions(timeouts), ...tls } } : {}),
})
type Bounds = Pick<FastifyServerOptions, 'bodyLimit' | 'keepAliveTimeout' | 'requestTimeout' | 'routerOptions'> & {
  readonly clientErrorHandler: typeof refuseConnection
  readonly http: ServerOptions
}

/**
 * RFC 9112 §6.1, D7: a body whose end only another server would know. Node answers the request before it finds out;
 * here nothing is done with it. Called on the root, before any route.
 */
export const refuseUnknownEncodings = (app: FastifyInstance): void => {
  app.addHook('onRequest', (request, reply, done) => {
    const encoding = request.headers['transfer-encoding']
    const isKnown = encoding === undefined || encoding.toLowerCase() === 'chunked'
    // RFC 9112 §3.2: more than one Host is 400. Node keeps the first, and whoever stands before it may have kept the other.
    if (isKnown && valuesOf(request.raw.rawHeaders, 'host').length < 2) return done()
    reply.header('connection', 'close')
    done(invalidRequest(isKnown ? 'More than one Host was sent.' : 'This Transfer-Encoding is not served.'))
  })
}

/** RFC 9110 §10.1.1: what else than 100-continue is expected may be ignored. Node's own answer has no body and no log. */
export const ignoreExpectations = (server: Pick<Server, 'on' | 'emit'>): void => {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** D3: connections beyond the cap are dropped before they cost anything. */
export const capConnections = (app: FastifyInstance, connections: number = limits.connections): void => {
  app.server.maxConnections = connections
}
