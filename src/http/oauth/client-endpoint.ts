import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Client } from '../../oauth/client.ts'
import { refusedTo } from '../../oauth/errors.ts'
import type { Parameters } from '../../oauth/parameters.ts'
import type { Proof } from '../../oauth/sender-constraint/dpop.ts'
import { bodyParameters } from '../form.ts'
import type { ClientDoor } from './client-door.ts'
import { allowAnyOrigin, preflight } from './cors.ts'
import type { SenderDoor } from './sender-door.ts'

/** A request of a client that has proven who it is. */
export type ClientCall = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly parameters: Parameters
  readonly client: Client
  /** Checked and not yet spent, where the endpoint takes one. */
  readonly proof: Proof | undefined
  readonly now: Date
}

/**
 * An endpoint that a client calls by POST, from a page too. It owns the steps that all of them share, so that none can
 * forget one.
 * @param doors.senders of an endpoint that takes a DPoP proof
 */
export const clientEndpoint = (
  app: FastifyInstance,
  path: string,
  doors: { readonly door: ClientDoor; readonly senders?: SenderDoor; readonly clock: Clock },
  answer: (call: ClientCall) => Promise<unknown>,
): void => {
  const { door, senders, clock } = doors
  preflight(app, path, 'POST')

  const onRequest = async (_request: FastifyRequest, reply: FastifyReply) => allowAnyOrigin(reply)
  app.post(path, { onRequest }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const now = clock.now()
    const parameters = bodyParameters(request)
    const proof = await senders?.proof(request, reply, now)
    const client = await door.enter(request, reply, parameters, path, now)
    return refusedTo(client, () => answer({ request, reply, parameters, client, proof, now }))
  })
}
