import { createHash, timingSafeEqual } from 'node:crypto'
import type { Client } from '../client.ts'
import { invalidToken } from '../errors.ts'

/** What opens the registration of one client, and what lets somebody register one: RFC 7591 §1.2. */
export const registrationAccessTokenPrefix = 'tra_'
export const initialAccessTokenPrefix = 'tsn_'

export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** @returns the hash of what can be such a token at all: for anything else nobody asks the database */
export const plausible = (token: string | undefined, prefix: string): Buffer | undefined =>
  token?.startsWith(prefix) && /^\w{4}[\w-]{43}$/.test(token) ? hashOf(token) : undefined

/** RFC 6750 §3.1. One text for whatever is wrong: it tells nobody which clients there are. */
export const refused = (reason: string) =>
  invalidToken('The token is unknown, expired, used up or of another client.', reason)

const length = 32
const nothing = Buffer.alloc(length)

/**
 * The tokens that open a registration: the last that was issued, and before it the one that asked for it, until the last
 * is used. Whoever lost the answer of an update is not locked out.
 * @returns which of them was presented, in constant time
 */
export const standingOf = (client: Client | undefined, presented: Buffer): 'last' | 'before' | undefined => {
  const hash = client?.registration?.hash ?? nothing
  const last = hash.subarray(hash.length - length)
  const before = hash.length > length ? hash.subarray(0, length) : nothing
  const isLast = timingSafeEqual(last, presented)
  const isBefore = timingSafeEqual(before, presented)
  if (!client?.registration || client.disabledAt) return undefined
  return isLast ? 'last' : isBefore ? 'before' : undefined
}

export const withNext = (presented: Buffer, next: Buffer): Buffer => Buffer.concat([presented, next])
