import t from 'tap'
import { createQuota, userCodeQuota } from '../../src/identity/quota.ts'
import { at, start } from './people.ts'

const policy = { network: { attempts: 3, windowSeconds: 600 }, browser: { attempts: 2, windowSeconds: 600 } }
const visit = (network: string, browser?: string) => ({ network, browser })

t.test('D6 a network may leave so many behind, whatever its browsers; another is not concerned', async (t) => {
  const quota = createQuota(policy)
  const taken = ['a', undefined, 'b', undefined, 'c'].map((browser) => quota.take(visit('n', browser), start))
  t.same(taken, [0, 0, 0, 600, 600])
  t.equal(quota.take(visit('n'), at(599.5)), 1, 'what was refused did not lengthen it')
  t.equal(quota.take(visit('m'), start), 0)
  t.equal(quota.take(visit('n'), at(600)), 0)
})

t.test('D6 a browser that begins again and again does not use up its network', async (t) => {
  const quota = createQuota(policy)
  const taken = Array.from({ length: 5 }, (_, index) => quota.take(visit('n', 'a'), at(index)))
  t.same(taken, [0, 0, 598, 597, 596])
  t.equal(quota.take(visit('n', 'b'), at(5)), 0)
  t.equal(quota.take(visit('n', 'b'), at(5)), 595)
})

t.test('D6 an app is counted like a browser, and where no network is named only the app is', async (t) => {
  const quota = createQuota({
    network: { attempts: 2, windowSeconds: 60 },
    client: { attempts: 3, windowSeconds: 600 },
  })
  const taken = ['n', 'n', 'n', 'm', 'o', undefined].map((network) => quota.take({ network, client: 'app' }, start))
  t.same(taken, [0, 0, 60, 0, 600, 600])
  t.equal(quota.take({ network: undefined, client: 'other' }, start), 0)
})

t.test('D6 what is finished does not count, and nobody has credit', async (t) => {
  const quota = createQuota(policy)
  for (let i = 0; i < 10; i++) {
    t.equal(quota.take(visit('n', 'a'), start), 0)
    quota.giveBack(visit('n', 'a'), start)
    quota.giveBack(visit('n', 'a'), start)
    quota.giveBack(visit('never seen'), start)
  }
  t.same(
    [0, 0, 600].map(() => quota.take(visit('n', 'a'), start)),
    [0, 0, 600],
  )
  quota.giveBack(visit('n', 'a'), at(600))
  t.equal(quota.take(visit('n', 'a'), at(600)), 0, 'nor does it reach into the next window')
})

t.test('K7 however many networks there are, so many are remembered', async (t) => {
  const quota = createQuota(policy, 10)
  for (let i = 0; i < 4; i++) quota.take(visit('n'), start)
  t.not(quota.take(visit('n'), start), 0)
  for (let i = 0; i < 10; i++) quota.take(visit(`network ${i}`), start)
  t.equal(quota.take(visit('n'), start), 0)
})

t.test(
  'T20 RFC 8628 §5.1: past a thousand wrong codes a minute everybody waits, whatever was forgotten of others',
  async (t) => {
    const { attempts, windowSeconds } = userCodeQuota.all
    const quota = createQuota(userCodeQuota, 10)
    const guess = (from: string) => ({ network: from, site: undefined, browser: from, all: 'guesses' })
    const taken = Array.from({ length: attempts }, (_, index) => quota.take(guess(`network ${index}`), start))
    t.same(new Set(taken), new Set([0]))
    t.equal(quota.take(guess('another'), start), windowSeconds)
    // A right one is no guess.
    quota.giveBack(guess('another'), start)
    t.equal(quota.take(guess('another'), start), 0)
    t.equal(quota.take(guess('one more'), at(windowSeconds)), 0)
  },
)
