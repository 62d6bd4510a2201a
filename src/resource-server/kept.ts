import { Unreachable } from './exchange.ts'
import type { Settings, Trouble } from './options.ts'
import { createTroubles } from './trouble.ts'

/** A document of the issuer, read as seldom as it can change; whoever asks at the same time shares one reading. */
export type Kept<T> = {
  /** @throws Unreachable where it was never read and cannot be */
  get(): Promise<T>
  /**
   * Reads it again, but not more often than the cool-down allows.
   * @throws Unreachable where the last reading failed: what is held may lack what is new
   */
  anew(): Promise<T>
  /** Seconds until it may be read again. */
  coolsFor(): number
}

export type KeptDependencies<T> = {
  readonly about: Trouble['about']
  readonly load: () => Promise<T>
  readonly settings: Pick<Settings, 'seconds' | 'onTrouble'>
}

/** Seconds: how long it is good, how often at most it is read again, and how often while there is none. */
const fresh = 600
const coolDown = 30
const retry = 1

export const createKept = <T>({ about, load, settings }: KeptDependencies<T>): Kept<T> => {
  const { seconds } = settings
  const troubles = createTroubles(about, settings)
  let held: { readonly document: T; readonly readAt: number } | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  /** Of the last reading; undefined where it succeeded. */
  let failure: Unreachable | undefined
  let underWay: Promise<void> | undefined

  const readNow = async (): Promise<void> => {
    triedAt = seconds()
    try {
      held = { document: await load(), readAt: seconds() }
      failure = undefined
      troubles.over()
    } catch (error) {
      // What is held stays: a failed reading must not be a way to lose keys.
      failure = error instanceof Unreachable ? error : new Unreachable(`it cannot be read: ${String(error)}`)
      troubles.say(failure.message)
    }
  }
  const reading = (): Promise<void> => {
    underWay ??= readNow().finally(() => {
      underWay = undefined
    })
    return underWay
  }
  const coolsFor = () => Math.max(0, triedAt + (held ? coolDown : retry) - seconds())
  const coolsDown = () => coolsFor() > 0
  const current = (): T => {
    if (!held) throw failure ?? new Unreachable('it was not read yet')
    return held.document
  }

  return {
    async get() {
      if (!held && (underWay || !coolsDown())) await reading()
      // Nobody waits for what is only being refreshed; a reading reports its own failure and never rejects.
      if (held && seconds() >= held.readAt + fresh && !coolsDown()) void reading()
      return current()
    },
    async anew() {
      if (underWay || !coolsDown()) await reading()
      if (failure) throw failure
      return current()
    },
    coolsFor,
  }
}
