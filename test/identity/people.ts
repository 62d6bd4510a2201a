import { later } from '../../src/clock.ts'
import type { Hasher } from '../../src/identity/password.ts'
import type { Bucket, LoginStore, Session, User } from '../../src/identity/stores.ts'

export const start = new Date('2030-01-01T00:00:00Z')
export const at = (seconds: number): Date => later(start, seconds)

export const aUser = (user: Partial<User> = {}): User => ({
  id: '00000000-0000-4000-8000-000000000001',
  username: 'alice',
  passwordHash: 'hash of correct horse',
  claims: {},
  admin: false,
  notBefore: undefined,
  disabledAt: undefined,
  createdAt: start,
  mustChoosePassword: false,
  ...user,
})

export const aSession = (session: Partial<Session> = {}): Session => ({
  id: '00000000-0000-4000-8000-00000000000a',
  userId: aUser().id,
  authenticatedAt: start,
  amr: ['pwd'],
  acr: '1',
  createdAt: start,
  lastUsedAt: start,
  idleExpiresAt: at(1000),
  absoluteExpiresAt: at(5000),
  ip: undefined,
  userAgent: undefined,
  ...session,
})

/** Counters in memory, with the windows of the table: fixed, from the first attempt on. */
export const aLoginStore = (users: Readonly<Record<string, User>> = { alice: aUser() }) => {
  const counters = new Map<string, { points: number; expiresAt: Date }>()
  const rehashed: { userId: string; from: string; to: string }[] = []
  const store: LoginStore & { readonly rehashed: typeof rehashed } = {
    rehashed,
    async attempt(usernameKey, rounds, now) {
      const count = ({ key, windowSeconds }: Bucket) => {
        const before = counters.get(key.toString('hex'))
        const alive = before && before.expiresAt > now ? before : { points: 0, expiresAt: later(now, windowSeconds) }
        const counter = { ...alive, points: alive.points + 1 }
        counters.set(key.toString('hex'), counter)
        return counter
      }
      const counted: ReturnType<typeof count>[] = []
      for (const round of rounds) {
        const states = round.map(count)
        counted.push(...states)
        if (states.some(({ points }, index) => points > (round[index]?.attempts ?? points))) break
      }
      return { user: users[usernameKey], counted }
    },
    async forgive(keys) {
      for (const key of keys) {
        const counter = counters.get(key.toString('hex'))
        if (counter) counter.points -= 1
      }
    },
    async rehash(userId, from, to) {
      rehashed.push({ userId, from, to })
      return true
    },
  }
  return store
}

/** A hash that is slow in turns of the event loop, and counts. */
export const aCountingHasher = () => {
  let running = 0
  const seen = { atOnce: 0, verified: [] as string[] }
  const slowly = async <T>(result: T): Promise<T> => {
    running += 1
    seen.atOnce = Math.max(seen.atOnce, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    return result
  }
  const hasher: Hasher = {
    hash: (password) => slowly(`hash of ${password}`),
    verify: (hash, password) => {
      seen.verified.push(hash)
      return slowly(hash === `hash of ${password}`)
    },
  }
  return { hasher, seen }
}
