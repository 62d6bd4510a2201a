import t from 'tap'
import { later } from '../../src/clock.ts'
import {
  activeKey,
  defaultRotation,
  due,
  type KeyStatus,
  nextChange,
  publishedKeys,
  type Scheduled,
  statusAt,
  succession,
} from '../../src/keys/schedule.ts'
import { day, start } from './memory.ts'

const at = (seconds: number): Date => later(start, seconds)
const aKey = (key: Partial<Scheduled>): Scheduled => ({
  kid: 'k',
  alg: 'RS256',
  activatesAt: start,
  retiresAt: undefined,
  goneAt: undefined,
  ...key,
})

t.test('K1 the life of a key, instant by instant', async (t) => {
  const key = aKey({ activatesAt: at(10), retiresAt: at(20), goneAt: at(30) })
  const table: [number, KeyStatus][] = [
    [9, 'next'],
    [10, 'active'],
    [19, 'active'],
    [20, 'retired'],
    [29, 'retired'],
    [30, 'gone'],
  ]
  for (const [second, status] of table) t.equal(statusAt(key, at(second)), status, `second ${second}`)
  t.equal(statusAt(aKey({}), at(100 * day)), 'active', 'a key without a successor serves on')
})

t.test('K1 an ordered rotation publishes first, signs then, and outlives every token', async (t) => {
  const policy = { publishAhead: day, serve: 90 * day, longestToken: 3600, skew: 60 }
  const { activatesAt, retiresAt, goneAt } = succession(start, policy)
  const old = aKey({ kid: 'old', retiresAt, goneAt })
  const next = aKey({ kid: 'new', activatesAt })
  const names = (now: Date): string[] => publishedKeys([next, old], now).map((key) => key.kid)

  t.equal(activeKey([old, next], 'RS256', at(day - 1))?.kid, 'old')
  t.same(names(at(day - 1)), ['old', 'new'])
  t.equal(activeKey([old, next], 'RS256', at(day))?.kid, 'new', 'no instant without a signer')
  t.same(names(at(day)), ['new', 'old'])
  t.same(names(at(day + 3600 + 59)), ['new', 'old'], 'the last token it signed may still be alive')
  t.same(names(at(day + 3600 + 60)), ['new'])
})

t.test('every server chooses the same of two active keys', async (t) => {
  const [a, b, older] = [aKey({ kid: 'a' }), aKey({ kid: 'b' }), aKey({ kid: '0', activatesAt: at(-1) })]
  t.equal(activeKey([older, b, a], 'RS256', start)?.kid, 'a')
  t.equal(activeKey([a, older, b], 'RS256', start)?.kid, 'a')
  t.equal(activeKey([a], 'ES256', start), undefined, 'a key signs with its own algorithm only')
})

t.test('a successor is due once, when the active key has served', async (t) => {
  const keys = [aKey({}), aKey({ kid: 'e', alg: 'ES256', activatesAt: at(day) })]
  t.same(due(keys, at(90 * day - 1), defaultRotation), [])
  t.same(due(keys, at(90 * day), defaultRotation), ['RS256'])
  const scheduled = [aKey({ retiresAt: at(91 * day) }), aKey({ kid: 'n', activatesAt: at(91 * day) })]
  t.same(due(scheduled, at(90 * day), defaultRotation), [])
})

t.test('the next change is the earliest instant to come', async (t) => {
  const keys = [aKey({ retiresAt: at(20), goneAt: at(30) }), aKey({ activatesAt: at(10) })]
  t.same(nextChange(keys, start), at(10))
  t.same(nextChange(keys, at(10)), at(20))
  t.equal(nextChange(keys, at(30)), undefined)
})
