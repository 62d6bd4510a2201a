import { setTimeout as sleep } from 'node:timers/promises'
import { Unreachable } from '../exchange.ts'
import type { Settings } from '../options.ts'
import { createTroubles, type Troubles } from '../trouble.ts'
import { type Feed, FeedRefused } from './feed.ts'
import type { RevocationList } from './list.ts'
import type { Source } from './source.ts'

export type Follower = {
  /** Begins at the first call. */
  start(): void
  /** Resolves with the first list, so many milliseconds after the first call, or at the end of following. */
  first(milliseconds: number): Promise<void>
  close(): void
}

/** Milliseconds between two attempts: at first, at most in a short outage, and at most at all. */
const soonest = 250
const soon = 1_000
const latest = 10_000

/** A pause is at most this part of the outage so far: who waited that long can bear so much more. */
const share = 1 / 30

/** Resolves after so many milliseconds, and at once when the signal says so. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>

const waitInBackground: Wait = (milliseconds, signal) =>
  sleep(milliseconds, undefined, { ref: false, signal }).catch(ignoreEnd)

/**
 * Follows the stream, polls where there is none, and comes back after every failure. Nothing of it keeps the process
 * alive: it ends with it.
 */
export const createFollower = (
  settings: Settings,
  source: Source,
  list: RevocationList,
  wait: Wait = waitInBackground,
): Follower => {
  const closing = new AbortController()
  const { signal } = closing
  const arrived = createSignal()
  let running = false
  let waited: Promise<void> | undefined
  // Either way to the list may be cut alone, and for long.
  const ofPolls = createTroubles('revocations', settings)
  const ofStream = createTroubles('revocations', settings)

  const third = () => Math.min(latest, ((list.held()?.maxAge ?? 30) * 1000) / 3)

  /** @returns whether the list is as new as the server's */
  const take = async (feed: Feed): Promise<boolean> => {
    let applied = list.apply(feed)
    // Asked from where we stand, and then from the beginning: a server that was restored may not know our place.
    if (applied === 'gap') applied = list.apply(await source.poll(list.held(), signal))
    if (applied === 'gap') applied = list.apply(await source.poll(undefined, signal))
    if (applied === 'applied') arrived.give()
    return applied === 'applied'
  }

  const complain = (troubles: Troubles, error: unknown): void => {
    if (!signal.aborted) troubles.say(reasonOf(error))
  }

  const poll = async (): Promise<boolean> => {
    try {
      const taken = await take(await source.poll(list.held(), signal))
      if (taken) ofPolls.over()
      return taken
    } catch (error) {
      complain(ofPolls, error)
      return false
    }
  }

  /** @returns whether anything came before it ended; undefined where the issuer has no stream */
  const follow = async (): Promise<boolean | undefined> => {
    const silence = new AbortController()
    // A heartbeat comes at least at a third of the maximum age; what is silent for two was cut without a word.
    const hear = (milliseconds: number) => setTimeout(() => silence.abort(), milliseconds).unref()
    let watch = hear(settings.timeout)
    let came = false
    try {
      const feeds = await source.stream(list.held(), AbortSignal.any([signal, silence.signal]))
      if (!feeds) return undefined
      for await (const feed of feeds) {
        if (!(await take(feed))) continue
        came = true
        ofStream.over()
        ofPolls.over()
        clearTimeout(watch)
        watch = hear(Math.max(soonest, 2 * third()))
      }
    } catch (error) {
      if (!silence.signal.aborted) complain(ofStream, error)
    } finally {
      clearTimeout(watch)
    }
    return came
  }

  const pauseAfter = (failures: number, since: number): number =>
    Math.min(
      third(),
      Math.max(soon, (settings.seconds() - since) * 1000 * share),
      soonest * 2 ** Math.min(failures, 10),
    )

  const run = async (): Promise<void> => {
    let failures = 0
    let since = settings.seconds()
    while (!signal.aborted) {
      // The first is asked for, since a proxy may hold a stream back; whoever waits for it need not wait for that.
      const begun = list.held() ? undefined : await poll()
      const streamed = list.held() ? await follow() : false
      if (signal.aborted) return
      const polled = !streamed && (begun ?? (await poll()))
      // A list that was asked for ends no outage of the stream, which alone brings what is revoked next at once.
      const isPolled = streamed === undefined && polled
      if (streamed || isPolled) {
        failures = 0
        since = settings.seconds()
      } else failures += 1
      const pause = isPolled ? third() : pauseAfter(failures, since)
      await wait(pause * (0.5 + settings.chance() / 2), signal)
    }
  }

  return {
    start() {
      if (running || signal.aborted) return
      running = true
      void run().finally(arrived.give)
    },
    first(milliseconds) {
      // One wait for all: where the first list does not come, only the first requests are late.
      waited ??= (async () => {
        const late = new AbortController()
        const wait = sleep(milliseconds, undefined, { signal: late.signal }).catch(ignoreEnd)
        await Promise.race([arrived.given, wait])
        late.abort()
      })()
      return waited
    },
    close() {
      closing.abort()
      arrived.give()
    },
  }
}

const createSignal = () => {
  let give = (): void => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give: () => give() }
}

const ignoreEnd = (error: unknown): void => {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error
}

const reasonOf = (error: unknown): string => {
  if (error instanceof Unreachable || error instanceof FeedRefused) return error.message
  return `following broke off: ${error instanceof Error ? error.message : String(error)}`
}
