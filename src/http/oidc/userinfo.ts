import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { invalidRequest } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { parseParameters } from '../../oauth/parameters.ts'
import { userinfo as answer, type UserinfoDependencies } from '../../oauth/userinfo.ts'
import { bodyOf } from '../form.ts'
import { allowAnyOrigin, preflight } from '../oauth/cors.ts'
import { challengesOf, type HolderCheck, type ShownToken, tokenIn, triesToken } from '../oauth/shown-token.ts'

export type UserinfoOptions = {
  readonly clock: Clock
  readonly tokens: Omit<UserinfoDependencies, 'now'>
  readonly holderCheck: HolderCheck
}

/** OIDC Core §5.3: GET and POST, the token in the header or, for a POST, in the body (RFC 6750 §2). */
export const userinfo = async (
  app: FastifyInstance,
  { clock, tokens, holderCheck }: UserinfoOptions,
): Promise<void> => {
  preflight(app, paths.userinfo, 'GET, POST')

  app.route({
    method: ['GET', 'POST'],
    url: paths.userinfo,
    // Before the body is read: a browser app must be able to read its errors too.
    onRequest: async (_request, reply) => {
      allowAnyOrigin(reply)
      reply.header('cache-control', 'no-store')
    },
    handler: async (request, reply) => {
      const shown = shownIn(request, reply, tokens.issuer)
      const verifyAccessToken = holderCheck(request, reply, shown)
      const answered = await answer(shown.token, { ...tokens, verifyAccessToken, now: clock.now() })
      return answered.is === 'plain' ? answered.claims : reply.type('application/jwt').send(answered.jwt)
    },
  })
}

const shownIn = (request: FastifyRequest, reply: FastifyReply, issuer: string): ShownToken => {
  const { authorization } = request.headers
  const inBody = request.method === 'POST' ? parseParameters(bodyOf(request)).optional('access_token') : undefined
  if (inBody === undefined) {
    // RFC 6750 §3.1: "If the request lacks any authentication information […], the resource server SHOULD NOT include an
    // error code".
    if (!triesToken(authorization)) reply.header('www-authenticate', challengesOf(authorization, `realm="${issuer}"`))
    return tokenIn(request)
  }
  // RFC 6750 §2: one method per request.
  if (authorization !== undefined) throw invalidRequest('Send the access token in one place only (RFC 6750 §2).')
  return { scheme: 'Bearer', token: inBody }
}
