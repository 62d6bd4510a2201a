import type { Token } from '../access-token.ts'
import type { Entry, Feed } from './feed.ts'
import { createNames, type NamedKind, named } from './names.ts'

export type Held = { readonly epoch: string; readonly seq: number; readonly iat: number; readonly maxAge: number }

/** `gap`: something lies between what is held and this; the server must be asked again. */
export type Applied = 'applied' | 'older' | 'gap'

/** What of a token an act may name. */
export type Identified = Pick<Token, 'jti' | 'sub' | 'client_id' | 'iat' | 'sid'>

export type RevocationList = {
  /** Where the list stands; undefined before the first. */
  held(): Held | undefined
  apply(feed: Feed): Applied
  /** O(1). @returns what was revoked, or undefined */
  find(token: Identified, kid: string): string | undefined
  /** How many entries are held. */
  size(): number
}

type Kind = Map<string, Entry>

const emptied = (): Readonly<Record<NamedKind, Kind>> => ({
  family: new Map(),
  session: new Map(),
  token: new Map(),
  user: new Map(),
  client: new Map(),
  key: new Map(),
})

/** @param grace seconds for which an expired token is still taken, and its entry therefore kept */
export const createRevocationList = (seconds: () => number, grace: number): RevocationList => {
  const name = createNames()
  let held: Held | undefined
  let kinds = emptied()
  let all: Entry | undefined
  let swept: Iterator<readonly [string, Entry]> | undefined
  let sweeping = 0

  const size = () => named.reduce((sum, kind) => sum + kinds[kind].size, 0)

  /** A part of the list each time, so that no single list pays for all: once through in sixteen. */
  const sweep = (): void => {
    const dead = seconds() - grace
    if (all && all.expiresAt <= dead) all = undefined
    for (let left = 1_000 + size() / 16; left > 0; left--) {
      const kind = kinds[named[sweeping % named.length] ?? 'family']
      swept ??= kind.entries()
      const next = swept.next()
      if (!next.done && next.value[1].expiresAt <= dead) kind.delete(next.value[0])
      if (!next.done) continue
      swept = undefined
      sweeping += 1
      if (sweeping % named.length === 0) return
    }
  }

  const lists = (kind: NamedKind, identifier: string): boolean =>
    kinds[kind].size > 0 && kinds[kind].has(name(kind, identifier))

  const endedUser = ({ sub, sid, iat }: Identified): boolean => {
    const entry = kinds.user.size > 0 ? kinds.user.get(name('user', sub)) : undefined
    if (entry?.notBefore === undefined || iat >= entry.notBefore) return false
    return entry.spared === undefined || sid === undefined || name('session', sid) !== entry.spared
  }

  return {
    held: () => held,
    size,

    apply(feed) {
      const sameEpoch = held?.epoch === feed.epoch
      const isSnapshot = feed.after === 0
      if (held && sameEpoch && (feed.seq < held.seq || (feed.seq === held.seq && feed.iat < held.iat))) return 'older'
      // A restored database begins a new epoch, but time goes on: what is older was recorded by somebody.
      if (held && !sameEpoch && feed.iat < held.iat) return 'older'
      if (!isSnapshot && !(held && sameEpoch && feed.after <= held.seq)) return 'gap'
      if (isSnapshot) {
        kinds = emptied()
        all = undefined
        swept = undefined
      }
      for (const kind of named) for (const [one, entry] of feed.kinds[kind]) kinds[kind].set(one, entry)
      all = feed.all ?? all
      // Two servers' clocks may differ; a higher number is newer all the same, yet never makes the list look older.
      const iat = sameEpoch && held ? Math.max(held.iat, feed.iat) : feed.iat
      held = { epoch: feed.epoch, seq: feed.seq, iat, maxAge: feed.maxAge }
      sweep()
      return 'applied'
    },

    find(token, kid) {
      const { jti, sid, iat, client_id } = token
      const dot = jti.indexOf('.')
      if (lists('key', kid)) return 'its signing key'
      if (dot > 0 && lists('family', jti.slice(0, dot))) return 'its family'
      if (sid !== undefined && lists('session', sid)) return 'its session'
      if (lists('token', jti)) return 'the token itself'
      if (endedUser(token)) return 'everything of its user from before'
      const client = kinds.client.size > 0 ? kinds.client.get(name('client', client_id)) : undefined
      if (client?.notBefore !== undefined && iat < client.notBefore) return 'everything of its client from before'
      if (all?.notBefore !== undefined && iat < all.notBefore) return 'every token from before'
      return undefined
    },
  }
}
