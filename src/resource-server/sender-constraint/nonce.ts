import { createHmac, timingSafeEqual } from 'node:crypto'

/** RFC 9449 §9: what a proof has to hold so that it cannot have been made long before. */
export type Nonces = {
  next(): string
  isGood(sent: unknown): boolean
}

/** Seconds in which the same one is given out; it is good for as long again. */
const window = 120

/** Nothing is kept: a nonce is a MAC over the time, so that replicas that share the secret know it. */
export const createNonces = (secret: string, seconds: () => number): Nonces => {
  const windowNow = (): number => Math.floor(seconds() / window)
  const nonceOf = (at: number): string =>
    createHmac('sha256', secret).update(`dpop nonce ${at}`).digest('base64url').slice(0, 32)
  return {
    next: () => nonceOf(windowNow()),
    isGood(sent) {
      if (typeof sent !== 'string') return false
      const at = windowNow()
      // The next one, too: the clock of another replica may be ahead.
      return [at, at - 1, at + 1].some((each) => isSame(nonceOf(each), sent))
    },
  }
}

const isSame = (known: string, sent: string): boolean => {
  const [a, b] = [Buffer.from(known), Buffer.from(sent)]
  return a.length === b.length && timingSafeEqual(a, b)
}
