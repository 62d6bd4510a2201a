import type { FastifyReply } from 'fastify'

/** D6: 429 (RFC 6585 §4), with the seconds after which it may be asked again. To be thrown. */
export const tooMany = (reply: FastifyReply, seconds: number): Error => {
  reply.header('retry-after', String(seconds))
  return Object.assign(new Error('more was asked for than one may leave behind'), { statusCode: 429 })
}
