import { createHash } from 'node:crypto'
import t from 'tap'
import type { Token } from '../../src/resource-server/index.ts'
import { eventsOf } from '../../src/resource-server/revocations/event-stream.ts'
import { readFeed } from '../../src/resource-server/revocations/feed.ts'
import { createRevocationList } from '../../src/resource-server/revocations/list.ts'
import { createNames, nameOf } from '../../src/resource-server/revocations/names.ts'

const iss = 'https://auth.example'
const aList = (start = 1_000) => {
  const time = { now: start }
  const seconds = () => time.now
  const list = createRevocationList(seconds, 5)
  const apply = (claims: Record<string, unknown>) =>
    list.apply(
      readFeed(
        { iss, max_age: 30, iat: time.now, epoch: 'e', ...claims },
        { issuer: iss, clockTolerance: 600, seconds },
      ),
    )
  return { list, apply, time }
}
const aToken = (more: Partial<Token> = {}): Token => {
  const claims = { iss, sub: 'u', aud: [], client_id: 'c', jti: 'f.1', iat: 900, exp: 2_000, scope: [] }
  return { ...claims, claims, ...more }
}
const family = (...names: readonly string[]) => ({
  family: Object.fromEntries(names.map((name) => [nameOf('family', name), 2_000])),
})

t.test('the name of an identifier is the one that the server writes (docs/revocation-feed.md)', async (t) => {
  t.equal(nameOf('family', '0198'), '61iCGGm3fv9qLPR51idY5A')
  for (let n = 0; n < 200; n++) {
    const bytes = createHash('sha256').update(`user:${n}`).digest().subarray(0, 16)
    t.equal(nameOf('user', String(n)), bytes.toString('base64url'))
  }
  const name = createNames()
  for (let round = 0; round < 2; round++)
    for (let n = 0; n < 25_000; n += 100) t.equal(name('user', `u${n}`), nameOf('user', `u${n}`))
})

t.test('a list is taken by its number and its time, never backwards', async (t) => {
  const { list, apply } = aList()
  t.equal(apply({ seq: 3, after: 2 }), 'gap', 'the first must be a snapshot')
  t.equal(apply({ seq: 3, after: 0, ...family('a') }), 'applied')
  t.equal(apply({ seq: 5, after: 4 }), 'gap', 'number 4 is missing')
  t.equal(apply({ seq: 5, after: 3, ...family('b') }), 'applied')
  t.equal(list.size(), 2, 'a delta adds')
  t.equal(apply({ seq: 4, after: 0, ...family('a') }), 'older', 'a lower number')
  t.equal(apply({ seq: 5, after: 5, iat: 999 }), 'older', 'an earlier time')
  t.equal(apply({ seq: 5, after: 2, ...family('b') }), 'applied', 'the same again')
  t.equal(apply({ seq: 6, after: 5, iat: 990, ...family('c') }), 'applied', 'a server whose clock is behind')
  t.same(list.held(), { epoch: 'e', seq: 6, iat: 1_000, maxAge: 30 }, 'which makes the list neither older nor fresher')
  t.equal(apply({ seq: 1, after: 0, epoch: 'd', iat: 999 }), 'older', 'an earlier epoch that somebody recorded')
  t.equal(apply({ seq: 9, after: 8, epoch: 'g' }), 'gap', 'a delta of an unknown epoch')
  t.ok(list.find(aToken({ jti: 'c.1' }), 'k'))
  t.equal(apply({ seq: 1, after: 0, epoch: 'g', ...family('d') }), 'applied')
  t.notOk(list.find(aToken({ jti: 'c.1' }), 'k'), 'a snapshot replaces')
  t.ok(list.find(aToken({ jti: 'd.1' }), 'k'))
})

t.test('not_before is the first instant that is honoured', async (t) => {
  const { list, apply } = aList()
  const bound = [2_000, 950]
  for (const [number, kinds] of [
    { user: { [nameOf('user', 'u')]: bound } },
    { client: { [nameOf('client', 'c')]: bound } },
    { all: bound },
  ].entries()) {
    t.equal(apply({ seq: number + 1, after: 0, ...kinds }), 'applied')
    t.ok(list.find(aToken({ iat: 949 }), 'k'))
    t.notOk(list.find(aToken({ iat: 950 }), 'k'))
  }
})

t.test('a later entry about the same name replaces the earlier one', async (t) => {
  const { list, apply } = aList()
  const user = nameOf('user', 'u')
  apply({ seq: 1, after: 0, user: { [user]: [2_000, 950, nameOf('session', 's')] } })
  t.notOk(list.find(aToken({ sid: 's' }), 'k'))
  apply({ seq: 2, after: 1, user: { [user]: [2_000, 951] } })
  t.ok(list.find(aToken({ sid: 's' }), 'k'))
})

t.test('what has no family is not looked for among families, and a kind is not another', async (t) => {
  const { list, apply } = aList()
  apply({ seq: 2, after: 0, ...family('f', 'nodot', ''), session: { [nameOf('family', 's')]: 2_000 } })
  t.notOk(list.find(aToken({ jti: 'nodot' }), 'k'))
  t.notOk(list.find(aToken({ jti: '.x' }), 'k'))
  t.notOk(list.find(aToken({ jti: 'x.1', sid: 's' }), 'k'))
  t.ok(list.find(aToken({ jti: 'f.2.retry' }), 'k'))
})

t.test('expired entries are dropped, a part with each list', async (t) => {
  const { list, apply, time } = aList()
  for (let seq = 0; seq < 50; seq++)
    apply({
      seq: seq + 1,
      after: seq,
      token: Object.fromEntries(Array.from({ length: 400 }, (_, n) => [nameOf('token', `${seq}.${n}`), 1_100])),
      all: [1_100, 900],
    })
  t.equal(list.size(), 20_000)
  time.now = 1_104
  apply({ seq: 50, after: 50 })
  t.equal(list.size(), 20_000, 'a token is taken a little after its expiry, so its entry is kept')
  time.now = 1_105
  for (let beat = 0; beat < 34; beat++) apply({ seq: 50, after: 50 })
  t.equal(list.size(), 0)
  t.notOk(list.find(aToken({ iat: 1 }), 'k'), 'all has ended too')
})

t.test('events are read however they are cut (WHATWG HTML §9.2.6)', async (t) => {
  const text = [
    ': a comment\n\n',
    'event: revocations\r\nid: e.1\r\ndata: one\r\n\r\n',
    'event: other\ndata: no\n\n',
    'data: no type\n\n',
    'event:revocations\rdata:two\rdata: lines ü\r\r',
    'event: revocations\n\n',
    'event: revocations\ndata: unfinished',
  ].join('')
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, 1_000]) {
    const chunks = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const found: string[] = []
    for await (const data of eventsOf(chunks(), 'revocations', 1_000)) found.push(data)
    t.same(found, ['one', 'two\nlines ü'], `in pieces of ${size}`)
  }
  const endless = async function* () {
    for (;;) yield Buffer.from('data: and so on')
  }
  await t.rejects(eventsOf(endless(), 'revocations', 1_000).next(), { name: 'RangeError' })
})
