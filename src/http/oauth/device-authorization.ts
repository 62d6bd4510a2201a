import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { deviceQuota } from '../../identity/quota.ts'
import { authorizeDevice, type DeviceAuthorizationDependencies } from '../../oauth/device/authorization.ts'
import { paths } from '../../oauth/metadata.ts'
import { bodyParameters } from '../form.ts'
import { originOf } from '../origin.ts'
import type { ClientDoor } from './client-door.ts'
import { createClientQuota } from './client-quota.ts'
import { allowAnyOrigin, preflight } from './cors.ts'

export type DeviceAuthorizationOptions = {
  readonly door: ClientDoor
  readonly clock: Clock
  readonly devices: Omit<DeviceAuthorizationDependencies, 'now' | 'origin'>
}

/** RFC 8628 §3.1. */
export const deviceAuthorization = async (
  app: FastifyInstance,
  { door, clock, devices }: DeviceAuthorizationOptions,
): Promise<void> => {
  const admit = createClientQuota(deviceQuota)
  preflight(app, paths.deviceAuthorization, 'POST')

  const onRequest = async (_request: FastifyRequest, reply: FastifyReply) => allowAnyOrigin(reply)
  app.post(paths.deviceAuthorization, { onRequest }, async (request, reply) => {
    // RFC 8628 §3.2.
    reply.header('cache-control', 'no-store')
    const now = clock.now()
    const parameters = bodyParameters(request)
    const client = await door.enter(request, reply, parameters, paths.deviceAuthorization, now)
    admit(request, reply, client, now)
    return authorizeDevice(parameters, client, { ...devices, now, origin: originOf(request) })
  })
}
