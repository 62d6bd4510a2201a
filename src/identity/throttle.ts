import { createHash } from 'node:crypto'
import type { Bucket, LoginStore, User } from './stores.ts'

/**
 * How many wrong passwords are looked at. An attempt is counted before its password is, so that parallel guesses cannot
 * pass; success takes it back. Strangers fill buckets of their own network, which their victim is not in; guesses from
 * many networks fill one slow bucket of the account, which a known device is not in.
 */
export type Limit = { readonly attempts: number; readonly windowSeconds: number }

export type ThrottlePolicy = {
  /** One account from one network. */
  readonly guesser: Limit
  /** The same in the long run: the wait grows from minutes to a day. */
  readonly persistent: Limit
  /** One account from everywhere: more than `guesser` lets one network try in this window, or it could lock others out. */
  readonly account: Limit
  /** One network, whatever the accounts. */
  readonly network: Limit
  readonly device: Limit
}

export const defaultThrottle: ThrottlePolicy = {
  guesser: { attempts: 5, windowSeconds: 15 * 60 },
  persistent: { attempts: 20, windowSeconds: 86_400 },
  account: { attempts: 50, windowSeconds: 3600 },
  network: { attempts: 100, windowSeconds: 15 * 60 },
  device: { attempts: 10, windowSeconds: 15 * 60 },
}

/** @property device the id of a device this person is known on */
export type Suspect = { readonly usernameKey: string; readonly network: string; readonly device: string | undefined }

/**
 * Hashed: the table is no list of names and addresses. JSON, so that no two lists of parts are the same text. The round
 * comes first, so that the order of keys, in which rows are locked, is the order in which they are counted.
 */
const bucket = (round: number, limit: Limit, ...parts: readonly string[]): Bucket & Limit => {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest()
  return { ...limit, key: Buffer.concat([Buffer.of(round), hash.subarray(1)]) }
}

/**
 * Three rounds: an attempt that one of them stops fills no bucket of the next. A network that floods makes no rows for
 * the names it thinks of; who is impatient does not wait a day for it; who hammers from one network does not lock the
 * account for others.
 */
export const rounds = (
  policy: ThrottlePolicy,
  { usernameKey, network, device }: Suspect,
): readonly (readonly (Bucket & Limit)[])[] =>
  device !== undefined
    ? [[bucket(0, policy.device, 'device', usernameKey, device)]]
    : [
        [bucket(0, policy.network, 'network', network)],
        [bucket(1, policy.guesser, 'guesser', usernameKey, network)],
        [
          bucket(2, policy.persistent, 'persistent', usernameKey, network),
          bucket(2, policy.account, 'account', usernameKey),
        ],
      ]

/** @property forgive what success takes back */
export type Allowance =
  | { readonly is: 'allowed'; readonly user: User | undefined; readonly forgive: readonly Buffer[] }
  | { readonly is: 'wait'; readonly seconds: number }

/** Counts the attempt, and says whether its password may be looked at. */
export const admit = async (
  logins: LoginStore,
  policy: ThrottlePolicy,
  suspect: Suspect,
  now: Date,
): Promise<Allowance> => {
  const asked = rounds(policy, suspect)
  const { user, counted } = await logins.attempt(suspect.usernameKey, asked, now)
  const all = asked.flat()
  // Nothing is counted after a round that overflowed; anything else that is missing is the store's mistake.
  const seconds = waitOf(all.slice(0, counted.length), counted, now)
  if (seconds > 0) return { is: 'wait', seconds }
  if (counted.length < all.length) throw new Error('the store counted fewer buckets than it was given')
  return { is: 'allowed', user, forgive: all.map(({ key }) => key) }
}

/** Seconds until the last of the buckets that overflowed is empty; 0 when none did. */
export const waitOf = (
  buckets: readonly Limit[],
  counted: readonly { readonly points: number; readonly expiresAt: Date }[],
  now: Date,
): number =>
  Math.max(
    0,
    ...buckets.map((limit, index) => {
      const state = counted[index]
      if (!state) throw new Error('the store counted fewer buckets than it was given')
      if (state.points <= limit.attempts) return 0
      return Math.max(1, Math.ceil((state.expiresAt.getTime() - now.getTime()) / 1000))
    }),
  )
