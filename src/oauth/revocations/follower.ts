import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { type ActiveList, createActiveList, type Position } from './list.ts'
import type { RevocationStore } from './stores.ts'

/** What the server knows: `at` is the instant at which it last asked and was answered. */
export type Known = Position & { readonly at: Date; readonly list: ActiveList }

/**
 * Reads what is new. Whoever asks while it reads gets the next reading: what was committed before the question is in the
 * answer.
 * @throws Unavailable; what was known stays known, and grows older
 */
export type Follower = {
  read(): Promise<void>
  isReading(): boolean
  /** Nothing is read afterwards. Resolves when nothing is under way, however that ended. */
  close(): Promise<void>
}

/** A database that was restored may count again from where it was: nobody should take its lists for a continuation. */
const publicEpoch = (epoch: string): string =>
  createHash('sha256').update(epoch).digest().subarray(0, 8).toString('base64url')

/** Milliseconds between two sweeps of what has expired. */
const sweepEvery = 60_000

export const createFollower = (deps: {
  readonly store: RevocationStore
  readonly clock: Clock
  readonly onKnown: (known: Known) => void
}): Follower => {
  const { store, clock, onKnown } = deps
  let known: Known | undefined
  let sweptAt = clock.now()
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined
  let closed = false

  const readNow = async (): Promise<void> => {
    const at = clock.now()
    const state = await store.state()
    const epoch = publicEpoch(state.epoch)
    const held = known?.epoch === epoch && known.seq <= state.seq ? known : undefined
    // After the counter, so that nothing up to it is missed; what was committed meanwhile comes along.
    const acts = held?.seq === state.seq ? [] : await store.after(held?.seq ?? 0, at)
    const list = held?.list ?? createActiveList()
    list.enter(acts)
    if (Math.abs(at.getTime() - sweptAt.getTime()) >= sweepEvery) {
      list.forget(at)
      sweptAt = at
    }
    known = { epoch, seq: Math.max(state.seq, acts.at(-1)?.seq ?? 0), at, list }
    onKnown(known)
  }

  const begin = (): Promise<void> => {
    if (closed) return Promise.resolve()
    reading = readNow().finally(() => {
      reading = undefined
    })
    return reading
  }

  return {
    isReading: () => reading !== undefined,
    async close() {
      closed = true
      await reading?.catch(() => {})
    },
    read() {
      if (!reading) return begin()
      // However the reading under way ends, whoever began it hears of it.
      next ??= reading
        .catch(() => {})
        .then(() => {
          next = undefined
          return begin()
        })
      return next
    },
  }
}
