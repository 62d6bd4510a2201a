#!/usr/bin/env node
/**
 * Answers nginx's auth_request: 204 with who it is, or why not. ISSUER, AUDIENCE and PORT say for what and where;
 * PUBLIC_URL, by which address clients call: without it tokens that are bound to a key (DPoP) are refused. With
 * NONCE_SECRET their proofs need a nonce of the verifier's (RFC 9449 §9); it is the same in all that share the work.
 */
import { createServer } from 'node:http'
import { protect, TokenRefused } from 'tessera/resource-server'

const { ISSUER: issuer = '', AUDIENCE: audience = '', PORT: port = '9090', PUBLIC_URL: publicUrl } = process.env
const onRefusal = ({ status, rule, reason }) => console.log(JSON.stringify({ status, rule, reason }))
// nginx sets this header, so that what a client sends under this name is gone.
const certificate = (header) => header('X-Client-Cert')
const nonceSecret = process.env.NONCE_SECRET
const guard = protect({ issuer, audience, publicUrl, nonceSecret, certificate, onRefusal })

const server = createServer(async ({ headers, rawHeaders }, response) => {
  try {
    // All of these are nginx's own word. A location that asks for no scope takes every good token.
    const scope = String(headers['x-required-scope'] ?? '')
    const [method, url] = [String(headers['x-original-method']), String(headers['x-original-uri'])]
    const request = { headers, rawHeaders, method, url }
    const token = await guard.verify(request, scope)
    response.writeHead(204, {
      'x-user': encodeURIComponent(token.sub),
      'x-client': encodeURIComponent(token.client_id),
      'x-scope': token.scope.join(' '),
    })
  } catch (error) {
    if (!(error instanceof TokenRefused)) console.error(error)
    const unknown = { status: 503, error: 'temporarily_unavailable', headers: {} }
    const { status, error: code = '', headers: answer } = error instanceof TokenRefused ? error : unknown
    // auth_request knows 2xx, 401 and 403 alone: the true status and error go beside it, and nginx gives them back.
    response.writeHead(403, { ...answer, 'x-status': String(status), 'x-error': code })
  }
  response.end()
}).listen(Number(port), process.env.HOST ?? '127.0.0.1', () => console.log(`ready on ${server.address().port}`))

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    guard.close()
    server.close()
    server.closeAllConnections()
  })
