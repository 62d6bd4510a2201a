import { isObject } from '../exchange.ts'
import { type NamedKind, named } from './names.ts'

/** Expiry; with `notBefore` only tokens issued before it are concerned, except those of the spared session. */
export type Entry = {
  readonly expiresAt: number
  readonly notBefore: number | undefined
  readonly spared: string | undefined
}

export type Feed = {
  readonly iat: number
  readonly epoch: string
  readonly seq: number
  /** 0: a snapshot. */
  readonly after: number
  readonly maxAge: number
  readonly kinds: Readonly<Record<NamedKind, readonly (readonly [name: string, entry: Entry])[]>>
  readonly all: Entry | undefined
}

/** Why a list is not taken; what is held stays. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused'
}

export type FeedBounds = { readonly issuer: string; readonly clockTolerance: number; readonly seconds: () => number }

/**
 * docs/revocation-feed.md, "What comes", after its signature. Members that are not known are passed over.
 * @throws FeedRefused
 */
export const readFeed = (claims: Readonly<Record<string, unknown>>, bounds: FeedBounds): Feed => {
  if (claims.iss !== bounds.issuer) throw new FeedRefused('the list is of another issuer')
  const { epoch, all } = claims
  const [iat, seq, after, maxAge] = [
    count(claims, 'iat'),
    count(claims, 'seq'),
    count(claims, 'after'),
    count(claims, 'max_age'),
  ]
  if (typeof epoch !== 'string' || epoch === '' || epoch.length > 100) throw new FeedRefused('its epoch is no name')
  if (after > seq) throw new FeedRefused('it continues after its own end')
  if (maxAge < 1) throw new FeedRefused('its max_age is not positive')
  // A list from the future would look fresh for as long as somebody likes.
  if (iat > bounds.seconds() + bounds.clockTolerance)
    throw new FeedRefused('the list is from the future: compare the clocks of this machine and of the issuer')
  const entries = (kind: NamedKind) => namedEntries(claims[kind], kind)
  const [family, session, token, user, client, key] = named.map(entries)
  if (!family || !session || !token || !user || !client || !key) throw new FeedRefused('a kind is missing')
  const kinds = { family, session, token, user, client, key }
  return { iat, epoch, seq, after, maxAge, kinds, all: all === undefined ? undefined : entryOf(all, 'all') }
}

const count = (claims: Readonly<Record<string, unknown>>, name: string): number => {
  const value = claims[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new FeedRefused(`its ${name} is no number`)
}

const namedEntries = (value: unknown, kind: NamedKind): readonly (readonly [string, Entry])[] => {
  if (value === undefined) return []
  if (!isObject(value)) throw new FeedRefused(`its ${kind} is no object`)
  return Object.entries(value).map(([name, entry]) => [name, entryOf(entry, kind)] as const)
}

/** Kinds whose entries concern only what was issued before an instant. */
const bounded: readonly string[] = ['user', 'client', 'all']

const entryOf = (value: unknown, kind: NamedKind | 'all'): Entry => {
  const [expiresAt, notBefore, spared]: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (typeof expiresAt !== 'number') throw new FeedRefused(`an expiry of its ${kind} is no number`)
  if (!bounded.includes(kind)) return { expiresAt, notBefore: undefined, spared: undefined }
  if (typeof notBefore !== 'number') throw new FeedRefused(`a not_before of its ${kind} is no number`)
  if (spared !== undefined && typeof spared !== 'string') throw new FeedRefused('a spared session is no name')
  return { expiresAt, notBefore, spared: kind === 'user' ? spared : undefined }
}
