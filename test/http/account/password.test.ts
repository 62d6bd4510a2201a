import t from 'tap'
import { allLeft, aMember, leftOf, nothingLeft } from '../../support/members.ts'
import { rows } from '../../support/rows.ts'
import { aServer } from '../../support/server.ts'
import type { Visitor } from '../../support/visitor.ts'

const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const app = await server.anApp()
const fresh = 'a new and longer passphrase'

const change = async (visitor: Visitor, current: string, password = fresh, again = password) => {
  await visitor.visit('/account/password')
  return visitor.submit('password-form', { current, password, password_again: again }, 'password-submit')
}

t.test('S1 S22 a new password: this session under a new id, everything else ends', async (t) => {
  const ann = await server.aPerson('ann')
  const [here, away] = [await aMember(server, ann, app), await aMember(server, ann, app)]
  const before = new Map(here.visitor.cookies)
  const page = await change(here.visitor, ann.password)
  t.match(page.html, 'Your password is changed.')
  t.not(here.visitor.cookies.get('tessera-session'), before.get('tessera-session'))
  const thief = server.visitor()
  for (const [name, value] of before) thief.cookies.set(name, value)
  t.equal((await thief.send('/account')).status, 401, 'the id from before is nobody')
  t.same(await leftOf(beside, app, away), nothingLeft)
  t.same(await leftOf(beside, app, here), allLeft)

  await t.rejects(server.authorize(ann, app), 'the old password is none')
  t.ok((await server.authorize({ ...ann, password: fresh }, app)).to.searchParams.get('code'))
})

t.test('what is wrong with a new password is said, and nothing is changed', async (t) => {
  const bob = await server.aPerson('bob')
  const { visitor } = await aMember(server, bob, app)
  const [before, cookies] = [await rows(server), new Map(visitor.cookies)]
  const cases: readonly (readonly [string, Parameters<typeof change>[1], string, string, number])[] = [
    ['wrong', 'wrong password', fresh, fresh, 401],
    ['empty', '', fresh, fresh, 401],
    ['too short', bob.password, 'short', 'short', 422],
    ['too long', bob.password, 'x'.repeat(1025), 'x'.repeat(1025), 422],
    ['twice, but different', bob.password, fresh, `${fresh}.`, 422],
    ['the same', bob.password, bob.password, bob.password, 422],
  ]
  for (const [title, current, password, again, status] of cases) {
    const page = await change(visitor, current, password, again)
    t.equal(page.status, status, title)
    t.match(page.html, 'role="alert"', title)
    t.notMatch(page.html, fresh, `${title}: no password is sent back`)
  }
  t.same(await rows(server), before)
  t.same(visitor.cookies, cookies)
  t.ok((await server.authorize(bob, app)).to.searchParams.get('code'))
})

t.test('S12 the old password is guessed no faster than at a login, also from a stolen session', async (t) => {
  const cem = await server.aPerson('cem')
  const { visitor } = await aMember(server, cem, app)
  for (const name of visitor.cookies.keys()) if (name.endsWith('device')) visitor.cookies.delete(name)
  for (const _ of [1, 2, 3, 4, 5]) t.equal((await change(visitor, 'wrong password')).status, 401)
  const page = await change(visitor, cem.password)
  t.equal(page.status, 429)
  t.ok(Number(page.headers.get('retry-after')) > 0)
  t.match(page.html, 'There were too many attempts.')
})

t.test('a stored hash that is none is a wrong password, and somebody is told', async (t) => {
  const dee = await server.aPerson('dee')
  await server.stores.users.setPassword(dee.id, 'not a hash', server.clock.now())
  const visitor = server.visitor()
  await visitor.visit('/account')
  const { username, password } = dee
  const page = await visitor.submit('login-form', { username, password }, 'login-submit')
  t.equal(page.status, 401)
  t.match(page.html, 'The username or password is not right.')
  const alarm = server
    .log()
    .split('\n')
    .find((line) => line.includes('a stored password hash cannot be read'))
  t.match(JSON.parse(alarm ?? '{}'), { event: 'alarm', user_id: dee.id })
})
