import type { Token } from './access-token.ts'

/**
 * What `guard.fastify` and `guard.express` left on the request, typed.
 * @throws Error on a route that no guard protects: better than serving it to everybody
 */
export const tokenOf = (request: object): Token => {
  if ('token' in request && isToken(request.token)) return request.token
  throw new Error('this route has no token: put guard.fastify() or guard.express() before it')
}

const isToken = (value: unknown): value is Token => typeof value === 'object' && value !== null && 'client_id' in value
