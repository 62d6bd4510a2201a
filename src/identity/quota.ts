import { LRUCache } from 'lru-cache'
import { later } from '../clock.ts'
import type { Limit } from './throttle.ts'

/** By what it is counted; undefined where that is not known, as a browser is not on its first visit. */
export type Visit<Name extends string> = Readonly<Record<Name, string | undefined>>

/** In the order in which they are looked at. */
export type QuotaPolicy<Name extends string> = Readonly<Record<Name, Limit>>

/** Of logins that were begun and not finished, in the ten minutes they stay open: a campus behind one address fits in. */
export const defaultQuota: QuotaPolicy<'network' | 'browser'> = {
  network: { attempts: 1000, windowSeconds: 600 },
  browser: { attempts: 50, windowSeconds: 600 },
}

/** Those of one app that proves itself; of strangers, those of a network, of a site, and of everybody: the table is finite. */
export type ClientQuotaPolicy = QuotaPolicy<'network' | 'site' | 'all' | 'client'>

/** Of devices that wait for their person, in the ten minutes they do. */
export const deviceQuota: ClientQuotaPolicy = {
  network: { attempts: 300, windowSeconds: 600 },
  site: { attempts: 1200, windowSeconds: 600 },
  all: { attempts: 30_000, windowSeconds: 600 },
  client: { attempts: 3000, windowSeconds: 600 },
}

/** Of pushed authorization requests, in the minute they live. */
export const pushQuota: ClientQuotaPolicy = {
  network: { attempts: 300, windowSeconds: 60 },
  site: { attempts: 1200, windowSeconds: 60 },
  all: { attempts: 12_000, windowSeconds: 60 },
  client: { attempts: 6000, windowSeconds: 60 },
}

/** Of changes that a client makes to its own registration. */
export const changeQuota: QuotaPolicy<'client'> = { client: { attempts: 60, windowSeconds: 3600 } }

/** Of clients that registered themselves. */
export const registrationQuota: QuotaPolicy<'network' | 'site' | 'all'> = {
  network: { attempts: 300, windowSeconds: 3600 },
  site: { attempts: 600, windowSeconds: 3600 },
  all: { attempts: 2000, windowSeconds: 3600 },
}

/**
 * RFC 8628 §5.1: of user codes that were not right. Past `all` everybody waits: of 20^8 codes a thousand a minute find
 * none in a lifetime, from however many networks they come.
 */
export const userCodeQuota: QuotaPolicy<'network' | 'site' | 'browser' | 'all'> = {
  network: { attempts: 5, windowSeconds: 60 },
  site: { attempts: 20, windowSeconds: 60 },
  browser: { attempts: 5, windowSeconds: 60 },
  all: { attempts: 1000, windowSeconds: 60 },
}

/**
 * How much may be left behind by those whom nobody knows yet. Each process counts for itself, in bounded memory: what is
 * refused costs no statement, what is honest none more, and a restart only forgives.
 */
export type Quota<Name extends string = 'network' | 'browser'> = {
  /** @returns 0, or the seconds after which it may be asked again; what is refused does not count */
  take(visit: Visit<Name>, now: Date): number
  /** What was begun is finished, and leaves nothing behind. */
  giveBack(visit: Visit<Name>, now: Date): void
}

type Counter = { points: number; readonly expiresAt: Date }

/** @param most how many networks and browsers are remembered; the one that was longest away is forgotten first */
export const createQuota = <Name extends string>(policy: QuotaPolicy<Name>, most = 20_000): Quota<Name> => {
  const counters = new LRUCache<string, Counter>({ max: most })

  const limitsOf = (visit: Visit<Name>): readonly (readonly [string, Limit])[] => {
    const limits: [string, Limit][] = []
    for (const name in policy) if (visit[name] !== undefined) limits.push([`${name} ${visit[name]}`, policy[name]])
    return limits
  }
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
