import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidRequest, invalidToken, printable } from '../../oauth/errors.ts'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import { proofAlgorithms } from '../../oauth/sender-constraint/dpop.ts'
import { checkHolder, HolderRefused, type Scheme } from '../../oauth/sender-constraint/holder.ts'
import { authorizationOf } from './client-door.ts'
import { createProvenRequest, offerNonce, type SenderDependencies, shownBy } from './sender-door.ts'

export type ShownToken = { readonly scheme: Scheme; readonly token: string }

/** RFC 6750 §2.1, RFC 9449 §7.1: the scheme is one in whatever case it is written. */
export const tokenIn = (request: FastifyRequest): ShownToken => {
  const { authorization, repeated } = authorizationOf(request)
  if (repeated) throw invalidRequest('More than one Authorization header was sent.')
  const [, scheme, token] = /^(Bearer|DPoP) +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? []
  if (scheme === undefined || token === undefined)
    throw invalidToken('Send the access token as "Authorization: Bearer …" (RFC 6750 §2.1).', 'no access token')
  return { scheme: schemeOf(authorization), token }
}

export const schemeOf = (authorization: string | undefined): Scheme =>
  /^dpop(?: |$)/i.test(authorization ?? '') ? 'DPoP' : 'Bearer'

/** Whether it is of a scheme that shows a token, however badly. */
export const triesToken = (authorization: string | undefined): boolean =>
  /^(?:Bearer|DPoP)(?: |$)/i.test(authorization ?? '')

/** RFC 9449 §7.1: `algs` says with which algorithms a proof may be signed. @param why `error="…"` and the like */
export const challengeOf = (scheme: Scheme, why: string): string =>
  scheme === 'DPoP' ? `DPoP ${why}, algs="${proofAlgorithms.join(' ')}"` : `Bearer ${why}`

/** RFC 9449 §7.1: whoever tried no scheme yet is offered each that is served. */
export const challengesOf = (authorization: string | undefined, why: string): string =>
  triesToken(authorization)
    ? challengeOf(schemeOf(authorization), why)
    : `${challengeOf('Bearer', why)}, ${challengeOf('DPoP', why)}`

/** How an endpoint that honours access tokens verifies one: that it is ours, and that who shows it is its holder. */
export type HolderCheck = (
  request: FastifyRequest,
  reply: FastifyReply,
  shown: ShownToken,
) => TokenDependencies['verifyAccessToken']

export const createHolderCheck = (
  deps: SenderDependencies,
  verifyAccessToken: TokenDependencies['verifyAccessToken'],
): HolderCheck => {
  const requestOf = createProvenRequest(deps)
  return (request, reply, { scheme, token: accessToken }) =>
    async (token, now) => {
      const proven = requestOf(request)
      offerNonce(proven, reply, deps.nonces, now)
      const claims = await verifyAccessToken(token, now)
      if (!claims) return undefined
      try {
        const certificate = claims.cnf === undefined ? undefined : shownBy(request, deps)
        const shown = { scheme, request: { ...proven, accessToken }, certificate }
        await checkHolder(claims.cnf, shown, { nonces: deps.nonces, replays: deps.replays, now })
      } catch (error) {
        if (error instanceof HolderRefused) {
          const why = `error="${error.code}", error_description="${printable(error.description)}"`
          reply.header('www-authenticate', challengeOf(error.scheme, why))
        }
        throw error
      }
      return claims
    }
}
