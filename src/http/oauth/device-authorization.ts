import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { deviceQuota } from '../../identity/quota.ts'
import { authorizeDevice, type DeviceAuthorizationDependencies } from '../../oauth/device/authorization.ts'
import { paths } from '../../oauth/metadata.ts'
import { originOf } from '../origin.ts'
import type { ClientDoor } from './client-door.ts'
import { clientEndpoint } from './client-endpoint.ts'
import { createClientQuota } from './client-quota.ts'

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
  clientEndpoint(app, paths.deviceAuthorization, { door, clock }, async (call) => {
    const { request, reply, parameters, client, now } = call
    admit(request, reply, client, now)
    return authorizeDevice(parameters, client, { ...devices, now, origin: originOf(request) })
  })
}
