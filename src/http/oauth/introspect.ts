import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { isPublic, type SigningAlgorithm } from '../../oauth/client.ts'
import { invalidClient, refusedTo } from '../../oauth/errors.ts'
import { introspect as introspectToken, type TokenDependencies } from '../../oauth/introspection.ts'
import {
  type IntrospectionSigning,
  introspectionAlgorithm,
  signedIntrospection,
  signedIntrospectionType,
} from '../../oauth/introspection-response.ts'
import { paths } from '../../oauth/metadata.ts'
import { requireKeys } from '../../oauth/signing.ts'
import { bodyParameters } from '../form.ts'
import type { ClientDoor } from './client-door.ts'

export type IntrospectOptions = {
  readonly door: ClientDoor
  readonly clock: Clock
  readonly tokens: Omit<TokenDependencies & IntrospectionSigning, 'now'>
  /** This server has a key for each. */
  readonly algorithms: readonly SigningAlgorithm[]
}

/** RFC 7662 §2, RFC 9701. */
export const introspect = async (app: FastifyInstance, options: IntrospectOptions): Promise<void> => {
  const { door, clock, tokens, algorithms } = options
  app.post(paths.introspect, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const now = clock.now()
    const parameters = bodyParameters(request)
    const client = await door.enter(request, reply, parameters, paths.introspect, now)
    return refusedTo(client, async () => {
      // RFC 7662 §2.1: against token scanning, whoever asks must prove who it is.
      if (isPublic(client)) throw invalidClient('a public client may not introspect')
      const algorithm = introspectionAlgorithm(client, request.headers.accept)
      requireKeys([algorithm], algorithms)
      const dependencies = { ...tokens, now }
      const introspection = await introspectToken(parameters.required('token'), client, dependencies)
      if (!algorithm) return introspection
      const jwt = await signedIntrospection(introspection, client, algorithm, dependencies)
      return reply.type(signedIntrospectionType).send(jwt)
    })
  })
}
