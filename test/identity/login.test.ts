import t from 'tap'
import { deviceToken } from '../../src/identity/device.ts'
import { type LoginAttempt, type LoginResult, logIn } from '../../src/identity/login.ts'
import { createPasswords, type Passwords } from '../../src/identity/password.ts'
import { Busy } from '../../src/identity/queue.ts'
import { defaultThrottle, rounds, waitOf } from '../../src/identity/throttle.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aCountingHasher, aLoginStore, at, aUser, start } from './people.ts'

const secret = Buffer.alloc(32, 1)
const users = {
  alice: aUser(),
  disabled: aUser({ username: 'disabled', disabledAt: start }),
  federated: aUser({ username: 'federated', passwordHash: undefined }),
}

const aDoor = (limits: { readonly waiting?: number } = {}) => {
  const { hasher, seen } = aCountingHasher()
  const logins = aLoginStore(users)
  const passwords = createPasswords({ concurrency: 2, waiting: limits.waiting ?? 1000, random, hasher })
  const deps = { logins, passwords, throttle: defaultThrottle, deviceSecrets: [secret] as const }
  return {
    logins,
    seen,
    tryToLogIn: (attempt: Partial<LoginAttempt> = {}, now = start): Promise<LoginResult> =>
      logIn(
        deps,
        { username: 'alice', password: 'correct horse', ip: '192.0.2.1', device: undefined, ...attempt },
        now,
      ),
  }
}
const wrong = { password: 'wrong' }
const times = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)))
const waits = (results: readonly LoginResult[]): number => results.filter(({ is }) => is === 'wait').length

t.test('the right password logs in, under any spelling of the name', async (t) => {
  for (const username of ['alice', ' ALICE ', 'ａｌｉｃｅ']) {
    t.match(await aDoor().tryToLogIn({ username }), { is: 'authenticated', user: users.alice, amr: ['pwd'] })
  }
})

t.test('S8 unknown, disabled, without a password, wrong: one answer after the same work', async (t) => {
  for (const username of ['nobody', 'disabled', 'federated', 'alice']) {
    const { tryToLogIn, seen } = aDoor()
    const password = username === 'alice' ? 'wrong' : 'correct horse'
    t.same(await tryToLogIn({ username, password }), { is: 'refused' }, username)
    t.equal(seen.verified.length, 1, `${username}: one hash`)
    t.same(
      (await times(10, () => tryToLogIn({ username, password: 'wrong' }))).slice(4),
      Array(6).fill({ is: 'wait', seconds: 900 }),
    )
  }
})

t.test('S9 20 wrong passwords in parallel: five are looked at', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  const results = await times(20, () => tryToLogIn(wrong))
  t.equal(seen.verified.length, 5)
  t.equal(waits(results), 15)
  t.match(await tryToLogIn(), { is: 'wait', seconds: 900 }, 'nor is the right one')
  t.match(await tryToLogIn({}, at(899)), { is: 'wait', seconds: 1 })
  t.match(await tryToLogIn({}, at(900)), { is: 'authenticated' })
})

t.test('S10 a hundred failures from one address: the victim still logs in, from elsewhere and at home', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  await times(300, () => tryToLogIn(wrong))
  t.equal(seen.verified.length, 5)
  t.match(await tryToLogIn({ ip: '198.51.100.1' }), { is: 'authenticated' }, 'another network')
  const device = deviceToken([secret], 'alice', random, start)
  t.match(await tryToLogIn({ device }), { is: 'authenticated' }, 'a known device in the same network')
  t.match(
    await tryToLogIn({ device: deviceToken([secret], 'eve', random, start) }),
    { is: 'wait' },
    'another person knows it',
  )
})

t.test('S10 guesses from a thousand networks are bounded, and a known device is not concerned', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  const from = (index: number): string => `10.0.${index >> 8}.${index & 255}`
  await times(1000, (index) => tryToLogIn({ ...wrong, ip: from(index) }))
  t.equal(seen.verified.length, defaultThrottle.account.attempts)
  t.match(await tryToLogIn(), { is: 'wait', seconds: 3600 })
  const device = deviceToken([secret], 'alice', random, start)
  t.match(await tryToLogIn({ device }), { is: 'authenticated' })
})

t.test('S10 a stolen device cookie buys a few guesses, not all', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  const device = deviceToken([secret], 'alice', random, start)
  await times(50, (index) => tryToLogIn({ ...wrong, device, ip: `10.0.0.${index}` }))
  t.equal(seen.verified.length, defaultThrottle.device.attempts)
})

t.test('S11 rotating in a /64, or writing an address differently, fills the same bucket', async (t) => {
  const six = aDoor()
  await times(20, (index) => six.tryToLogIn({ ...wrong, ip: `2001:db8::${index.toString(16)}` }))
  t.equal(six.seen.verified.length, 5)
  const four = aDoor()
  const forms = ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1']
  await times(20, (index) => four.tryToLogIn({ ...wrong, ip: forms[index % 4] }))
  t.equal(four.seen.verified.length, 5)
})

t.test('S9 one password against a thousand names is bounded by the network; others are not concerned', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  await times(1000, (index) => tryToLogIn({ ...wrong, username: `user${index}` }))
  t.equal(seen.verified.length, defaultThrottle.network.attempts)
  t.match(await tryToLogIn(), { is: 'wait' })
  t.match(await tryToLogIn({ ip: '198.51.100.1' }), { is: 'authenticated' })
})

