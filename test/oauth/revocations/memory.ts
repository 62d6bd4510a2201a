import { Unavailable } from '../../../src/oauth/errors.ts'
import { type Revocation, revocationName } from '../../../src/oauth/revocations/entry.ts'
import { createRevocationFeed } from '../../../src/oauth/revocations/feed.ts'
import type { Position } from '../../../src/oauth/revocations/list.ts'
import { aClock } from '../../support/clock.ts'

export const start = new Date('2026-11-21T12:00:00Z')
export const at = (seconds: number): Date => new Date(start.getTime() + seconds * 1000)
export const second = (seconds: number): number => at(seconds).getTime() / 1000

type Act = Partial<Omit<Revocation, 'seq'>>
export const anAct = (seq: number, { kind = 'family', subject = `f${seq}`, ...given }: Act = {}): Revocation => ({
  seq,
  kind,
  subject,
  notBefore: ['user', 'client', 'all'].includes(kind) ? at(2) : undefined,
  sparedSessionId: undefined,
  expiresAt: at(600),
  ...given,
})

/** A table of acts, which can be away or slow. */
export const aStore = () => {
  let acts: Revocation[] = []
  let state = { epoch: 'the epoch', seq: 0 }
  let isAway = false
  let readings = 0
  const reached = async () => {
    readings += 1
    await new Promise((resolve) => setImmediate(resolve))
    if (isAway) throw new Unavailable(new Error('away'))
  }
  return {
    store: {
      state: async () => {
        await reached()
        return { ...state }
      },
      after: async (seq: number, now: Date) => {
        await reached()
        return acts.filter((act) => act.seq > seq && act.expiresAt > now)
      },
    },
    act(given: Act = {}): Revocation {
      const act = anAct(state.seq + 1, given)
      acts.push(act)
      state = { ...state, seq: act.seq }
      return act
    },
    acts: () => acts,
    readings: () => readings,
    setAway: (away: boolean) => {
      isAway = away
    },
    /** As it was after that many acts. */
    restore(seq: number, epoch = state.epoch) {
      acts = acts.filter((act) => act.seq <= seq)
      state = { epoch, seq }
    },
  }
}

/** The announcements of other servers. */
export const someChanges = () => {
  const listeners: ((change: { of: string } | undefined) => void)[] = []
  let up = true
  return {
    changes: {
      isUp: () => up,
      subscribe: (listener: (change: { of: string } | undefined) => void) => {
        listeners.push(listener)
      },
    },
    tell: (change: { of: string } | undefined = { of: 'revocations' }) => {
      for (const listener of listeners) listener(change)
    },
    setUp: (is: boolean) => {
      up = is
    },
  }
}

export type Claims = Position & {
  readonly iat: number
  readonly after: number
  readonly max_age: number
} & Readonly<Record<string, unknown>>

/** A feed over a table in memory, whose signature is none: it counts how often something was signed. */
export const aFeed = async (t: { teardown(done: () => void): void }, { maxAge = 30, padding = '' } = {}) => {
  const table = aStore()
  const announcements = someChanges()
  const clock = aClock(start)
  const warnings: string[] = []
  let signatures = 0
  let kid = 'the key'
  const feed = createRevocationFeed({
    issuer: 'https://as.example',
    store: table.store,
    changes: announcements.changes,
    signer: () => ({
      kid,
      sign: async (typ, claims) => {
        signatures += 1
        await new Promise((resolve) => setImmediate(resolve))
        return `${kid}.${typ}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'s'.repeat(42)}${signatures}${padding}`
      },
    }),
    clock,
    log: { warn: (_, message) => warnings.push(message) },
    maxAge,
  })
  t.teardown(feed.close)
  const ask = async (held?: Position) => {
    const { body, etag } = await feed.list(held)
    const claims: Claims = JSON.parse(Buffer.from(body.toString().split('.')[2] ?? '', 'base64url').toString())
    return { claims, etag, body }
  }
  return {
    feed,
    clock,
    ...table,
    ...announcements,
    ask,
    warnings,
    signatures: () => signatures,
    setKid: (name: string) => {
      kid = name
    },
    /** Until the feed has something newer, that number at least. Nothing of the feed keeps a process alive. */
    newer: (seq = 0) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('the feed heard nothing')), 30_000)
        const end = feed.subscribe(() => {
          if ((feed.version()?.seq ?? 0) < seq) return
          clearTimeout(late)
          end()
          resolve()
        })
      }),
  }
}

/** What a verifier holds, by docs/revocation-feed.md. */
export const aVerifier = () => {
  let held: Position | undefined
  const names = new Map<string, unknown>()
  return {
    held: () => held,
    names,
    /** @returns false where something is missing in between */
    take({ epoch, seq, after, iss, iat, max_age, ...kinds }: Claims): boolean {
      if (after === 0) names.clear()
      else if (held?.epoch !== epoch || after > held.seq) return false
      for (const [kind, told] of Object.entries(kinds)) {
        if (kind === 'all') names.set('all', told)
        else for (const [name, value] of Object.entries(told ?? {})) names.set(name, value)
      }
      held = { epoch, seq }
      return true
    },
    forget(seconds: number) {
      for (const [name, value] of names) if (Number([value].flat()[0]) <= seconds) names.delete(name)
    },
  }
}

/** What the table says about each name: the oracle, written once more and without a shortcut. */
export const toldBy = (acts: readonly Revocation[]): Map<string, unknown> => {
  const names = new Map<string, unknown>()
  for (const { kind, subject } of acts) {
    const name = kind === 'all' ? 'all' : revocationName(kind, subject)
    const same = acts.filter((act) => act.kind === kind && act.subject === subject)
    const expiry = Math.max(...same.map(({ expiresAt }) => expiresAt.getTime() / 1000))
    const bounds = same.flatMap(({ notBefore }) => (notBefore ? [notBefore.getTime() / 1000] : []))
    const spared = same.at(-1)?.sparedSessionId
    const value = [expiry, Math.max(...bounds), ...(spared ? [revocationName('session', spared)] : [])]
    names.set(name, bounds.length > 0 ? value : expiry)
  }
  return names
}
