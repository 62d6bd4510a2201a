import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { pushQuota } from '../../identity/quota.ts'
import { type PushDependencies, push } from '../../oauth/authorization/pushed-request.ts'
import { paths } from '../../oauth/metadata.ts'
import type { ClientDoor } from './client-door.ts'
import { clientEndpoint } from './client-endpoint.ts'
import { createClientQuota } from './client-quota.ts'
import type { SenderDoor } from './sender-door.ts'

export type ParOptions = {
  readonly door: ClientDoor
  readonly senders: SenderDoor
  readonly clock: Clock
  readonly pushing: Omit<PushDependencies, 'now'>
}

/** RFC 9126 §2. */
export const par = async (app: FastifyInstance, { door, senders, clock, pushing }: ParOptions): Promise<void> => {
  const admit = createClientQuota(pushQuota)
  clientEndpoint(app, paths.par, { door, senders, clock }, async (call) => {
    const { request, reply, parameters, client, proof, now } = call
    admit(request, reply, client, now)
    // RFC 9449 §10.1: a proof that comes with it says the same as dpop_jkt.
    const jkt = await senders.keyOf(proof, now)
    // RFC 9126 §2.2: 201.
    return reply.code(201).send(await push(parameters, client, jkt, { ...pushing, now }))
  })
}
