import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/errors.ts'
import { type Parameters, parseParameters } from '../oauth/parameters.ts'
import { queryParameters } from './form-body.ts'

export const bodyOf = (request: FastifyRequest): URLSearchParams =>
  request.body instanceof URLSearchParams ? request.body : new URLSearchParams()

/** RFC 6749 §2.3.1, §3.2: the token endpoint and its kin read the body alone; what is in an address ends up in logs. */
export const bodyParameters = (request: FastifyRequest): Parameters => {
  if (queryParameters(request).size > 0)
    throw invalidRequest('Parameters belong in the body, not in the address (RFC 6749 §3.2).')
  const parameters = parseParameters(bodyOf(request))
  parameters.refuseRepeats()
  return parameters
}
