import type { Clock } from '../../src/clock.ts'

/** A clock that stands still until it is told to go on. */
export type HeldClock = Clock & { advance(by: { readonly seconds: number }): void }

/** Starts on a whole second, so that a token's `iat` is the instant itself. */
export const aClock = (start: Date = new Date(Math.floor(Date.now() / 1000) * 1000)): HeldClock => {
  let instant = start.getTime()
  return {
    now: () => new Date(instant),
    advance: ({ seconds }) => {
      instant += seconds * 1000
    },
  }
}

/** For a story in which somebody's own clock takes part: a browser's, or a library's that signs. */
export const aRunningClock = (): HeldClock => {
  let ahead = 0
  return {
    now: () => new Date(Date.now() + ahead),
    advance: ({ seconds }) => {
      ahead += seconds * 1000
    },
  }
}
