import { later } from '../clock.ts'
import type { SigningAlgorithm } from '../oauth/client.ts'
import type { SigningKeyRecord } from './stores.ts'

/**
 * The life of a signing key: `next` (published, not signing) → `active` → `retired` (published, because tokens it
 * signed are still alive) → `gone`. Pure: every answer follows from the row and an instant.
 */
export type Scheduled = Pick<SigningKeyRecord, 'kid' | 'alg' | 'activatesAt' | 'retiresAt' | 'goneAt'>
export type KeyStatus = 'next' | 'active' | 'retired' | 'gone'

/** All in seconds. */
export type RotationPolicy = {
  /** How long a key is published before it signs: AWS caches keys for two hours, Istio for twenty minutes. */
  readonly publishAhead: number
  /** How long a key serves before a successor is published. */
  readonly serve: number
  /** The longest lifetime of any token. */
  readonly longestToken: number
  /** By how much the clocks of verifiers may be behind. */
  readonly skew: number
}

const day = 86_400
export const defaultRotation: RotationPolicy = { publishAhead: day, serve: 90 * day, longestToken: day, skew: 300 }

const reached = (instant: Date | undefined, now: Date): boolean => instant !== undefined && instant <= now

export const statusAt = (key: Scheduled, now: Date): KeyStatus => {
  if (reached(key.goneAt, now)) return 'gone'
  if (reached(key.retiresAt, now)) return 'retired'
  return reached(key.activatesAt, now) ? 'active' : 'next'
}

/** The key that signs now: of several active ones the newest, and by `kid` so that all servers choose the same. */
export const activeKey = <K extends Scheduled>(keys: readonly K[], alg: SigningAlgorithm, now: Date): K | undefined =>
  keys.filter((key) => key.alg === alg && statusAt(key, now) === 'active').sort(newestFirst)[0]

const newestFirst = (a: Scheduled, b: Scheduled): number =>
  b.activatesAt.getTime() - a.activatesAt.getTime() || (a.kid < b.kid ? -1 : 1)

const order: Readonly<Record<KeyStatus, number>> = { active: 0, retired: 1, next: 2, gone: 3 }
const isRs256 = (key: Scheduled): number => (key.alg === 'RS256' ? 0 : 1)

/** What the JWKS holds: the key that signs by default first, because some verifiers look at no other. */
export const publishedKeys = <K extends Scheduled>(keys: readonly K[], now: Date): readonly K[] =>
  keys
    .filter((key) => statusAt(key, now) !== 'gone')
    .sort((a, b) => order[statusAt(a, now)] - order[statusAt(b, now)] || isRs256(a) - isRs256(b) || newestFirst(a, b))

/** The instants of an ordered rotation: no token is signed with an unpublished key, none outlives its key. */
export const succession = (
  now: Date,
  policy: RotationPolicy,
): { readonly activatesAt: Date; readonly retiresAt: Date; readonly goneAt: Date } => {
  const activatesAt = later(now, policy.publishAhead)
  return { activatesAt, retiresAt: activatesAt, goneAt: later(activatesAt, policy.longestToken + policy.skew) }
}

/** The algorithms whose active key has served its time and has no successor yet. */
export const due = (keys: readonly Scheduled[], now: Date, policy: RotationPolicy): readonly SigningAlgorithm[] =>
  [...new Set(keys.map((key) => key.alg))].filter((alg) => {
    const active = activeKey(keys, alg, now)
    return active !== undefined && active.retiresAt === undefined && later(active.activatesAt, policy.serve) <= now
  })

/** The next instant at which any key changes its status; undefined when nothing is scheduled. */
export const nextChange = (keys: readonly Scheduled[], now: Date): Date | undefined =>
  keys
    .flatMap((key) => [key.activatesAt, key.retiresAt, key.goneAt])
    .filter((instant) => instant !== undefined)
    .filter((instant) => instant > now)
    .sort((a, b) => a.getTime() - b.getTime())[0]