t.test('the wait grows: after twenty in a day, until the next day', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  for (let quarter = 0; quarter < 10; quarter++) await times(50, () => tryToLogIn(wrong, at(quarter * 900)))
  t.equal(seen.verified.length, 20)
  t.same(await tryToLogIn({}, at(9000)), { is: 'wait', seconds: 86_400 - 9000 })
})

t.test('S10 hammering from one network for a day never locks the account elsewhere', async (t) => {
  const { tryToLogIn } = aDoor()
  for (let quarter = 0; quarter < 96; quarter++) {
    await times(20, () => tryToLogIn(wrong, at(quarter * 900)))
    t.match(await tryToLogIn({ ip: `198.51.100.${quarter}` }, at(quarter * 900)), { is: 'authenticated' })
  }
})

t.test('success takes its own attempt back, and no more', async (t) => {
  const { tryToLogIn, logins } = aDoor()
  for (let i = 0; i < 200; i++) {
    const result = await tryToLogIn()
    if (result.is !== 'authenticated') throw new Error(`login ${i}: ${result.is}`)
    await logins.forgive(result.forgive)
  }
  await times(5, () => tryToLogIn(wrong))
  t.match(await tryToLogIn(), { is: 'wait' }, 'earlier successes are no credit')
})

t.test('S12 a name or password that nobody can have costs nothing', async (t) => {
  const { tryToLogIn, seen } = aDoor()
  for (const attempt of [
    { username: '' },
    { username: 'a\0b' },
    { password: 'x'.repeat(1 << 20) },
    { password: 'a\0b' },
  ]) {
    t.same(await tryToLogIn(attempt), { is: 'refused' })
  }
  t.equal(seen.verified.length, 0)
  t.match(await tryToLogIn(), { is: 'authenticated' })
})

t.test('D1, D2 a flood of names that do not exist: bounded hashes, and the rest waits', async (t) => {
  const { tryToLogIn, seen } = aDoor({ waiting: 20 })
  const results = await times(200, (index) => tryToLogIn({ username: `nobody${index}`, ip: `10.0.0.${index}` }))
  t.equal(seen.atOnce, 2)
  t.equal(seen.verified.length, 22)
  t.equal(results.filter(({ is }) => is === 'busy').length, 178)
})

t.test('S9 a password nobody had time to look at does not count', async (t) => {
  const { tryToLogIn, seen } = aDoor({ waiting: 0 })
  for (let i = 0; i < 10; i++) {
    const strangers = times(2, (index) => tryToLogIn({ username: `stranger ${i} ${index}` }))
    t.same(await times(5, () => tryToLogIn()), Array(5).fill({ is: 'busy', seconds: 2 }))
    await strangers
  }
  t.equal(seen.verified.length, 20)
  for (let i = 0; i < 4; i++) t.match(await tryToLogIn(wrong), { is: 'refused' })
  t.match(await tryToLogIn(), { is: 'authenticated' }, 'the fifth')
})

t.test('S12 a hash of another cost is renewed by the login that can; only then, and never at its cost', async (t) => {
  const { tryToLogIn, logins } = aDoor()
  await tryToLogIn(wrong)
  await tryToLogIn({ username: 'disabled' })
  t.same(logins.rehashed, [])
  t.match(await tryToLogIn(), { is: 'authenticated' })
  const hash = 'hash of correct horse'
  t.same(logins.rehashed, [{ userId: users.alice.id, from: hash, to: hash }])
})

t.test('S12 a login does not fail because its hash cannot be renewed', async (t) => {
  const busy = createPasswords({ concurrency: 1, waiting: 0, random, hasher: aCountingHasher().hasher })
  const logins = aLoginStore(users)
  const passwords: Passwords = {
    ...busy,
    rehash: async () => {
      throw new Busy(2)
    },
  }
  const deps = { logins, passwords, throttle: defaultThrottle, deviceSecrets: [secret] as const }
  const attempt = { username: 'alice', password: 'correct horse', ip: undefined, device: undefined }
  t.match(await logIn(deps, attempt, start), { is: 'authenticated' })
  t.same(logins.rehashed, [])
  const broken: Passwords = { ...busy, rehash: () => Promise.reject(new Error('the store is away')) }
  await t.rejects(logIn({ ...deps, passwords: broken }, attempt, start), Error, 'anything else is not passed over')
})

t.test('buckets are hashes, and no two are the same', async (t) => {
  const keys = [
    { usernameKey: 'a', network: 'b,c', device: undefined },
    { usernameKey: 'a","b', network: 'c', device: undefined },
    { usernameKey: 'a', network: 'b', device: 'c' },
  ].flatMap((suspect) => rounds(defaultThrottle, suspect).flat())
  t.ok(keys.every(({ key }) => key.length === 32))
  t.equal(new Set(keys.map(({ key }) => key.toString('hex'))).size, keys.length)
})

t.test('a wait is never 0 seconds, and a store that forgets a bucket is an error', async (t) => {
  const limit = { attempts: 1, windowSeconds: 10 }
  t.equal(waitOf([limit], [{ points: 1, expiresAt: at(5) }], start), 0)
  t.equal(waitOf([limit], [{ points: 2, expiresAt: start }], start), 1)
  t.equal(
    waitOf(
      [limit, limit],
      [
        { points: 2, expiresAt: at(5) },
        { points: 2, expiresAt: at(7.5) },
      ],
      start,
    ),
    8,
  )
  t.throws(() => waitOf([limit], [], start))
})
