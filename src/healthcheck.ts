import { readConfig } from './config.ts'

/** For the container's HEALTHCHECK: asks this machine's own server whether it is ready; exit code 0 or 1. */
const { port, tls } = readConfig()
const { request } = tls ? await import('node:https') : await import('node:http')
// The certificate names the public host; here only a liveness question goes to loopback.
const options = { host: '127.0.0.1', port, path: '/health/ready', timeout: 2500, rejectUnauthorized: false }
const asked = request(options, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
asked.on('timeout', () => asked.destroy(new Error('timeout')))
asked.on('error', () => process.exit(1))
asked.end()
