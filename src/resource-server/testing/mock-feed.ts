import { type NamedKind, nameOf } from '../revocations/names.ts'

/** What is revoked, by identifier; a user's act may spare one session. */
export type Act = { readonly [kind in NamedKind]?: string } & {
  readonly all?: true
  readonly spare?: string
  /** Seconds; for user, client and all, two whole seconds from now by default, as the server does it. */
  readonly notBefore?: number
  /** Seconds from now until the entry is dropped; an hour by default. */
  readonly lifetime?: number
}

type Entry = { readonly seq: number; readonly kind: string; readonly name: string; readonly value: unknown }

/** The list that docs/revocation-feed.md describes. */
export const createMockFeed = (seconds: () => number) => {
  let entries: Entry[] = []
  let seq = 0
  let epochs = 1
  /** Whom a `not_before` concerns: tokens issued afterwards are not stamped before it. */
  const stamps = new Map<string, number>()

  const add = (kind: NamedKind | 'all', identifier: string, value: unknown): void => {
    seq += 1
    entries.push({ seq, kind, name: kind === 'all' ? '' : nameOf(kind, identifier), value })
  }

  return {
    record({ spare, lifetime = 3600, ...act }: Act): void {
      const now = seconds()
      const expiry = Math.ceil(now) + lifetime
      const notBefore = act.notBefore ?? Math.ceil(now) + 2
      const stamp = (who: string) => stamps.set(who, Math.max(notBefore, stamps.get(who) ?? 0))
      for (const kind of ['family', 'session', 'token', 'key'] as const) {
        const identifier = act[kind]
        if (identifier !== undefined) add(kind, identifier, expiry)
      }
      const { user, client } = act
      const spared = spare === undefined ? [] : [nameOf('session', spare)]
      if (user !== undefined) add('user', user, [expiry, notBefore, ...spared])
      if (client !== undefined) add('client', client, [expiry, notBefore])
      if (act.all) add('all', '', [expiry, notBefore])
      if (user !== undefined) stamp(`user:${user}`)
      if (client !== undefined) stamp(`client:${client}`)
      if (act.all) stamp('all')
    },

    /** The `iat` of a token that is issued now. */
    stampFor(user: unknown, client: unknown): number {
      const stamped = [`user:${user}`, `client:${client}`, 'all'].map((who) => stamps.get(who) ?? 0)
      return Math.max(Math.floor(seconds()), ...stamped)
    },

    /** As after a restored backup: another epoch, and nothing in it. */
    restore(): void {
      entries = []
      seq = 0
      epochs += 1
    },

    position: () => ({ epoch: `mock${epochs}`, seq }),

    /** @returns a delta where the place is known, otherwise a snapshot */
    claims(epoch: string | null, place: number): Record<string, unknown> {
      const current = `mock${epochs}`
      const after = epoch === current && place > 0 && place <= seq ? place : 0
      const kinds: Record<string, unknown> = {}
      for (const { kind, name, value } of entries.filter((entry) => entry.seq > after)) {
        if (kind === 'all') kinds.all = value
        else kinds[kind] = { ...(kinds[kind] as object | undefined), [name]: value }
      }
      return { iat: Math.floor(seconds()), epoch: current, seq, after, ...kinds }
    },
  }
}
