import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { changeQuota, createQuota, registrationQuota } from '../../identity/quota.ts'
import { networkOf, siteOf } from '../../network.ts'
import { invalidRequest } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { admit, deleteClient, readClient, replaceClient } from '../../oauth/registration/configuration.ts'
import { type RegistrationDependencies, register as registerClient } from '../../oauth/registration/register.ts'
import { isRecord } from '../../record.ts'
import { clientAddress } from '../client-address.ts'
import { jsonBody } from '../json-body.ts'
import { tooMany } from '../too-many.ts'
import { authorizationOf } from './client-door.ts'

export type RegisterOptions = {
  readonly clock: Clock
  readonly registering: Omit<RegistrationDependencies, 'now'>
}

/** RFC 7591 §3, and RFC 7592 §2 for each client by itself. */
export const register = async (app: FastifyInstance, { clock, registering }: RegisterOptions): Promise<void> => {
  if (registering.policy.mode === 'off') return
  const quota = createQuota(registrationQuota)
  const changes = createQuota(changeQuota)
  jsonBody(app)
  app.addHook('onRequest', async (_request, reply) => {
    // RFC 7591 §3.2.1: it holds secrets.
    reply.header('cache-control', 'no-store')
  })

  app.post(paths.register, async (request, reply) => {
    const now = clock.now()
    const token = registering.policy.mode === 'open' ? undefined : bearer(request, reply)
    const withinQuota = () => {
      const address = clientAddress(request)
      const seconds = quota.take({ network: networkOf(address), site: siteOf(address), all: 'all' }, now)
      if (seconds > 0) throw tooMany(reply, seconds)
    }
    const information = await registerClient(request.body, token, withinQuota, { ...registering, now })
    // Maintenance makes room.
    if (information === 'full') throw tooMany(reply, 3600)
    request.log.info({ event: 'client_registered', client_id: information.client_id }, 'an app registered itself')
    return reply.code(201).send(information)
  })

  const enter = async (request: FastifyRequest, reply: FastifyReply) => {
    const { id } = isRecord(request.params) ? request.params : {}
    return admit(typeof id === 'string' ? id : '', bearer(request, reply), registering)
  }
  const url = `${paths.register}/:id`
  app.get(url, async (request, reply) => readClient(await enter(request, reply), registering))
  app.put(url, async (request, reply) => {
    const admitted = await enter(request, reply)
    const seconds = changes.take({ client: admitted.client.client_id }, clock.now())
    if (seconds > 0) throw tooMany(reply, seconds)
    const information = await replaceClient(request.body, admitted, { ...registering, now: clock.now() })
    request.log.info({ event: 'client_changed', client_id: information.client_id }, 'an app changed its registration')
    return information
  })
  app.delete(url, async (request, reply) => {
    const admitted = await enter(request, reply)
    await deleteClient(admitted, { ...registering, now: clock.now() })
    const { client_id } = admitted.client
    request.log.info({ event: 'client_deleted', client_id }, 'an app deleted its registration')
    return reply.code(204).send()
  })
}

/** RFC 6750 §2.1. Nothing else is served: what stands in an address ends up in logs. */
const bearer = (request: FastifyRequest, reply: FastifyReply): string | undefined => {
  const { authorization, repeated } = authorizationOf(request)
  if (repeated) throw invalidRequest('More than one Authorization header was sent.')
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  // RFC 6750 §3.1: who sent none is not told an error code. Without a token nothing is answered but this.
  if (token === undefined) reply.header('www-authenticate', 'Bearer')
  return token
}
