import t from 'tap'
import { later } from '../../src/clock.ts'
import { defaultThrottle, rounds } from '../../src/identity/throttle.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase } from '../support/database.ts'
import { aHash, aSession, aUser, start } from '../support/records.ts'

const { database } = await aDatabase(t)
const stores = createStores(database, { log: { warn: () => {} } })
const { logins } = stores
const times = <T>(count: number, act: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => act(i))
const endless = { attempts: 1_000_000, windowSeconds: 900 }
/** A later round's keys are the greater ones. */
const aKey = (round = 0): Buffer => Buffer.concat([Buffer.of(round), aHash().subarray(1)])

t.test('parallel logins over crossed buckets lose no count and do not wait for each other (S9)', async (t) => {
  const buckets = [aKey(), aKey(), aKey()].map((key) => ({ key, windowSeconds: 60 }))
  const user = await stores.users.create(aUser())
  const attempts = times(60, (i) => (i % 2 ? buckets : [...buckets].reverse()))
  const answers = await Promise.all(attempts.map((order) => logins.attempt(user.username, [order], start)))
  for (const place of [0, 2]) {
    const points = answers
      .map(({ counted }, i) => counted[i % 2 ? place : 2 - place]?.points)
      .sort((a, b) => Number(a) - Number(b))
    t.same(
      points,
      times(60, (i) => i + 1),
    )
  }
  t.ok(answers.every((answer) => answer.user?.id === user.id))
  t.match(await logins.attempt('nobody', [buckets], later(start, 60)), {
    user: undefined,
    counted: [{ points: 1, expiresAt: later(start, 120) }],
  })
})

t.test(
  'S9 rounds that nobody would count, or that could wait for each other, are a mistake of the program',
  async (t) => {
    const round = (rank: number) => [{ key: aKey(rank), windowSeconds: 60 }]
    for (const wrong of [[], [[]], [round(0), round(1), round(2), round(3)], [round(1), round(0)]])
      await t.rejects(logins.attempt('nobody', wrong, start), Error, `${wrong.length}`)
  },
)

t.test('S9 logins and those who take attempts back never wait for each other in a circle', async (t) => {
  const policy = { ...defaultThrottle, guesser: endless, persistent: endless, account: endless, network: endless }
  const suspects = times(8, (i) => ({ usernameKey: `person ${i}`, network: '192.0.2.1', device: undefined }))
  await Promise.all(
    times(16, async (i) => {
      for (const suspect of [...suspects.slice(i % 8), ...suspects, ...suspects]) {
        const asked = rounds(policy, suspect)
        await logins.attempt(suspect.usernameKey, asked, start)
        await logins.forgive(asked.flat().map(({ key }) => key))
      }
    }),
  )
  for (const suspect of suspects) {
    const { counted } = await logins.attempt(suspect.usernameKey, rounds(policy, suspect).slice(1), start)
    t.match(counted[0], { points: 1 }, 'each attempt was taken back')
  }
})

t.test('a login that succeeded takes its own attempt back, and no other', async (t) => {
  const buckets = [[{ key: aKey(), windowSeconds: 60 }]]
  const keys = buckets.flat().map(({ key }) => key)
  const user = await stores.users.create(aUser())
  const attempt = async () => (await logins.attempt(user.username, buckets, start)).counted
  for (const _ of [1, 2, 3]) await attempt()
  await stores.sessions.create(aSession(user.id), aHash(), keys)
  t.match(await attempt(), [{ points: 3 }])
  await logins.forgive(keys)
  t.match(await attempt(), [{ points: 3 }])
  for (const _ of [1, 2, 3, 4, 5]) await logins.forgive(keys)
  t.match(await attempt(), [{ points: 1 }], 'nobody has credit')
  await logins.forgive([aKey()])
})

t.test('an attempt that overflows one round fills no bucket of the next (S9)', async (t) => {
  const first = [{ key: aKey(0), windowSeconds: 60, attempts: 3 }]
  const second = [
    { key: aKey(1), windowSeconds: 60, attempts: 2 },
    { key: aKey(1), windowSeconds: 60, attempts: 9 },
  ]
  const third = [{ key: aKey(2), windowSeconds: 600 }]
  const attempt = async () => (await logins.attempt('nobody', [first, second, third], start)).counted
  const attempts = [await attempt(), await attempt(), await attempt(), await attempt()]
  t.match(attempts, [
    [{ points: 1 }, { points: 1 }, { points: 1 }, { points: 1, expiresAt: later(start, 600) }],
    [{ points: 2 }, { points: 2 }, { points: 2 }, { points: 2 }],
    [{ points: 3 }, { points: 3 }, { points: 3 }],
    [{ points: 4 }],
  ])
  t.same(
    attempts.map(({ length }) => length),
    [4, 4, 3, 1],
  )
  t.match(
    (await logins.attempt('nobody', [second], start)).counted,
    [{ points: 4 }, { points: 4 }],
    'the fourth was not',
  )
  t.match((await logins.attempt('nobody', [third], start)).counted, [{ points: 3 }], 'nor the third')
})

t.test('K7 a network that floods the login with names leaves no more rows than it may try', async (t) => {
  const count = () => database.prisma((prisma) => prisma.loginAttempt.count())
  const before = await count()
  const attempts = defaultThrottle.network.attempts
  await Promise.all(
    times(attempts * 3, (i) =>
      logins.attempt(
        `name ${i}`,
        rounds(defaultThrottle, { usernameKey: `name ${i}`, network: '198.51.100.7', device: undefined }),
        start,
      ),
    ),
  )
  t.equal((await count()) - before, 1 + 3 * attempts)
})

t.test('a new hash of the same password replaces the old one and ends nothing; a new password wins', async (t) => {
  const user = await stores.users.create({ ...aUser(), passwordHash: 'old' })
  const hash = aHash()
  await stores.sessions.create(aSession(user.id), hash, [])
  t.equal(await logins.rehash(user.id, 'old', 'new'), true)
  t.match(await stores.sessions.find(hash, start), { user: { passwordHash: 'new', notBefore: undefined } })
  t.equal(await logins.rehash(user.id, 'old', 'late'), false)
  t.match(await stores.users.find(user.id), { passwordHash: 'new' })

  await stores.users.setPassword(user.id, 'changed', start)
  t.equal(await logins.rehash(user.id, 'new', 'late'), false)
  t.match(await stores.users.find(user.id), { passwordHash: 'changed' })
})
