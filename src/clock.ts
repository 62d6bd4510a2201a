/** The only source of time. Everything else receives an instant, so that a test can hold the clock still. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }

/** Seconds since the epoch, as a JWT's NumericDate counts them (RFC 7519 §2). */
export const numericDate = (instant: Date): number => Math.floor(instant.getTime() / 1000)

/** @param seconds may be negative */
export const later = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000)

export const earlier = (a: Date, b: Date): Date => (a < b ? a : b)

/** Whole seconds that have passed since it was called, whatever the clock says meanwhile. */
export const stopwatch = (): (() => number) => {
  const began = performance.now()
  return () => Math.floor((performance.now() - began) / 1000)
}
