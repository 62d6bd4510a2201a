import { createHmac, timingSafeEqual } from 'node:crypto'
import { numericDate } from '../../clock.ts'
import { OAuthError } from '../errors.ts'

/** RFC 9449 §8: what a proof has to hold that was not made before the server gave it out. */
export type Nonces = {
  /** For the `DPoP-Nonce` of an answer. */
  next(now: Date): string
  /** @throws OAuthError `use_dpop_nonce` where one is missing that is required, or what was sent is not one of the last two */
  check(nonce: unknown, now: Date): void
}

/** Seconds in which the same one is given out. It is taken for as long again. */
const window = 120

/**
 * Nothing is kept: a nonce is a MAC over the time at which it was given out, so that every replica knows it.
 * @param secrets the first makes them, all are accepted
 * @param required also of whoever never got one; what was given out is checked in any case
 */
export const createNonces = (secrets: readonly [Buffer, ...Buffer[]], required: boolean): Nonces => {
  const windowOf = (now: Date): number => Math.floor(numericDate(now) / window)
  const nonce = (secret: Buffer, at: number): string =>
    createHmac('sha256', secret).update(`tessera dpop nonce ${at}`).digest('base64url').slice(0, 32)

  return {
    next: (now) => nonce(secrets[0], windowOf(now)),
    check(sent, now) {
      if (sent === undefined && !required) return
      if (sent === undefined) throw useNonce('none was sent')
      const at = windowOf(now)
      // The next one, too: the clock of another replica may be ahead.
      const known = secrets.flatMap((secret) => [at, at - 1, at + 1].map((each) => nonce(secret, each)))
      if (typeof sent !== 'string' || !known.some((each) => isSame(each, sent)))
        throw useNonce('it is expired, or not of this server')
    },
  }
}

const isSame = (known: string, sent: string): boolean => {
  const [a, b] = [Buffer.from(known), Buffer.from(sent)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const useNonce = (reason: string) =>
  new OAuthError(
    'use_dpop_nonce',
    'Send a DPoP proof with the nonce of the DPoP-Nonce header (RFC 9449 §8).',
    `the nonce of the DPoP proof: ${reason}`,
  )
