import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { invalidRequest } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { parseParameters } from '../../oauth/parameters.ts'
import type { RevocationFeed } from '../../oauth/revocations/feed.ts'
import type { Position } from '../../oauth/revocations/list.ts'
import { clientAddress } from '../client-address.ts'
import { queryParameters } from '../form-body.ts'
import { openToAll, positionFrom, positionOf } from './revocations.ts'
import { createSubscribers, type SubscriberLimits } from './revocations-subscribers.ts'

/** docs/revocation-feed.md, "The stream": WHATWG HTML §9.2, for as long as the reader reads and the server runs. */
export const revocationsStream = async (
  app: FastifyInstance,
  { feed, limits }: { readonly feed: RevocationFeed; readonly limits?: SubscriberLimits },
): Promise<void> => {
  const subscribers = createSubscribers({ feed, log: app.log, ...(limits && { limits }) })
  const path = paths.revocationsStream

  app.get(path, { exposeHeadRoute: false }, async (request, reply) => {
    openToAll(reply)
    const held = heldBy(request)
    const seat = subscribers.take(clientAddress(request))
    reply.raw.once('close', seat.leave)
    describe(reply)
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200)
    reply.raw.flushHeaders()
    seat.follow(reply.raw, held)
  })
  app.head(path, async (_request, reply) => {
    openToAll(reply)
    return describe(reply).send()
  })
  app.addHook('preClose', async () => subscribers.end())
}

/** No proxy keeps it, changes it or waits for more of it; it is the last answer on its connection. */
const describe = (reply: FastifyReply): FastifyReply =>
  reply
    .header('content-type', 'text/event-stream')
    .header('cache-control', 'no-store, no-transform')
    .header('x-accel-buffering', 'no')
    .header('connection', 'close')

/** A browser that connects again asks for the same address, and says by a header how far it came. */
const heldBy = (request: FastifyRequest): Position | undefined => {
  const asked = positionOf(parseParameters(queryParameters(request)))
  const id = request.headers['last-event-id']
  if (typeof id !== 'string' || id === '') return asked
  const dot = id.lastIndexOf('.')
  const position = positionFrom(id.slice(0, Math.max(0, dot)), id.slice(dot + 1))
  if (!position) throw invalidRequest('Last-Event-ID is to be sent as the id of the last event, letter for letter.')
  return position
}
