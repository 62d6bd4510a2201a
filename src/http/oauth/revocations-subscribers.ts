import type { ServerResponse } from 'node:http'
import { Busy } from '../../identity/queue.ts'
import { networkOf } from '../../network.ts'
import type { RevocationFeed, SignedList } from '../../oauth/revocations/feed.ts'
import type { Position } from '../../oauth/revocations/list.ts'

export type SubscriberLimits = {
  readonly most: number
  /** Of one network: an API's replicas may share an address. */
  readonly mostOfNetwork: number
  /** Milliseconds in which one event must be on its way to the reader. */
  readonly patience: number
}
const defaults: SubscriberLimits = { most: 2000, mostOfNetwork: 200, patience: 30_000 }

/** A place among the readers, which counts until it is left. */
export type Seat = { follow(to: ServerResponse, held: Position | undefined): void; leave(): void }

export type Subscribers = {
  /** @throws Busy when there are too many, or the server stops */
  take(address: string | undefined): Seat
  /** Ends every stream; from here on nobody is taken. */
  end(): void
}

type Reader = {
  readonly to: ServerResponse
  held: Position | undefined
  seen: SignedList['version'] | undefined
  busy: boolean
}

/**
 * Each reader has a place of its own in the list, and is sent what came after it once the last event has left: one event
 * at most waits for a reader, however slow it is. Those in step get the same bytes, signed once.
 */
export const createSubscribers = ({
  feed,
  log,
  limits: { most, mostOfNetwork, patience } = defaults,
}: {
  readonly feed: RevocationFeed
  readonly log: { warn(fields: object, message: string): void }
  readonly limits?: SubscriberLimits
}): Subscribers => {
  const readers = new Set<Reader>()
  const seats = new Map<string, number>()
  let taken = 0
  let ended = false

  const catchUp = async (reader: Reader): Promise<void> => {
    if (reader.busy) return
    reader.busy = true
    try {
      while (readers.has(reader) && (reader.seen === undefined || reader.seen !== feed.version())) {
        const list = await feed.list(reader.held)
        await send(reader.to, list, patience)
        const { epoch, seq } = list.version
        reader.held = { epoch, seq }
        reader.seen = list.version
      }
    } catch (err) {
      // It comes back, to another server or later.
      if (readers.delete(reader)) log.warn({ err }, 'a reader of revocations was dropped')
      reader.to.destroy()
    } finally {
      reader.busy = false
    }
  }
  const unsubscribe = feed.subscribe(() => {
    for (const reader of readers) void catchUp(reader)
  })

  return {
    take(address) {
      const network = networkOf(address)
      const ofNetwork = seats.get(network) ?? 0
      if (ended || taken >= most || ofNetwork >= mostOfNetwork)
        throw new Busy(feed.maxAge, 'too many follow the revocations, or the server stops')
      taken += 1
      seats.set(network, ofNetwork + 1)
      let reader: Reader | undefined
      let left = false
      return {
        follow(to, held) {
          if (left) return
          reader = { to, held, seen: undefined, busy: false }
          readers.add(reader)
          if (ended) to.end()
          else void catchUp(reader)
        },
        leave() {
          if (left) return
          left = true
          taken -= 1
          const rest = (seats.get(network) ?? 1) - 1
          if (rest > 0) seats.set(network, rest)
          else seats.delete(network)
          if (reader) readers.delete(reader)
        },
      }
    },
    end() {
      ended = true
      unsubscribe()
      for (const reader of readers) {
        readers.delete(reader)
        // One that does not read would hold the stop.
        if (reader.busy) reader.to.destroy()
        else reader.to.end()
      }
    },
  }
}

/** Resolves when the operating system has all of it. */
const send = (to: ServerResponse, { body, version }: SignedList, patience: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('it reads too slowly')), patience)
    to.cork()
    to.write(`id: ${version.epoch}.${version.seq}\nevent: revocations\ndata: `)
    to.write(body)
    to.write('\n\n', (error) => {
      clearTimeout(late)
      if (error) reject(error)
      else resolve()
    })
    to.uncork()
  })
