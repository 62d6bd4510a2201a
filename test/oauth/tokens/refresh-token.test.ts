import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { mintRefreshToken, parseRefreshToken } from '../../../src/oauth/tokens/refresh-token.ts'

const key = { id: '0a1b2c3d', secret: randomBytes(32) }
const find = (id: string) => (id === key.id ? key : undefined)
const generation = fc.nat({ max: 0xffffffff })

t.test('a refresh token says its family and generation, and nothing else does', async (t) => {
  fc.assert(
    fc.property(fc.uuid(), generation, (familyId, generation) => {
      const token = mintRefreshToken(key, { familyId, generation })
      t.same(parseRefreshToken(token, find), { familyId, generation })
      t.match(token, /^tsr_[\w-]{76}$/)
    }),
    { numRuns: 200 },
  )
})

t.test('one changed character makes it junk', async () => {
  fc.assert(
    fc.property(
      fc.uuid(),
      generation,
      fc.nat({ max: 79 }),
      fc.constantFrom(...'Aa0-_z.= '),
      (familyId, generation, at, put) => {
        const token = mintRefreshToken(key, { familyId, generation })
        fc.pre(token[at] !== put)
        return parseRefreshToken(token.slice(0, at) + put + token.slice(at + 1), find) === undefined
      },
    ),
    { numRuns: 500 },
  )
})

t.test('anything that was not minted here is junk', async (t) => {
  const foreign = mintRefreshToken(
    { ...key, secret: randomBytes(32) },
    { familyId: crypto.randomUUID(), generation: 1 },
  )
  const unknownKey = mintRefreshToken({ ...key, id: 'ffffffff' }, { familyId: crypto.randomUUID(), generation: 1 })
  const good = mintRefreshToken(key, { familyId: crypto.randomUUID(), generation: 1 })
  for (const junk of ['', 'tsr_', foreign, unknownKey, `${good}=`, ` ${good}`, good.slice(4), good.slice(0, -1)])
    t.equal(parseRefreshToken(junk, find), undefined, junk)
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => parseRefreshToken(text, find) === undefined))
})
