import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { Busy, type Outbound, Refused } from '../../../src/http/outbound/index.ts'
import { createRemoteKeys } from '../../../src/http/outbound/remote-keys.ts'
import { aClock } from '../../support/clock.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' }
const uri = 'https://keys.example/jwks'

/** @param read in the door's place */
const aReader = (read: Outbound['get']) => {
  const reasons: string[] = []
  const clock = aClock()
  const log = { warn: ({ reason }: { readonly reason: string }) => void reasons.push(reason) }
  const keys = createRemoteKeys({ clock, log, outbound: { get: read } })
  return { clock, reasons, keys, get: (uri: string, refetch = false) => keys.get(uri, { refetch, mayUseNamed: true }) }
}

t.test('what is no key in a set is left out (RFC 7517 §5)', async (t) => {
  const document = { keys: [key, 'x', null, { kid: 'no kty' }, { kty: 'none' }], more: 1 }
  t.same(await aReader(async () => JSON.stringify(document)).get(uri), [key])
})

t.test('D8 of a set no more is kept than verifies signatures: twenty keys, and what makes a key', async (t) => {
  const junk = Array.from({ length: 500 }, () => ({ kty: 1 }))
  const many = Array.from({ length: 30 }, (_, index) => ({ ...key, kid: String(index), more: 'x'.repeat(100) }))
  const read = async () => JSON.stringify({ keys: [...junk, ...many] })
  const kept = many.slice(0, 20).map(({ more: _, ...known }) => known)
  t.strictSame(await aReader(read).get(uri), kept)
})

t.test('T6 who publishes a private key has published no key', async (t) => {
  const keys = [{ ...pair.privateKey.export({ format: 'jwk' }), kid: 'private' }, key]
  t.same(await aReader(async () => JSON.stringify({ keys })).get(uri), [key])
})

t.test('what is no key set gives none, and the log says why', async (t) => {
  for (const [text, reason] of [
    ['{', 'it is not JSON'],
    ['', 'it is not JSON'],
    ['[]', 'it is not a key set'],
    ['null', 'it is not a key set'],
    ['{"keys":{}}', 'it is not a key set'],
  ] as const) {
    const { get, reasons } = aReader(async () => text)
    t.equal(await get(uri), undefined, text)
    t.same(reasons, [reason])
  }
})

t.test('a set is kept five minutes, and read again for an unknown kid after thirty seconds', async (t) => {
  let reads = 0
  const read = async () => JSON.stringify({ keys: [{ ...key, kid: String(++reads) }] })
  const { get, clock } = aReader(read)
  const kid = async (refetch: boolean) => (await get(uri, refetch))?.[0]?.kid

  t.equal(await kid(false), '1')
  clock.advance({ seconds: 29 })
  t.equal(await kid(true), '1', 'cooling down')
  clock.advance({ seconds: 1 })
  t.equal(await kid(false), '1', 'fresh')
  t.equal(await kid(true), '2')
  t.equal(await kid(true), '2', 'cooling down again')
  clock.advance({ seconds: 299 })
  t.equal(await kid(false), '2')
  clock.advance({ seconds: 1 })
  t.equal(await kid(false), '2', 'read meanwhile')
  t.equal(await kid(false), '3')
  clock.advance({ seconds: 600 })
  t.equal(await kid(false), '4', 'too old')
})

t.test('a reading that failed is not repeated for thirty seconds, and takes nothing away', async (t) => {
  let fails = true
  let reads = 0
  const read = async () => {
    reads++
    if (fails) throw new Refused('it cannot be reached')
    return JSON.stringify({ keys: [key] })
  }
  const { get, clock, reasons } = aReader(read)
  t.equal(await get(uri), undefined)
  t.equal(await get(uri), undefined)
  t.equal(reads, 1)
  fails = false
  clock.advance({ seconds: 30 })
  t.same(await get(uri), [key])
  fails = true
  clock.advance({ seconds: 30 })
  t.same(await get(uri, true), [key], 'the keys that were known still are')
  t.equal(reads, 3)
  clock.advance({ seconds: 3569 })
  t.same(await get(uri), [key], 'nor after most of an hour')
  t.equal(reads, 4)
  clock.advance({ seconds: 1 })
  t.equal(await get(uri), undefined, 'but no longer')
  t.equal(reads, 4, 'cooling down')
  t.same(reasons, Array(3).fill('it cannot be reached'))
  await t.rejects(aReader(() => Promise.reject(new Error('a bug'))).get(uri), { message: 'a bug' })
})

t.test('D8 requests of one moment share one reading', async (t) => {
  let reads = 0
  let answer = (_text: string) => {}
  const { get } = aReader(() => {
    reads++
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  const shared = Array.from({ length: 50 }, () => get(uri, true))
  answer(JSON.stringify({ keys: [key] }))
  t.same(await Promise.all(shared), Array(50).fill([key]))
  t.equal(reads, 1)
})

t.test('D8 who was turned away because too much was under way may come again at once', async (t) => {
  let busy = true
  const { get, clock, reasons } = aReader(async () => {
    if (busy) throw new Busy('too many requests are under way')
    return JSON.stringify({ keys: [key] })
  })
  t.equal(await get(uri), undefined)
  t.match(reasons, ['too many requests are under way'])
  busy = false
  t.same(await get(uri), [key])
  busy = true
  clock.advance({ seconds: 900 })
  t.same(await get(uri), [key], 'and keeps what was known')
})

t.test('D8 the sets of clients that registered themselves crowd out none of an operator', async (t) => {
  const asked: string[] = []
  const { keys } = aReader(async (uri) => {
    asked.push(uri)
    return JSON.stringify({ keys: [key] })
  })
  const own = () => keys.get(uri, { refetch: false, mayUseNamed: true })
  t.same(await own(), [key])
  for (let at = 0; at < 500; at++) await keys.get(`${uri}/${at}`, { refetch: false, mayUseNamed: false })
  t.equal(asked.length, 501)
  t.same(await own(), [key])
  t.equal(asked.length, 501, 'from memory')
  await keys.get(uri, { refetch: false, mayUseNamed: false })
  t.equal(asked.length, 502, 'which is for nobody else')
})

t.test('what fails while nobody waits for it is in the log', async (t) => {
  let fails = false
  const { get, clock, reasons } = aReader(async () => {
    if (fails) throw new Error('a bug')
    return JSON.stringify({ keys: [key] })
  })
  await get(uri)
  fails = true
  clock.advance({ seconds: 300 })
  t.same(await get(uri), [key])
  await new Promise(setImmediate)
  t.same(reasons, ['Error: a bug'])
})
