import { LRUCache } from 'lru-cache'
import { type Clock, later } from './clock.ts'
import { attempted } from './oauth/logout/attempt.ts'
import { type DeliverDependencies, deliver } from './oauth/logout/deliver.ts'
import type { Delivery, DeliveryStore } from './oauth/logout/stores.ts'

type Log = { warn(fields: object, message: string): void }

/** Brings clients the news of sessions that ended. */
export type Courier = {
  /** Something may be due: looks at once. Whoever does not call it is heard within seconds all the same. */
  wake(): void
  /** Resolves when nothing is under way and nothing is due. */
  idle(): Promise<void>
  /** Takes no more. @returns when what is under way has ended, which takes seconds at most */
  close(): Promise<void>
}

/** Seconds: longer than any attempt takes, so that what a server that died had taken is another's soon. */
export const lease = 30

/** Of one client only a few, and of all that fail a half: one that hangs, or many, hold up nobody else's news. */
const most = { all: 32, perClient: 4, failing: 16 }
/** Of the clients that fail so many are known as such. Each server learns it for itself, and a restart only forgives. */
const mostKnown = 5000

/** @param every milliseconds between two looks at what nobody announced */
export const createCourier = (
  deps: DeliverDependencies & {
    readonly deliveries: Pick<DeliveryStore, 'claim' | 'record'>
    readonly clock: Clock
    readonly log: Log
    readonly every?: number
  },
): Courier => {
  const { deliveries, clock, log, every = 5000 } = deps
  const failing = new LRUCache<string, true>({ max: mostKnown })
  const underWay = new Map<string, { readonly clientId: string; readonly ended: Promise<void> }>()
  let looking: Promise<void> | undefined
  let again = false
  let closed = false

  const carry = async (delivery: Delivery): Promise<void> => {
    const { clientId: client_id, sessionId: session_id, attempts: count } = delivery
    try {
      const { reason, ...result } = await attempt(delivery)
      if (result.deliveredAt) failing.delete(client_id)
      else failing.set(client_id, true)
      await deliveries.record(delivery, result)
      if (result.deliveredAt) return
      const fields = { event: 'logout_undelivered', client_id, session_id, count, error: result.outcome, reason }
      log.warn(fields, result.nextAttemptAt ? 'a logout is told again later' : 'a logout is told no more')
    } catch (err) {
      // What could not be written down is due again when the lease is over.
      log.warn({ err, client_id, session_id, count }, 'what came of a logout could not be written down')
    }
  }

  /** What throws will throw again, where a key is missing: it counts, or it would be tried for ever. */
  const attempt = (delivery: Delivery): ReturnType<typeof deliver> =>
    deliver(delivery, deps).catch((err) => {
      log.warn({ err, client_id: delivery.clientId, session_id: delivery.sessionId }, 'a logout could not be sent')
      return { ...attempted({ is: 'unsent' }, delivery, clock.now()), reason: undefined }
    })

  const counts = (): ReadonlyMap<string, number> => {
    const counted = new Map<string, number>()
    for (const { clientId } of underWay.values()) counted.set(clientId, (counted.get(clientId) ?? 0) + 1)
    return counted
  }

  const failingUnderWay = (): number => [...underWay.values()].filter(({ clientId }) => failing.has(clientId)).length

  const look = async (): Promise<void> => {
    let found = 0
    do {
      again = false
      const free = most.all - underWay.size
      // Whichever ends first looks again.
      if (free <= 0) return
      const now = clock.now()
      const places = { ...most, all: free, failing: Math.max(0, most.failing - failingUnderWay()) }
      const clients = { underWay: counts(), failing: [...failing.keys()] }
      const claimed = await deliveries.claim(places, clients, now, later(now, lease))
      found = claimed.length
      for (const delivery of claimed) {
        const key = `${delivery.id}.${delivery.attempts}`
        const ended = carry(delivery).then(() => {
          underWay.delete(key)
          wake()
        })
        underWay.set(key, { clientId: delivery.clientId, ended })
      }
      // Behind the many of one client there may be others.
    } while ((again || found > 0) && !closed)
  }

  const wake = (): void => {
    again = true
    if (closed || looking) return
    looking = look()
      .catch((err) => log.warn({ err }, 'logouts that are due could not be read'))
      .finally(() => {
        looking = undefined
        if (again) wake()
      })
  }

  const settled = async (): Promise<void> => {
    while (looking || underWay.size > 0) {
      await looking
      await Promise.all([...underWay.values()].map(({ ended }) => ended))
    }
  }

  wake()
  const timer = setInterval(wake, every)
  timer.unref()
  return {
    wake,
    idle: settled,
    close: async () => {
      closed = true
      clearInterval(timer)
      await settled()
    },
  }
}
