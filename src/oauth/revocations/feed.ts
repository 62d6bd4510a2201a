import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import { Unavailable } from '../errors.ts'
import { createFollower, type Known } from './follower.ts'
import { feedClaims, type Position } from './list.ts'
import type { RevocationStore } from './stores.ts'

/** A list as it is sent; the same object for everybody who asks for it. */
export type SignedList = {
  /** The compact JWS. */
  readonly body: Buffer
  readonly etag: string
  /** What it was made of: compared with `version()`, it says whether there is something newer. */
  readonly version: Known
}

/** docs/revocation-feed.md: what was revoked, signed. It follows the store from `start` to `close`. */
export type RevocationFeed = {
  /** Seconds. */
  readonly maxAge: number
  /** Another object when something was revoked, and when it is time to sign anew. */
  version(): Known | undefined
  /**
   * A delta after what the caller holds, where the list continues there; else a snapshot.
   * @throws Unavailable while nothing is known yet
   */
  list(held: Position | undefined): Promise<SignedList>
  /** @returns what ends it */
  subscribe(listener: () => void): () => void
  start(): Promise<void>
  /** Waits for what is being read: to be closed before the store. */
  close(): Promise<void>
}

/** Deltas that are signed of one version: whoever asks for more places than these gets the snapshot. */
const mostDeltas = 256
/** Whoever is behind by more acts is given everything: that list is made once for all. */
const longestDelta = 1000
/** Entries from which on a snapshot takes tens of milliseconds to write down, and how old it may then be. */
const long = 5_000
const snapshotEvery = 1000
/** Milliseconds for which an asker waits for the database before it gets what is known. */
const patience = 1000
const pollEvery = 1000
/** Seconds: a proxy cuts a stream that is silent for long. */
const longestSilence = 15

type Signer = { readonly kid: string; sign(typ: string, claims: object): Promise<string> }
type Changes = { isUp(): boolean; subscribe(listener: (change: { readonly of: string } | undefined) => void): void }

export const createRevocationFeed = (deps: {
  readonly issuer: string
  readonly store: RevocationStore
  readonly changes: Changes
  readonly signer: () => Signer
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
  /** Seconds. */
  readonly maxAge: number
}): RevocationFeed => {
  const { issuer, store, changes, clock, log, maxAge } = deps
  const renewal = Math.min(maxAge / 3, longestSilence) * 1000
  const listeners = new Set<() => void>()
  let version: Known | undefined
  let signed = new Map<number, Promise<SignedList>>()
  let signedBy: string | undefined
  let snapshot: { readonly of: Known; readonly by: string; readonly made: Promise<SignedList> } | undefined
  let timer: NodeJS.Timeout | undefined
  let failing = false

  /** Also when the clock was put back. */
  const isDue = (now: Date): boolean => {
    const age = version ? now.getTime() - version.at.getTime() : renewal
    return age < 0 || age >= renewal
  }
  const follower = createFollower({
    store,
    clock,
    onKnown: (known) => {
      if (version?.epoch === known.epoch && version.seq === known.seq && !isDue(known.at)) return
      version = known
      signed = new Map()
      for (const listener of listeners) listener()
    },
  })
  const read = async (): Promise<void> => {
    try {
      await follower.read()
      failing = false
    } catch (err) {
      if (!failing) log.warn({ err }, 'the revocations cannot be read: the feed grows older until they can')
      failing = true
    }
  }
  /** Nobody holds more than there is, unless this server has not heard of it yet. */
  const isBehind = (held: Position | undefined): boolean =>
    held !== undefined && held.epoch === version?.epoch && held.seq > version.seq
  const freshen = async (held: Position | undefined): Promise<void> => {
    if (!isDue(clock.now()) && !isBehind(held)) return
    const enough = new AbortController()
    const late = sleep(patience, undefined, { signal: enough.signal }).catch(() => {})
    await Promise.race([read(), late])
    enough.abort()
  }

  const sign = async (known: Known, after: number, signer: Signer): Promise<SignedList> => {
    const { epoch, seq, at, list } = known
    const claims = feedClaims({ issuer, epoch, seq, after, iat: at, maxAge }, list.after(after, at))
    const jws = await signer.sign('revocations+jwt', claims)
    // The end of the signature stands for all that was signed.
    return { body: Buffer.from(jws), etag: `"${jws.slice(-43)}"`, version: known }
  }
  /** Acts that follow one another quickly must not each cost a long list: it says itself what it does not know yet. */
  const lastSnapshot = (known: Known): Promise<SignedList> | undefined => {
    if (snapshot?.of.epoch !== known.epoch || known.list.size() < long || snapshot.by !== deps.signer().kid)
      return undefined
    const age = known.at.getTime() - snapshot.of.at.getTime()
    return age >= 0 && age < snapshotEvery ? snapshot.made : undefined
  }
  const shared = (known: Known, after: number): Promise<SignedList> => {
    const signer = deps.signer()
    if (signer.kid !== signedBy) signed = new Map()
    signedBy = signer.kid
    const there = signed.get(after)
    if (there) return there
    if (after > 0 && (signed.size > mostDeltas || known.seq - after > longestDelta)) return shared(known, 0)
    const [mine, made] = [signed, sign(known, after, signer)]
    mine.set(after, made)
    if (after === 0) snapshot = { of: known, by: signer.kid, made }
    made.catch(() => {
      mine.delete(after)
      if (snapshot?.made === made) snapshot = undefined
    })
    return made
  }

  return {
    maxAge,
    version: () => version,
    async list(held) {
      await freshen(held)
      if (!version) throw new Unavailable(new Error('the revocations were never read'))
      const continues = held?.epoch === version.epoch && held.seq <= version.seq
      return continues ? shared(version, held.seq) : (lastSnapshot(version) ?? shared(version, 0))
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async start() {
      changes.subscribe((change) => {
        if (timer && (change === undefined || change.of === 'revocations')) void read()
      })
      timer = setInterval(() => {
        if (!follower.isReading() && (!changes.isUp() || isDue(clock.now()))) void read()
      }, pollEvery)
      timer.unref()
      await read()
    },
    async close() {
      clearInterval(timer)
      timer = undefined
      await follower.close()
    },
  }
}
