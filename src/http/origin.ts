import type { FastifyRequest } from 'fastify'
import type { Origin } from '../oauth/stores.ts'
import { clientAddress } from './client-address.ts'

/** Who asked, for the ledger and for the person to see. What a browser says of itself is cut to a sane length. */
export const originOf = (request: FastifyRequest): Origin => ({
  ip: clientAddress(request),
  userAgent: request.headers['user-agent']?.slice(0, 400),
})
