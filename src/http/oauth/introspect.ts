import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { isPublic } from '../../oauth/client.ts'
import { invalidClient } from '../../oauth/errors.ts'
import { introspect as introspectToken, type TokenDependencies } from '../../oauth/introspection.ts'
import {
  type IntrospectionSigning,
  introspectionAlgorithm,
  signedIntrospection,
  signedIntrospectionType,
} from '../../oauth/introspection-response.ts'
import { paths } from '../../oauth/metadata.ts'
import { bodyParameters } from '../form.ts'
import type { ClientDoor } from './client-door.ts'

export type IntrospectOptions = {
  readonly door: ClientDoor
  readonly clock: Clock
  readonly tokens: Omit<TokenDependencies & IntrospectionSigning, 'now'>
}

/** RFC 7662 §2, RFC 9701. */
export const introspect = async (app: FastifyInstance, { door, clock, tokens }: IntrospectOptions): Promise<void> => {
  app.post(paths.introspect, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const now = clock.now()
    const parameters = bodyParameters(request)
    const client = await door.enter(request, reply, parameters, paths.introspect, now)
    // RFC 7662 §2.1: against token scanning, whoever asks must prove who it is.
    if (isPublic(client)) throw invalidClient('a public client may not introspect')
    const dependencies = { ...tokens, now }
    const introspection = await introspectToken(parameters.required('token'), client, dependencies)
    const algorithm = introspectionAlgorithm(client, request.headers.accept)
    if (!algorithm) return introspection
    const jwt = await signedIntrospection(introspection, client, algorithm, dependencies)
    return reply.type(signedIntrospectionType).send(jwt)
  })
}
