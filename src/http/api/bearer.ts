import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Administration, recentLogin } from '../../administration/index.ts'
import { type Clock, numericDate } from '../../clock.ts'
import type { Actor } from '../../identity/ending.ts'
import { administratorResource, administratorScope } from '../../oauth/administrator-scope.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { activeAccessToken, type TokenDependencies } from '../../oauth/introspection.ts'
import { challengesOf, type HolderCheck, tokenIn } from '../oauth/shown-token.ts'
import { originOf } from '../origin.ts'

/** @property authTime when the person logged in, as the token says; nobody did where a client acts by itself */
export type Caller = { readonly by: Actor; readonly authTime: number | undefined }

export type Bearer = {
  admit(request: FastifyRequest, reply: FastifyReply): Promise<Caller>
  /** @throws OAuthError where a person has to log in again before acting on many */
  demandRecentLogin(caller: Caller, request: FastifyRequest, reply: FastifyReply): void
}

/**
 * Who may call: a client by itself, or an administrator through one, with an access token of this server for this API. It
 * is asked at each request whether the token still stands, and whether the person still is an administrator.
 */
export const createBearer = (deps: {
  readonly tokens: Omit<TokenDependencies, 'now'>
  readonly holderCheck: HolderCheck
  readonly administration: Pick<Administration, 'user'>
  readonly clock: Clock
}): Bearer => {
  const { issuer } = deps.tokens
  const resource = administratorResource(issuer)
  const realm = `realm="${resource}", scope="${administratorScope}"`

  return {
    async admit(request, reply) {
      // RFC 6750 §3.1: "If the request lacks any authentication information […], the resource server SHOULD NOT include an
      // error code".
      // RFC 6750 §2.2 and §2.3, a token in the body or in the address, are not served: addresses end up in logs.
      const { authorization } = request.headers
      reply.header('www-authenticate', challengesOf(authorization, realm))
      const shown = tokenIn(request)
      const refuse = (code: 'invalid_token' | 'insufficient_scope', description: string, reason: string) => {
        const why = `${realm}, error="${code}", error_description="${description}"`
        reply.header('www-authenticate', challengesOf(authorization, why))
        return new OAuthError(code, description, reason)
      }

      const verifyAccessToken = deps.holderCheck(request, reply, shown)
      const active = await activeAccessToken(shown.token, { ...deps.tokens, verifyAccessToken, now: deps.clock.now() })
      // RFC 6750 §3.1: "expired, revoked, malformed, or invalid for other reasons"
      const unfit = 'The access token is malformed, expired, revoked or not for this API.'
      if (!active) throw refuse('invalid_token', unfit, 'not an active access token of ours')
      const { aud, scope = '', client_id: clientId, auth_time: authTime } = active.claims
      // RFC 9068 §4: "MUST validate that the 'aud' claim contains a resource indicator value corresponding to an identifier
      // the resource server expects for itself". And no other: whoever else the token was shown to could send it here.
      const audience = [aud].flat()
      if (audience.length !== 1 || audience[0] !== resource) throw refuse('invalid_token', unfit, 'another audience')
      // What the client lost since the token was issued is lost at once; of its scope that is known here already.
      if (!active.owner.resources.includes(resource))
        throw refuse('invalid_token', unfit, 'the client is not registered for the resource any more')
      if (!scope.split(' ').includes(administratorScope))
        throw refuse('insufficient_scope', `This needs the scope ${administratorScope}.`, 'the scope is missing')
      // By the family: the `sub` of a pairwise client is no person's id.
      const userId = active.standing?.family.userId
      if (userId !== undefined && (await deps.administration.user(userId))?.admin !== true)
        throw refuse('insufficient_scope', 'This is for administrators.', 'the person is no administrator')
      reply.removeHeader('www-authenticate')
      return {
        by: { userId, clientId, through: 'api', ...originOf(request) },
        authTime,
      }
    },
    demandRecentLogin({ by, authTime }, request, reply) {
      if (by.userId === undefined) return
      if (authTime !== undefined && numericDate(deps.clock.now()) - authTime <= recentLogin) return
      const code = 'insufficient_user_authentication'
      const description = 'This ends much at once. Log in again first.'
      // RFC 9470 §3: `max_age` says how long ago the login may be.
      const why = `error="${code}", error_description="${description}", max_age="${recentLogin}"`
      reply.header('www-authenticate', challengesOf(request.headers.authorization, `${realm}, ${why}`))
      throw new OAuthError(code, description, `the login is older than ${recentLogin} s`)
    },
  }
}
