import type { FastifyInstance, FastifyReply } from 'fastify'
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../../clock.ts'
import { answerFailures } from '../operations/failure.ts'

export type DemoApiOptions = {
  /** All that an API has to know of the server that issued a token. */
  readonly issuer: string
  readonly jwksUri: string
  /** This API's own name: what a token for it has in `aud`. */
  readonly audience: string
  readonly scope: string
  readonly clock: Clock
  readonly fetch?: typeof fetch | undefined
}

/** A token that is not good, in whatever way: RFC 6750 §3.1 has one code for all of these. */
const faults: ReadonlySet<string> = new Set([
  errors.JWTInvalid.code,
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
])

/** A resource server as anybody would write one: it verifies tokens with the public keys alone, and asks nobody. */
export const demoApi = async (app: FastifyInstance, options: DemoApiOptions): Promise<void> => {
  const { issuer, audience, scope, clock } = options
  const keys = createRemoteJWKSet(new URL(options.jwksUri), {
    timeoutDuration: 3_000,
    ...(options.fetch && { [customFetch]: options.fetch }),
  })

  /** RFC 9068 §4. @returns undefined for a token that is not good */
  const verified = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        typ: 'at+jwt',
        issuer,
        audience,
        requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
        currentDate: clock.now(),
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JOSEError && faults.has(error.code)) return undefined
      throw new KeysAway(error)
    }
  }

  answerFailures(app, { issuer })

  for (const path of ['/demo/api/', '/demo/api/hello'])
    app.get(path, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const { authorization } = request.headers
      // RFC 6750 §3: a request without a token learns how to authenticate and is told of no error.
      if (!/^Bearer(?: |$)/i.test(authorization ?? '')) return refuse(reply, 401)
      const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
      const claims = token === undefined ? undefined : await verified(token)
      if (!claims) return refuse(reply, 401, 'invalid_token', 'The access token is malformed, expired or not for us.')
      const granted = typeof claims.scope === 'string' ? claims.scope.split(' ') : []
      if (!granted.includes(scope))
        return refuse(reply, 403, 'insufficient_scope', 'The access token lacks a scope.', scope)
      return { hello: claims.sub, client_id: claims.client_id, scope: claims.scope, expires_at: claims.exp }
    })
}

/** The keys cannot be read: that is no fault of the token, nor of whoever sent it. */
class KeysAway extends Error {
  override readonly name = 'KeysAway'
  readonly statusCode = 503

  constructor(cause: unknown) {
    super('the public keys cannot be read', { cause })
  }
}

/** RFC 6750 §3. */
const refuse = (reply: FastifyReply, status: number, error?: string, description?: string, scope?: string) => {
  const told = { realm: 'demo', error, error_description: description, scope }
  const members = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]))
  reply.code(status).header('www-authenticate', `Bearer ${members.join(', ')}`)
  return reply.send(
    error === undefined
      ? { error: 'unauthorized', error_description: 'Send an access token (RFC 6750 §2.1).' }
      : { error, error_description: description },
  )
}
