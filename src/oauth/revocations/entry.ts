import { createHash } from 'node:crypto'
import { later } from '../../clock.ts'

/** What an act ended, as the feed tells it: docs/revocation-feed.md. */
export const revocationKinds = ['family', 'session', 'token', 'user', 'client', 'key', 'all'] as const
export type RevocationKind = (typeof revocationKinds)[number]

/** One act. Numbers have no gaps, and none arrives late. */
export type Revocation = {
  readonly seq: number
  readonly kind: RevocationKind
  /** The identifier; empty for `all`. */
  readonly subject: string
  /** Of a user's sessions, the one whose tokens live on. */
  readonly sparedSessionId: string | undefined
  /** Of a user, a client, or all: what was issued before it is refused. */
  readonly notBefore: Date | undefined
  readonly expiresAt: Date
}

/**
 * From when on tokens are issued anew after an act at `now`. Servers' clocks may differ by two seconds, and a token counts
 * its seconds whole (RFC 7519 §2). The issuer stamps no `iat` before it.
 */
export const notBeforeOf = (now: Date): Date => new Date((Math.ceil(now.getTime() / 1000) + 2) * 1000)

/** Seconds for which an entry is kept after the last token concerned has expired: verifiers tolerate as much. */
export const skew = 60

/** @param tokensExpireAt the latest expiry of any access token that the act touches */
export const keptUntil = (tokensExpireAt: Date): Date => later(tokensExpireAt, skew)

/** 128 bits over kind and identifier: nobody reads an identifier out of it, though whoever holds one can test it. */
export const revocationName = (kind: RevocationKind, identifier: string): string =>
  createHash('sha256').update(`${kind}:${identifier}`).digest().subarray(0, 16).toString('base64url')
