import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ClientQuotaPolicy, createQuota } from '../../identity/quota.ts'
import { networkOf, siteOf } from '../../network.ts'
import { type Client, isPublic } from '../../oauth/client.ts'
import { clientAddress } from '../client-address.ts'
import { tooMany } from '../too-many.ts'

/**
 * D6: how much one app may leave behind. One that an operator registered and that proves itself stands for itself, and its
 * own server may ask for all of its people. As a public one anybody can ask, so whoever asks is counted and the app is not:
 * a stranger could switch it off. One that registered itself, anybody could be in a moment: it is counted as both.
 * @throws 429 with Retry-After
 */
export type ClientQuota = (request: FastifyRequest, reply: FastifyReply, client: Client, now: Date) => void

export const createClientQuota = (policy: ClientQuotaPolicy): ClientQuota => {
  const quota = createQuota(policy)
  return (request, reply, client, now) => {
    const provesItself = isPublic(client) ? undefined : client.client_id
    const isVouchedFor = provesItself !== undefined && client.registration === undefined
    const where = isVouchedFor ? nowhere : strangerAt(clientAddress(request))
    const seconds = quota.take({ ...where, client: provesItself }, now)
    if (seconds > 0) throw tooMany(reply, seconds)
  }
}

const strangerAt = (ip: string | undefined) => ({ network: networkOf(ip), site: siteOf(ip), all: 'strangers' })

const nowhere = { network: undefined, site: undefined, all: undefined }
