import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import { paths } from '../../oauth/metadata.ts'
import { revoke as revokeToken } from '../../oauth/revocation.ts'
import { originOf } from '../origin.ts'
import type { ClientDoor } from './client-door.ts'
import { clientEndpoint } from './client-endpoint.ts'

export type RevokeOptions = {
  readonly door: ClientDoor
  readonly clock: Clock
  readonly tokens: Omit<TokenDependencies, 'now'>
}

/** RFC 7009 §2. */
export const revoke = async (app: FastifyInstance, { door, clock, tokens }: RevokeOptions): Promise<void> =>
  clientEndpoint(app, paths.revoke, { door, clock }, async ({ request, reply, parameters, client, now }) => {
    await revokeToken(parameters.required('token'), client, originOf(request), { ...tokens, now })
    // An empty answer carries no Content-Type: one library refuses text/plain.
    return reply.code(200).removeHeader('content-type').send()
  })
