import { setTimeout as sleep } from 'node:timers/promises'
import { Unreachable } from '../exchange.ts'
import type { Settings } from '../options.ts'
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

/** Milliseconds between two attempts: at first, and at most where no list has said its age. */
const soonest = 250
const latest = 10_000

/**
 * Follows the stream, polls where there is none, and comes back after every failure. Nothing of it keeps the process
 * alive: it ends with it.
 */
export const createFollower = (settings: Settings, source: Source, list: RevocationList): Follower => {
  const closing = new AbortController()
  const { signal } = closing
  const arrived = createSignal()
  let running = false
  let waited: Promise<void> | undefined
  /** Said once, until something comes again. */
  let trouble: string | undefined

  const third = () => Math.min(latest, ((list.held()?.maxAge ?? 30) * 1000) / 3)

  /** @returns whether the list is as new as the server's */
  const take = async (feed: Feed): Promise<boolean> => {
    let applied = list.apply(feed)
    // Asked from where we stand, and then from the beginning: a server that was restored may not know our place.
    if (applied === 'gap') applied = list.apply(await source.poll(list.held(), signal))
    if (applied === 'gap') applied = list.apply(await source.poll(undefined, signal))
    if (applied === 'applied') {
      arrived.give()
      trouble = undefined
    }
    return applied === 'applied'
  }

  const complain = (error: unknown): void => {
    const reason = reasonOf(error)
    if (!signal.aborted && reason !== trouble) settings.onTrouble({ about: 'revocations', reason })
    trouble = reason
  }

  const poll = async (): Promise<boolean> => {
    try {
      return await take(await source.poll(list.held(), signal))
    } catch (error) {
      complain(error)
      return false
    }
  }

  /** @returns whether anything came, before it ended */
  const follow = async (): Promise<boolean> => {
    const silence = new AbortController()
    // A heartbeat comes at least at a third of the maximum age; what is silent for two was cut without a word.
    const hear = (milliseconds: number) => setTimeout(() => silence.abort(), milliseconds).unref()
    let watch = hear(settings.timeout)
    let came = false
    try {
      const feeds = await source.stream(list.held(), AbortSignal.any([signal, silence.signal]))
      for await (const feed of feeds ?? []) {
        if (!(await take(feed))) continue
        came = true
        clearTimeout(watch)
        watch = hear(Math.max(soonest, 2 * third()))
      }
    } catch (error) {
      if (!silence.signal.aborted) complain(error)
    } finally {
      clearTimeout(watch)
    }
    return came
  }

  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; ) {
      // The first is asked for, since a proxy may hold a stream back; whoever waits for it need not wait for that.
      const begun = !list.held() && (await poll())
      const streamed = list.held() !== undefined && (await follow())
      if (signal.aborted) return
      const polled = !streamed && (begun || (await poll()))
      failures = streamed || polled ? 0 : failures + 1
      const pause = polled ? third() : Math.min(third(), soonest * 2 ** Math.min(failures, 10))
      await sleep(pause * (0.5 + settings.chance() / 2), undefined, { ref: false, signal }).catch(ignoreEnd)
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
