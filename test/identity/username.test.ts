import fc from 'fast-check'
import t from 'tap'
import { parseUsername } from '../../src/identity/username.ts'

t.test('S12 spellings of one name have one key', async (t) => {
  const table: [string, string, string][] = [
    ['Alice', 'Alice', 'alice'],
    ['  alice ', 'alice', 'alice'],
    ['Ａlice', 'Ａlice', 'alice'],
    ['Rene\u0301', 'Ren\u00e9', 'ren\u00e9'],
    ['ﬁn', 'ﬁn', 'fin'],
    ['ϓ', 'ϓ', 'ύ'],
    ['김철수', '김철수', '김철수'],
    ['alice@example.com', 'alice@example.com', 'alice@example.com'],
  ]
  for (const [text, display, key] of table)
    t.same(parseUsername(text), { display: display.normalize('NFC'), key }, text)
})

t.test('what is no name is refused', async (t) => {
  const refused = [
    '',
    '   ',
    'a\0b',
    'a\nb',
    'a\u200bb',
    'a\u202eb',
    '\ud800',
    'a'.repeat(129),
    'a'.repeat(1 << 20),
    'ﷺ'.repeat(128),
  ]
  for (const text of refused) t.equal(parseUsername(text), undefined, JSON.stringify(text.slice(0, 10)))
  t.ok(parseUsername('a'.repeat(128)))
  t.ok(parseUsername('𝒜'.repeat(128)), 'characters are counted, not code units')
})

t.test('the key is stable: its own key, and that of every other spelling', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (text) => {
      const name = parseUsername(text)
      if (!name) return
      const keys = [name.display, name.key, text.normalize('NFD'), text.normalize('NFC'), ` ${text}`].map(
        (spelling) => parseUsername(spelling)?.key,
      )
      if (keys.some((key) => key !== name.key)) throw new Error(JSON.stringify({ name, keys }))
    }),
    { numRuns: 2000 },
  )
})
