import { LRUCache } from 'lru-cache'
import { later } from '../clock.ts'
import type { Limit } from './throttle.ts'

/** @property browser undefined on its first visit, when only its network is known */
export type Visit = { readonly network: string; readonly browser: string | undefined }

export type QuotaPolicy = { readonly network: Limit; readonly browser: Limit }

/** Of logins that were begun and not finished, in the ten minutes they stay open: a campus behind one address fits in. */
export const defaultQuota: QuotaPolicy = {
  network: { attempts: 1000, windowSeconds: 600 },
  browser: { attempts: 50, windowSeconds: 600 },
}

/**
 * How much may be left behind by those whom nobody knows yet. Each process counts for itself, in bounded memory: what is
 * refused costs no statement, what is honest none more, and a restart only forgives.
 */
export type Quota = {
  /** @returns 0, or the seconds after which it may be asked again; what is refused does not count */
  take(visit: Visit, now: Date): number
  /** What was begun is finished, and leaves nothing behind. */
  giveBack(visit: Visit, now: Date): void
}

type Counter = { points: number; readonly expiresAt: Date }

/** @param most how many networks and browsers are remembered; the one that was longest away is forgotten first */
export const createQuota = (policy: QuotaPolicy = defaultQuota, most = 20_000): Quota => {
  const counters = new LRUCache<string, Counter>({ max: most })

  const limitsOf = ({ network, browser }: Visit): readonly (readonly [string, Limit])[] => [
    [`network ${network}`, policy.network],
    ...(browser === undefined ? [] : [[`browser ${browser}`, policy.browser] as const]),
  ]
  const alive = (key: string, now: Date): Counter | undefined => {
    const counter = counters.get(key)
    return counter && counter.expiresAt > now ? counter : undefined
  }

  return {
    take(visit, now) {
      const limits = limitsOf(visit)
      for (const [key, { attempts }] of limits) {
        const counter = alive(key, now)
        if (counter && counter.points >= attempts)
          return Math.max(1, Math.ceil((counter.expiresAt.getTime() - now.getTime()) / 1000))
      }
      for (const [key, { windowSeconds }] of limits) {
        const counter = alive(key, now)
        if (counter) counter.points += 1
        else counters.set(key, { points: 1, expiresAt: later(now, windowSeconds) })
      }
      return 0
    },
    giveBack(visit, now) {
      for (const [key] of limitsOf(visit)) {
        const counter = alive(key, now)
        if (counter && counter.points > 0) counter.points -= 1
      }
    },
  }
}
