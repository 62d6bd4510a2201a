import type { IncomingMessage } from 'node:http'
import { type FastifyInstance, LogController } from 'fastify'
import type { Random } from '../../random.ts'
import { clientAddress, createTrust } from '../client-address.ts'

const shape = /^[\w.-]{8,64}$/

/**
 * Fastify's options that give each request its id: from a trusted proxy its own, else ours.
 *
 * @param trustProxy addresses and CIDR blocks
 */
export const requestIds = ({ random, trustProxy }: { random: Random; trustProxy: readonly string[] }) => {
  const trusts = createTrust(trustProxy)
  return {
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    requestIdHeader: false as const,
    genReqId: (request: IncomingMessage): string => {
      const given = request.headers['x-request-id']
      if (typeof given === 'string' && shape.test(given) && trusts(request.socket.remoteAddress)) return given
      return random.bytes(12).toString('base64url')
    },
  }
}

/** The id in each answer, and one line in the log for each request. Called on the root, before any route. */
export const requestLog = (app: FastifyInstance): void => {
  // With a callback: each request passes here, and a promise for each would cost more than what is done.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    done()
    const route = request.routeOptions.url ?? 'none'
    const line = {
      method: request.method,
      // The pattern, never the address: a query may hold a code.
      route,
      status: reply.statusCode,
      duration: Math.round(reply.elapsedTime * 10) / 10,
      ip: clientAddress(request) ?? 'unknown',
    }
    if (route.startsWith('/health/')) request.log.debug(line, 'answered')
    else request.log.info(line, 'answered')
  })
}
