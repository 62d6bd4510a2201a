#!/usr/bin/env node
/**
 * Answers nginx's auth_request: 204 with who it is, or why not. ISSUER, AUDIENCE and PORT say for what and where;
 * PUBLIC_URL, by which address clients call: without it tokens that are bound to a key (DPoP) are refused.
 */
import { createServer } from 'node:http'
import { protect, TokenRefused } from 'tessera/resource-server'

const { ISSUER: issuer = '', AUDIENCE: audience = '', PORT: port = '9090', PUBLIC_URL: publicUrl } = process.env
const onRefusal = ({ status, rule, reason }) => console.log(JSON.stringify({ status, rule, reason }))
// nginx sets this header, so that what a client sends under this name is gone.
const certificate = (header) => header('X-Client-Cert')
const guard = protect({ issuer, audience, publicUrl, certificate, onRefusal })

const server = createServer(async ({ headers, rawHeaders, url: asked = '/' }, response) => {
  try {
    // The scope is nginx's own word, in the address; the address of the client's request comes in a header.
    const scope = new URL(asked, 'http://verifier').searchParams.get('scope') ?? ''
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
    const { status, headers: answer } = error instanceof TokenRefused ? error : { status: 503, headers: {} }
    // auth_request knows 2xx, 401 and 403 alone: the true status goes beside it, and nginx gives it back.
    response.writeHead(403, { ...answer, 'x-status': String(status) })
  }
  response.end()
}).listen(Number(port), process.env.HOST ?? '127.0.0.1', () => console.log(`ready on ${server.address().port}`))

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    guard.close()
    server.close()
    server.closeAllConnections()
  })
