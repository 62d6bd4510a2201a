import type { FastifyReply, FastifyRequest } from 'fastify'
import { createQuota, type QuotaPolicy } from '../../identity/quota.ts'
import { networkOf } from '../../network.ts'
import { type Client, isPublic } from '../../oauth/client.ts'
import { clientAddress } from '../client-address.ts'
import { tooMany } from '../too-many.ts'

/**
 * D6: how much one app may leave behind. A confidential client stands for itself, and its own server may ask for all of
 * its people; as a public one anybody can ask, so its networks are counted too.
 * @throws 429 with Retry-After
 */
export type ClientQuota = (request: FastifyRequest, reply: FastifyReply, client: Client, now: Date) => void

export const createClientQuota = (policy: QuotaPolicy<'network' | 'client'>): ClientQuota => {
  const quota = createQuota(policy)
  return (request, reply, client, now) => {
    const network = isPublic(client) ? networkOf(clientAddress(request)) : undefined
    const seconds = quota.take({ network, client: client.client_id }, now)
    if (seconds > 0) throw tooMany(reply, seconds)
  }
}
