import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Quota, Visit } from '../../identity/quota.ts'
import { networkOf } from '../../network.ts'
import type { Browser } from '../browser.ts'
import { clientAddress } from '../client-address.ts'
import { PageError } from '../page-error.ts'

/** D6: how many interactions a browser and a network may leave open. */
export type Admission = {
  /** @throws PageError 429 with Retry-After, and 403 for what cannot show a page */
  enter(request: FastifyRequest, reply: FastifyReply, now: Date): void
  /** An interaction of this browser ended with a code. */
  leave(request: FastifyRequest, now: Date): void
}

export const createAdmission = ({
  browser,
  quota,
}: {
  readonly browser: Browser
  readonly quota: Quota
}): Admission => {
  const visitOf = (request: FastifyRequest): Visit<'network' | 'browser'> => ({
    network: networkOf(clientAddress(request)),
    browser: browser.hash(request)?.toString('base64url'),
  })

  return {
    enter(request, reply, now) {
      // Another site's images and frames would use up the network of whoever looks at it, and none can show the page.
      const destination = request.headers['sec-fetch-dest']
      if (destination !== undefined && destination !== 'document')
        throw PageError.forbidden('an interaction opens in a window of its own')
      const seconds = quota.take(visitOf(request), now)
      if (seconds === 0) return
      reply.header('retry-after', String(seconds))
      throw new PageError(429, 'too_many', 'temporarily_unavailable', 'too many interactions are open')
    },
    leave: (request, now) => quota.giveBack(visitOf(request), now),
  }
}
