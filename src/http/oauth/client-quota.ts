import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ClientQuotaPolicy, createQuota } from '../../identity/quota.ts'
import { networkOf, siteOf } from '../../network.ts'
import { type Client, isPublic } from '../../oauth/client.ts'
import { clientAddress } from '../client-address.ts'
import { tooMany } from '../too-many.ts'

/**
 * D6: how much one app may leave behind. A confidential client stands for itself, and its own server may ask for all of
 * its people. As a public one anybody can ask, so whoever asks is counted and the app is not: a stranger could switch it off.
 * @throws 429 with Retry-After
 */
export type ClientQuota = (request: FastifyRequest, reply: FastifyReply, client: Client, now: Date) => void

export const createClientQuota = (policy: ClientQuotaPolicy): ClientQuota => {
  const quota = createQuota(policy)
  return (request, reply, client, now) => {
    const seconds = quota.take(isPublic(client) ? strangerAt(clientAddress(request)) : known(client), now)
    if (seconds > 0) throw tooMany(reply, seconds)
  }
}

const strangerAt = (ip: string | undefined) => ({
  network: networkOf(ip),
  site: siteOf(ip),
  all: 'strangers',
  client: undefined,
})

const known = ({ client_id: client }: Client) => ({ network: undefined, site: undefined, all: undefined, client })
