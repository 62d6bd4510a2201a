import t from 'tap'
import { createProofMemory } from '../../src/resource-server/sender-constraint/proof-memory.ts'

t.test('K7 used proofs are known for two minutes at least, and the memory has an end', async (t) => {
  let now = 1000
  const memory = createProofMemory(() => now, 3)
  const first = (id: string) => memory.first(id, new Date(0))
  t.equal(first('a'), true)
  now += 119
  t.equal(first('b'), true)
  t.equal(first('a'), false)
  now += 1
  t.equal(first('b'), false, 'in the older generation')
  now += 119
  t.equal(first('b'), false)
  now += 1
  t.equal(first('b'), true, 'forgotten after it was too old for any guard')
  t.equal(first('c'), true)
  t.equal(first('d'), true)
  t.throws(() => first('e'), { name: 'ProofsFull' }, 'what could not be told from a replay does not pass')
  t.equal(first('d'), false)
  now += 500
  t.equal(first('e'), true)
})
