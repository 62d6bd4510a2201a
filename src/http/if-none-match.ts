import type { FastifyRequest } from 'fastify'

/** RFC 9110 §13.1.2. @returns whether the caller holds this representation, so that 304 is the answer */
export const holds = (request: FastifyRequest, etag: string): boolean =>
  (request.headers['if-none-match'] ?? '').split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()))
