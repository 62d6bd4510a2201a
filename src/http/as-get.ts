import type { FastifyReply, FastifyRequest } from 'fastify'
import { bodyOf } from './form.ts'
import { queryParameters } from './form-body.ts'
import { PageError } from './page-error.ts'

/** What fits into an address again, below the header limit. */
const longest = 8 * 1024

/**
 * A POST from another site arrives without the SameSite=Lax session: the same request comes again as a GET, which brings
 * it. What stood in query and body both is repeated there, and refused for it.
 * @param kind of the page that says so where it cannot come again
 */
export const asGet = (request: FastifyRequest, reply: FastifyReply, kind: 'request' | 'unreadable'): FastifyReply => {
  const all = new URLSearchParams([...queryParameters(request), ...bodyOf(request)])
  if (all.toString().length > longest)
    throw new PageError(400, kind, 'invalid_request', 'the posted request is too long for an address')
  return reply.redirect(`${request.url.replace(/\?.*/s, '')}?${all}`, 303)
}
