import { numericDate } from '../../clock.ts'
import { type Revocation, type RevocationKind, revocationKinds, revocationName } from './entry.ts'

/** What the feed says about a name, docs/revocation-feed.md: times are seconds. */
export type Value =
  | number
  | readonly [expiry: number, notBefore: number]
  | readonly [expiry: number, notBefore: number, spared: string]
/** By kind and name; a kind without entries is absent. */
export type Kinds = { readonly [K in RevocationKind]?: K extends 'all' ? Value : Readonly<Record<string, Value>> }

/** The acts whose tokens may still be alive, as the feed tells them. */
export type ActiveList = {
  /** @param acts with higher numbers than all before, in their order */
  enter(acts: readonly Revocation[]): void
  /** What came after that number and has not expired; everything after 0. */
  after(seq: number, now: Date): Kinds
  /** Gives back the memory of what has expired. */
  forget(now: Date): void
  size(): number
}

type Entry = {
  readonly seq: number
  readonly kind: RevocationKind
  readonly name: string
  readonly expiry: number
  readonly notBefore: number | undefined
  readonly spared: string | undefined
}

const entryOf = (act: Revocation): Entry => ({
  seq: act.seq,
  kind: act.kind,
  name: revocationName(act.kind, act.subject),
  expiry: Math.ceil(act.expiresAt.getTime() / 1000),
  notBefore: act.notBefore && numericDate(act.notBefore),
  spared: act.sparedSessionId === undefined ? undefined : revocationName('session', act.sparedSessionId),
})

const greater = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)

/**
 * A verifier holds one entry for a name, the later one. So that one must say what the earlier still says: a user's second
 * act may end tokens that die sooner than those of the first.
 */
const succeeding = (earlier: Entry | undefined, later: Entry): Entry =>
  earlier
    ? {
        ...later,
        expiry: Math.max(earlier.expiry, later.expiry),
        notBefore: greater(earlier.notBefore, later.notBefore),
      }
    : later

const written = ({ expiry, notBefore, spared }: Entry): Value => {
  if (notBefore === undefined) return expiry
  return spared === undefined ? [expiry, notBefore] : [expiry, notBefore, spared]
}

/** The index of the first entry after that number. */
const firstAfter = (entries: readonly Entry[], seq: number): number => {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.seq ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return low
}

export const createActiveList = (): ActiveList => {
  /** By number; one that has a later one about the same name is passed over. */
  let entries: Entry[] = []
  const latest = new Map<string, Entry>()

  return {
    size: () => latest.size,

    enter(acts) {
      for (const act of acts) {
        const fresh = entryOf(act)
        const entry = succeeding(latest.get(fresh.name), fresh)
        latest.set(entry.name, entry)
        entries.push(entry)
      }
    },

    after(seq, now) {
      const seconds = numericDate(now)
      const kinds: { [K in RevocationKind]?: K extends 'all' ? Value : Record<string, Value> } = {}
      for (let index = firstAfter(entries, seq); index < entries.length; index++) {
        const entry = entries[index]
        if (!entry || entry.expiry <= seconds || latest.get(entry.name) !== entry) continue
        if (entry.kind === 'all') {
          kinds.all = written(entry)
          continue
        }
        const names = kinds[entry.kind] ?? {}
        names[entry.name] = written(entry)
        kinds[entry.kind] = names
      }
      return kinds
    },

    forget(now) {
      const seconds = numericDate(now)
      entries = entries.filter((entry) => latest.get(entry.name) === entry && entry.expiry > seconds)
      for (const [name, { expiry }] of latest) if (expiry <= seconds) latest.delete(name)
    },
  }
}

/** Where a list stands. */
export type Position = { readonly epoch: string; readonly seq: number }

/**
 * What is signed.
 *
 * @param after 0 in a snapshot
 * @param iat the instant at which the server last knew that the list is complete
 * @param maxAge seconds
 */
export const feedClaims = (
  {
    issuer,
    epoch,
    seq,
    after,
    iat,
    maxAge,
  }: Position & {
    readonly issuer: string
    readonly after: number
    readonly iat: Date
    readonly maxAge: number
  },
  kinds: Kinds,
) => {
  const told = Object.fromEntries(revocationKinds.flatMap((kind) => (kind in kinds ? [[kind, kinds[kind]]] : [])))
  return { iss: issuer, iat: numericDate(iat), epoch, seq, after, max_age: maxAge, ...told }
}
