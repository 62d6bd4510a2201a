import t from 'tap'
import { systemRandom } from '../src/random.ts'

t.test(
  'what is drawn ahead is handed out once, and never changes in the hands of who has it (RFC 6749 §10.10)',
  async (t) => {
    const lengths = [12, 16, 32, 64, 65, 5000]
    const drawn = Array.from({ length: 6000 }, (_, index) => systemRandom.bytes(lengths[index % lengths.length] ?? 0))
    const texts = drawn.map((bytes) => bytes.toString('hex'))

    t.same([...new Set(drawn.map(({ length }) => length))], lengths)
    t.equal(new Set(texts).size, texts.length, 'no two are the same')
    t.equal(new Set(texts.map((text) => text.slice(0, 24))).size, texts.length, 'nor do two begin alike')
    systemRandom.bytes(64).fill(0)
    systemRandom.bytes(4096)
    t.same(
      drawn.map((bytes) => bytes.toString('hex')),
      texts,
    )
  },
)
