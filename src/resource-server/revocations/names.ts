import { hash } from 'node:crypto'

/** The kinds of the feed that name something. */
export const named = ['family', 'session', 'token', 'user', 'client', 'key'] as const
export type NamedKind = (typeof named)[number]

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** docs/revocation-feed.md: 128 bits of SHA-256 over kind, colon and identifier. */
export const nameOf = (kind: NamedKind, identifier: string): string => {
  // Cut as text, which costs a quarter of cutting bytes: of the 22nd character's six bits two are left.
  const digest = hash('sha256', `${kind}:${identifier}`, 'base64url')
  return digest.slice(0, 21) + 'AQgw'.charAt(alphabet.indexOf(digest.charAt(21)) >> 4)
}

const most = 10_000

/**
 * The same names again and again: a token comes many times, its session and client more often still, and a hash costs
 * more than everything else in a look-up. Two generations bound the memory without keeping an order.
 */
export const createNames = (): ((kind: NamedKind, identifier: string) => string) => {
  const memo = (kind: NamedKind) => {
    let young = new Map<string, string>()
    let old = young
    return (identifier: string): string => {
      const known = young.get(identifier)
      if (known !== undefined) return known
      const name = old.get(identifier) ?? nameOf(kind, identifier)
      if (young.size >= most) {
        old = young
        young = new Map()
      }
      young.set(identifier, name)
      return name
    }
  }
  const memos = {
    family: memo('family'),
    session: memo('session'),
    token: memo('token'),
    user: memo('user'),
    client: memo('client'),
    key: memo('key'),
  }
  return (kind, identifier) => memos[kind](identifier)
}
