import t from 'tap'
import { createPasswords, newPasswordFault, passwordFault, UnreadableHash } from '../../src/identity/password.ts'
import { Busy } from '../../src/identity/queue.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aCountingHasher } from './people.ts'

t.test('S12 what a password may be', async (t) => {
  const table: [string, string, ReturnType<typeof passwordFault>][] = [
    ['eight characters', '12345678', undefined],
    ['seven characters', '1234567', 'too_short'],
    ['eight of two code units', '𝒜'.repeat(8), undefined],
    ['seven of two code units', '𝒜'.repeat(7), 'too_short'],
    ['64 characters', 'x'.repeat(64), undefined],
    ['1 KiB', 'x'.repeat(1024), undefined],
    ['1 KiB and one', 'x'.repeat(1025), 'too_long'],
    ['1 KiB and one in UTF-8', 'é'.repeat(513), 'too_long'],
    ['10 000 code points', '𝒜'.repeat(10_000), 'too_long'],
    ['1 MiB', 'x'.repeat(1 << 20), 'too_long'],
    ['NUL', 'correct\0horse', 'unusable_character'],
    ['a lone surrogate', 'correct\ud800horse', 'unusable_character'],
  ]
  for (const [what, password, fault] of table) t.equal(newPasswordFault(password), fault, what)
  t.equal(passwordFault('short'), undefined, 'the shortest length is for new passwords only')
})

t.test('argon2id at its stated cost; every spelling of a password is the same (S12)', async (t) => {
  const passwords = createPasswords({ concurrency: 1, random })
  const hash = await passwords.hash('Crème brûlée ①')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(hash, await passwords.hash('Crème brûlée ①'), 'salted')
  for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'])
    t.ok(await passwords.verify(hash, 'Crème brûlée ①'.normalize(form)), form)
  t.notOk(await passwords.verify(hash, 'crème brûlée ①'))
  t.notOk(
    await passwords.verify(undefined, 'Crème brûlée ①'),
    'the dummy is a hash that argon2 reads, and nobody matches',
  )
})

t.test('S8 a stored hash that is none is refused after the same work, and is no secret to the log', async (t) => {
  for (const hash of ['', 'x', '$argon2id$x', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=19456,t=2,p=1$$']) {
    const passwords = createPasswords({ concurrency: 1, random })
    await t.rejects(passwords.verify(hash, 'correct horse'), UnreadableHash, hash)
    t.equal(await passwords.verify(await passwords.hash('correct horse'), 'correct horse'), true, 'the queue goes on')
  }
  const { hasher, seen } = aCountingHasher()
  const broken = createPasswords({
    concurrency: 1,
    random,
    hasher: {
      ...hasher,
      verify: (hash, password) => (hash === 'x' ? Promise.reject(new TypeError('x')) : hasher.verify(hash, password)),
    },
  })
  await t.rejects(broken.verify('x', 'correct horse'), UnreadableHash)
  t.equal(seen.verified.length, 1, 'the dummy was looked at instead')
})

t.test('a password is hashed again where its hash has another cost, however short it is (S12)', async (t) => {
  const passwords = createPasswords({ concurrency: 1, random })
  const hash = await passwords.hash('Crème brûlée ①')
  t.equal(await passwords.rehash(hash, 'Crème brûlée ①'), undefined)
  for (const old of [hash.replace('t=2', 't=1'), hash.replace('m=19456', 'm=4096'), hash.replace('2id', '2i')]) {
    const fresh = (await passwords.rehash(old, 'cre\u0300me')) ?? ''
    t.match(fresh, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    t.ok(await passwords.verify(fresh, 'crème'))
  }
})

t.test('S12 what is too long or holds NUL is refused before it is hashed', async (t) => {
  const { hasher, seen } = aCountingHasher()
  const passwords = createPasswords({ concurrency: 1, random, hasher })
  for (const password of ['x'.repeat(1 << 20), 'correct\0horse']) {
    t.equal(await passwords.verify('hash of x', password), false)
    t.equal(await passwords.verify(undefined, password), false)
    await t.rejects(passwords.hash(password), RangeError)
  }
  await t.rejects(passwords.hash('short'), RangeError)
  t.same(seen, { atOnce: 0, verified: [] })
})

t.test('S8 without a hash one of the same cost is verified', async (t) => {
  const { hasher, seen } = aCountingHasher()
  await createPasswords({ concurrency: 1, random, hasher }).verify(undefined, 'correct horse')
  t.match(seen.verified, [/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/])
})

t.test('D1 200 at once: no more hash than may, none is lost, and beyond the queue it is Busy', async (t) => {
  const { hasher, seen } = aCountingHasher()
  const passwords = createPasswords({ concurrency: 2, waiting: 50, random, hasher })
  const results = await Promise.allSettled(Array.from({ length: 200 }, () => passwords.verify('hash of x', 'x')))
  const refused = results.filter((result) => result.status === 'rejected')
  t.equal(seen.atOnce, 2)
  t.equal(results.length - refused.length, 52)
  t.ok(refused.every(({ reason }) => reason instanceof Busy && reason.retryAfterSeconds > 0))
  t.equal(await passwords.verify('hash of x', 'x'), true, 'and then there is room again')
})

t.test('a hash that fails gives its place back', async (t) => {
  const broken = { ...aCountingHasher().hasher, verify: () => Promise.reject(new Error('broken')) }
  const passwords = createPasswords({ concurrency: 1, random, hasher: broken })
  for (let i = 0; i < 3; i++) await t.rejects(passwords.verify('h', 'x'), { message: 'broken' })
  t.ok(await passwords.hash('correct horse'))
})
