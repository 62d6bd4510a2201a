import { createHash } from 'node:crypto'
import t from 'tap'
import { administratorLinkHash, newAdministratorLink } from '../../src/identity/administrator.ts'
import { newSession, renewedSession, sessionHash, touched } from '../../src/identity/session.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aSession, at, start } from './people.ts'

const policy = { idle: 1000, absolute: 5000, touchEvery: 60 }
const login = { userId: aSession().userId, amr: ['pwd'], acr: '1', ip: '192.0.2.1', userAgent: 'a browser' }
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

t.test('S2 a new session: 256 random bits in the cookie, their hash in the table', async (t) => {
  const { token, tokenHash, session } = newSession(login, policy, random, start)
  t.match(token, /^tss_[\w-]{43}$/)
  t.same(tokenHash, sha256(token))
  t.notOk(JSON.stringify(session).includes(token.slice(4)), 'the session does not hold it')
  t.match(session, {
    ...login,
    authenticatedAt: start,
    lastUsedAt: start,
    idleExpiresAt: at(1000),
    absoluteExpiresAt: at(5000),
  })
  t.not(newSession(login, policy, random, start).session.id, session.id)
})

t.test('S1 a login in a session that exists: a new cookie, a new instant, the same absolute end', async (t) => {
  const once = newSession(login, policy, random, start)
  const again = renewedSession(once.session, { amr: ['pwd', 'otp'], acr: '2' }, policy, random, at(4500))
  t.not(again.token, once.token)
  t.same(again.tokenHash, sha256(again.token))
  t.same(again.session, { amr: ['pwd', 'otp'], acr: '2', authenticatedAt: at(4500), idleExpiresAt: at(5000) })
})

t.test('S22 idle expiry slides, at most once a minute, and never past the absolute one', async (t) => {
  const table: [number, Date | undefined][] = [
    [59, undefined],
    [60, at(1060)],
    [900, at(1900)],
    [4500, at(5000)],
  ]
  for (const [second, expected] of table) t.same(touched(aSession(), policy, at(second)), expected, `second ${second}`)
  t.same(newSession(login, { ...policy, idle: 9000 }, random, start).session.idleExpiresAt, at(5000))
})

t.test('junk is not looked up', async (t) => {
  const valid = 'A'.repeat(43)
  t.same(sessionHash(`tss_${valid}`), sha256(`tss_${valid}`))
  t.same(administratorLinkHash(`tal_${valid}`), sha256(`tal_${valid}`))
  for (const junk of [undefined, '', 'tss_', `tss_${valid}A`, `tss_${valid}\n`, `x${valid}`, `tss_${'+'.repeat(43)}`]) {
    t.equal(sessionHash(junk), undefined, String(junk))
    t.equal(administratorLinkHash(junk), undefined, String(junk))
  }
  t.equal(administratorLinkHash(`tss_${valid}`), undefined, 'one kind is not taken for another')
})

t.test('the link of the first administrator lives a day and is stored hashed', async (t) => {
  const { token, hash, createdAt, expiresAt } = newAdministratorLink(random, start)
  t.same([createdAt, expiresAt], [start, at(86_400)])
  t.same(hash, sha256(token))
  t.same(administratorLinkHash(token), hash)
})
