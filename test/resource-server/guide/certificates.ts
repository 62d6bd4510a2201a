import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { protect } from '../../../src/resource-server/index.ts'

const issuer = { issuer: 'https://auth.example', audience: 'https://api.example' }
const [cert, key] = [readFileSync('cert.pem'), readFileSync('key.pem')]
const guard = protect(issuer)
const server = createServer(
  { cert, key, requestCert: true, rejectUnauthorized: false },
  guard.http('orders.read', (_request, response, token) => response.end(`orders of ${token.sub}`)),
)
// A proxy that terminates TLS passes the certificate on, and takes away what clients send under that name.
const behindProxy = protect({ ...issuer, certificate: (header) => header('Client-Cert') })

export { behindProxy, server }
