import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { invalidRequest, invalidToken } from '../../oauth/errors.ts'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import { paths } from '../../oauth/metadata.ts'
import { parseParameters } from '../../oauth/parameters.ts'
import { userinfo as answer } from '../../oauth/userinfo.ts'
import { bodyOf } from '../form.ts'
import { authorizationOf } from '../oauth/client-door.ts'
import { allowAnyOrigin, preflight } from '../oauth/cors.ts'

export type UserinfoOptions = { readonly clock: Clock; readonly tokens: Omit<TokenDependencies, 'now'> }

/** OIDC Core §5.3: GET and POST, the token in the header or, for a POST, in the body (RFC 6750 §2). */
export const userinfo = async (app: FastifyInstance, { clock, tokens }: UserinfoOptions): Promise<void> => {
  preflight(app, paths.userinfo, 'GET, POST')

  app.route({
    method: ['GET', 'POST'],
    url: paths.userinfo,
    // Before the body is read: a browser app must be able to read its errors too.
    onRequest: async (_request, reply) => {
      allowAnyOrigin(reply)
      reply.header('cache-control', 'no-store')
    },
    handler: async (request) => answer(bearerToken(request), { ...tokens, now: clock.now() }),
  })
}

const bearerToken = (request: FastifyRequest): string => {
  const { authorization, repeated } = authorizationOf(request)
  if (repeated) throw invalidRequest('More than one Authorization header was sent.')
  const inBody = request.method === 'POST' ? parseParameters(bodyOf(request)).optional('access_token') : undefined
  // RFC 6750 §2: one method per request.
  if (authorization !== undefined && inBody !== undefined)
    throw invalidRequest('Send the access token in one place only (RFC 6750 §2).')
  const token = inBody ?? /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined)
    throw invalidToken('Send the access token as "Authorization: Bearer …" (RFC 6750 §2.1).', 'no bearer token')
  return token
}
