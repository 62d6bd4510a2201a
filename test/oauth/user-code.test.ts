import fc from 'fast-check'
import t from 'tap'
import { drawUserCode, parseUserCode, userCodeHash, userCodeShown } from '../../src/oauth/device/user-code.ts'
import { systemRandom } from '../../src/random.ts'

const letters = [...'BCDFGHJKLMNPQRSTVWXZ']
const aCode = fc.array(fc.constantFrom(...letters), { minLength: 8, maxLength: 8 }).map((drawn) => drawn.join(''))
/** What people, phones and keyboards put between letters. */
const noise = fc.array(fc.constantFrom('-', ' ', '\t', '–', '‐', '_', '.', '\u00a0', '\u200b', '·', '/'), {
  maxLength: 3,
})

t.test('T20 RFC 8628 §6.1: case, dashes and spaces do not count', async (t) => {
  fc.assert(
    fc.property(
      aCode,
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      fc.array(noise, { minLength: 9, maxLength: 9 }),
      (code, lower, between) => {
        const typed = [...code].map((letter, at) => (lower[at] ? letter.toLowerCase() : letter))
        const text = between.map((some, at) => some.join('') + (typed[at] ?? '')).join('')
        return parseUserCode(text) === code
      },
    ),
  )
  t.equal(parseUserCode('wdjb mjht'), 'WDJBMJHT')
  t.equal(parseUserCode('ＷＤＪＢ－ＭＪＨＴ'), 'WDJBMJHT', 'twice as wide')
})

t.test('T20 whatever is read as a code is one, and is read as itself', async () => {
  const typed = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.constantFrom(...letters, 'A', '0', '-', 'ß', 'ﬀ', 'ı') }),
  )
  fc.assert(
    fc.property(typed, (text) => {
      const code = parseUserCode(text)
      return (
        code === undefined || (/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(code) && parseUserCode(userCodeShown(code)) === code)
      )
    }),
    { numRuns: 2000 },
  )
})

t.test('T20 what is no code', async (t) => {
  for (const typed of [
    '',
    'WDJBMJH',
    'WDJBMJHTT',
    'WDJB-MJHA',
    'WDJB-MJH1',
    'WDJB+MJHT',
    'ЖDJBMJHT',
    `WDJBMJHT${' '.repeat(100)}`,
  ])
    t.equal(parseUserCode(typed), undefined, JSON.stringify(typed))
})

t.test('T20 a code is one of 20^8, each as likely as the other', async (t) => {
  const seen = new Map<string, number>()
  for (let drawn = 0; drawn < 2000; drawn++)
    for (const letter of drawUserCode(systemRandom)) seen.set(letter, (seen.get(letter) ?? 0) + 1)
  t.same([...seen.keys()].sort(), letters)
  // 800 of each are expected, 27.6 is the standard deviation: nine of them are no chance.
  for (const [letter, count] of seen) t.ok(Math.abs(count - 800) < 250, `${letter}: ${count}`)
  // 240 is the first multiple of twenty that is left out: what is drawn past it is drawn again.
  const drawn = [Buffer.from([255, 240, 250, 0, 1, 19, 20, 39]), Buffer.from([239, 0, 0, 0, 0, 0, 0, 0])]
  const random = { ...systemRandom, bytes: () => drawn.shift() ?? Buffer.alloc(8) }
  t.equal(drawUserCode(random), 'BCZBZZBB')
})

t.test('a user code is found under the key it was stored with alone', async (t) => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  t.same(userCodeHash('WDJBMJHT', one), userCodeHash('WDJBMJHT', one))
  t.notSame(userCodeHash('WDJBMJHT', one), userCodeHash('WDJBMJHT', other))
  t.notSame(userCodeHash('WDJBMJHT', one), userCodeHash('WDJBMJHZ', one))
})
