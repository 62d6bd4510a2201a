import type { Token } from './access-token.ts'

/**
 * What `guard.fastify` and `guard.express` left on the request, typed.
 * @throws Error on a route that no guard protects, and for whoever `guard.optional` let pass without a token: better than
 * serving it to everybody
 */
export const tokenOf = (request: object): Token => {
  const token = optionalTokenOf(request)
  if (token) return token
  throw new Error(
    'guard.optional let this request pass without a token: ask optionalTokenOf(request) whether it has one',
  )
}

/**
 * What `guard.optional.fastify` and `guard.optional.express` left: undefined for whoever shows no token.
 * @throws Error on a route that no guard looks at
 */
export const optionalTokenOf = (request: object): Token | undefined => {
  // A guard that has looked leaves its word even where it is undefined.
  if ('token' in request && (request.token === undefined || isToken(request.token))) return request.token
  throw new Error(
    'this route has no token: put guard.fastify() or guard.express() before it, or that of guard.optional',
  )
}

const isToken = (value: unknown): value is Token => typeof value === 'object' && value !== null && 'client_id' in value
