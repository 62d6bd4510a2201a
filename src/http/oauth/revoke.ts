import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import { paths } from '../../oauth/metadata.ts'
import { revoke as revokeToken } from '../../oauth/revocation.ts'
import { bodyParameters } from '../form.ts'
import { originOf } from '../origin.ts'
import type { ClientDoor } from './client-door.ts'
import { allowAnyOrigin, preflight } from './cors.ts'

export type RevokeOptions = {
  readonly door: ClientDoor
  readonly clock: Clock
  readonly tokens: Omit<TokenDependencies, 'now'>
}

/** RFC 7009 §2. */
export const revoke = async (app: FastifyInstance, { door, clock, tokens }: RevokeOptions): Promise<void> => {
  preflight(app, paths.revoke, 'POST')

  const onRequest = async (_request: FastifyRequest, reply: FastifyReply) => allowAnyOrigin(reply)
  app.post(paths.revoke, { onRequest }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const now = clock.now()
    const parameters = bodyParameters(request)
    const client = await door.enter(request, reply, parameters, paths.revoke, now)
    await revokeToken(parameters.required('token'), client, originOf(request), { ...tokens, now })
    // An empty answer carries no Content-Type: one library refuses text/plain.
    return reply.code(200).removeHeader('content-type').send()
  })
}
