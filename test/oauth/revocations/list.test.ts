import { createHash } from 'node:crypto'
import t from 'tap'
import { revocationName } from '../../../src/oauth/revocations/entry.ts'
import { createActiveList, feedClaims } from '../../../src/oauth/revocations/list.ts'
import { anAct, at, second, start } from './memory.ts'

const aList = (...acts: readonly ReturnType<typeof anAct>[]) => {
  const list = createActiveList()
  list.enter(acts)
  return list
}

t.test('each kind has its value, under a name that nobody reads an identifier from', async (t) => {
  const list = aList(
    anAct(1, { kind: 'family', subject: 'a' }),
    anAct(2, { kind: 'session', subject: 'a' }),
    anAct(3, { kind: 'token', subject: 'a' }),
    anAct(4, { kind: 'user', subject: 'a', sparedSessionId: 'mine' }),
    anAct(5, { kind: 'user', subject: 'b' }),
    anAct(6, { kind: 'client', subject: 'a' }),
    anAct(7, { kind: 'key', subject: 'a' }),
    anAct(8, { kind: 'all', subject: '' }),
  )
  const name = (text: string) => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
  const [expiry, notBefore] = [second(600), second(2)]
  t.same(list.after(0, start), {
    family: { [name('family:a')]: expiry },
    session: { [name('session:a')]: expiry },
    token: { [name('token:a')]: expiry },
    user: { [name('user:a')]: [expiry, notBefore, name('session:mine')], [name('user:b')]: [expiry, notBefore] },
    client: { [name('client:a')]: [expiry, notBefore] },
    key: { [name('key:a')]: expiry },
    all: [expiry, notBefore],
  })
  t.equal(name('family:a').length, 22)
  t.same(list.after(6, start), { key: { [name('key:a')]: expiry }, all: [expiry, notBefore] }, 'what came after')
  t.same(list.after(8, start), {})
  const known = { issuer: 'https://as.example', epoch: 'e', seq: 8, after: 7, iat: start, maxAge: 30 }
  t.same(
    Object.entries(feedClaims(known, list.after(7, start))),
    Object.entries({
      iss: 'https://as.example',
      iat: second(0),
      epoch: 'e',
      seq: 8,
      after: 7,
      max_age: 30,
      all: [expiry, notBefore],
    }),
    'a kind without entries is absent',
  )
})

t.test('what has expired is not told, and its memory is given back', async (t) => {
  const list = aList(anAct(1, { expiresAt: at(10) }), anAct(2, { expiresAt: at(20) }))
  const only = { family: { [revocationName('family', 'f2')]: second(20) } }
  t.same(list.after(0, at(10)), only)
  t.ok(revocationName('family', 'f1') in (list.after(0, at(9)).family ?? {}), 'and not earlier')
  t.equal(list.size(), 2)
  list.forget(at(10))
  t.equal(list.size(), 1)
  t.same(list.after(0, start), only)
  t.same(list.after(0, at(20)), {})
  t.same(createActiveList().after(0, start), {})
  t.equal(aList(anAct(1, { expiresAt: new Date(at(10).getTime() + 1) })).after(0, at(10)).family !== undefined, true)
})

t.test('a later entry about the same name says what the earlier still says', async (t) => {
  const name = revocationName('user', 'a')
  const user = { kind: 'user', subject: 'a' } as const
  const list = aList(
    anAct(1, { ...user, expiresAt: at(900), notBefore: at(2), sparedSessionId: 'one' }),
    anAct(2),
    anAct(3, { ...user, expiresAt: at(60), notBefore: at(32), sparedSessionId: 'two' }),
  )
  const value = [second(900), second(32), revocationName('session', 'two')]
  t.same(list.after(0, start).user, { [name]: value })
  t.same(list.after(2, start).user, { [name]: value }, 'in a delta, too: the verifier replaces what it held')
  list.enter([anAct(4, { ...user, expiresAt: at(60), notBefore: at(30) })])
  t.same(list.after(3, start).user, { [name]: [second(900), second(32)] }, 'clocks of servers differ: no earlier bound')
  t.same(list.after(0, at(899)).user, { [name]: [second(900), second(32)] })
  list.forget(at(61))
  t.same(list.after(0, at(61)).user, { [name]: [second(900), second(32)] })
  list.forget(at(900))
  t.equal(list.size(), 0)
})
