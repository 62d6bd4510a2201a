import t from 'tap'
import { aMember, leftOf, nothingLeft } from '../../support/members.ts'
import { rows } from '../../support/rows.ts'
import { aServer } from '../../support/server.ts'
import type { Visitor } from '../../support/visitor.ts'

const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const app = await server.anApp({ first_party: true })
const fresh = 'a new and longer passphrase'

/** Everybody's here. */
const password = 'correct horse battery staple'
const notMe = async (visitor: Visitor, fields: Record<string, string> = { password }) => {
  await visitor.visit('/account/not-me')
  return visitor.submit('not-me-form', fields, 'not-me-submit')
}
const choose = (visitor: Visitor, password = fresh, again = password) =>
  visitor.submit('new-password-form', { password, password_again: again }, 'new-password-submit')
const isChoosing = (visitor: Visitor) => visitor.at().forms.some(({ id }) => id === 'new-password-form')

t.test('S22 "that was not me" ends everything, here as well, and a new password is chosen right there', async (t) => {
  const ann = await server.aPerson('ann')
  const [here, away] = [await aMember(server, ann, app), await aMember(server, ann, app)]
  t.match((await here.visitor.visit('/account/not-me')).html, '2 devices, 2 logins in apps')
  await notMe(here.visitor)
  t.ok(isChoosing(here.visitor))
  t.notOk(here.visitor.cookies.has('tessera-session'))
  for (const member of [here, away]) t.same(await leftOf(beside, app, member), nothingLeft)

  const done = await choose(here.visitor)
  t.match(done.html, 'Your new password is set')
  t.equal((await here.visitor.send('/account')).status, 401, 'nobody is logged in by that')
  await t.rejects(server.authorize(ann, app), 'the old password is none')
  t.ok((await server.authorize({ ...ann, password: fresh }, app)).to.searchParams.get('code'))
  t.match(await server.stores.users.find(ann.id), { mustChoosePassword: false })
  const events = await server.stores.events.list({ userId: ann.id, limit: 100 })
  t.equal(events.filter(({ detail }) => detail?.reason === 'not_me').length, 1)
})

t.test('until then the old password leads to a new one, and to no session by any way', async (t) => {
  const bob = await server.aPerson('bob')
  const here = await aMember(server, bob, app)
  await notMe(here.visitor)

  const visitor = server.visitor()
  await visitor.visit(server.authorizeUrl(app).url)
  const { username, password } = bob
  const interaction = new URL(visitor.at().url).searchParams.get('interaction')
  await visitor.submit('login-form', { username, password }, 'login-submit')
  t.ok(isChoosing(visitor))
  t.notOk(visitor.cookies.has('tessera-session'), 'there is no session')
  const silent = await visitor.send(server.authorizeUrl(app, { prompt: 'none' }).url)
  t.equal(silent.leaves?.searchParams.get('error'), 'login_required')
  t.match((await visitor.visit(`/consent?interaction=${interaction}`)).url, '/login', 'another tab')
  await visitor.visit('/account')
  await visitor.submit('login-form', { username, password }, 'login-submit')
  t.ok(isChoosing(visitor), 'nor by the account')
  t.equal((await visitor.send('/account')).status, 401)

  const again = await aLogin(visitor, bob)
  t.ok(isChoosing(again))
  t.match((await choose(again, password)).html, 'This is the password you have.')
  t.equal((await choose(again, fresh, `${fresh}.`)).status, 422)
  await choose(again)
  const link = /class="button primary" href="([^"]*)"/.exec(again.at().html)?.[1] ?? ''
  await again.visit(link)
  const back = await again.submit('login-form', { username, password: fresh }, 'login-submit')
  t.ok(back.leaves?.searchParams.get('code'), 'the app that waited gets its answer')
})

const aLogin = async (visitor: Visitor, { username, password }: { username: string; password: string }) => {
  await visitor.visit(server.authorizeUrl(app).url)
  await visitor.submit('login-form', { username, password }, 'login-submit')
  return visitor
}

t.test('S8 a wrong password says nothing about it', async (t) => {
  const cem = await server.aPerson('cem')
  await server.aPerson('dee')
  await notMe((await aMember(server, cem, app)).visitor)
  const wrong = async (username: string) => {
    const visitor = await aLogin(server.visitor(), { username, password: 'wrong password' })
    const { status, html } = visitor.at()
    return {
      status,
      cookies: [...visitor.cookies.keys()],
      html: html.replaceAll(/"[\w-]{40,}"|nonce="[^"]*"|cem|dee/g, ''),
    }
  }
  t.same(await wrong('cem'), await wrong('dee'))
})

t.test('an open browser is not an account: the password is asked for, however fresh the login is', async (t) => {
  const eve = await server.aPerson('eve')
  const { visitor, tokens } = await aMember(server, eve, app)
  await visitor.visit('/account/not-me')
  t.match(visitor.at().forms[0]?.fields, { password: '' })
  const before = await rows(server)
  for (const password of ['', 'wrong password'])
    t.equal((await visitor.submit('not-me-form', { password })).status, 401)
  t.same(await rows(server), before, 'nothing ended')
  t.equal((await server.refresh(app, tokens.refresh_token)).status, 200)
  await visitor.submit('not-me-form', { password: eve.password })
  t.ok(isChoosing(visitor))
})

t.test('the leave to choose is for one browser, ten minutes, and one password', async (t) => {
  const fay = await server.aPerson('fay')
  const { visitor } = await aMember(server, fay, app)
  await notMe(visitor)
  const choice = visitor.cookies.get('tessera-choice') ?? ''
  const refused = async (title: string, other: Visitor, value: string) => {
    other.cookies.set('tessera-choice', value)
    t.equal((await other.send('/account/new-password')).leaves?.pathname, '/account', title)
  }
  const stranger = server.visitor()
  await stranger.visit('/account')
  await refused('another browser', stranger, choice)
  const [, expires = '', mac] = choice.split('.')
  await refused('another person', visitor, [(await server.aPerson('gil')).id, expires, mac].join('.'))
  await refused('a longer time', visitor, [fay.id, Number(expires) + 1, mac].join('.'))
  await refused('nonsense', visitor, 'x')
  visitor.cookies.set('tessera-choice', choice)
  server.clock.advance({ seconds: 599 })
  await visitor.visit('/account/new-password')
  t.ok(isChoosing(visitor), 'the one it was given to')
  server.clock.advance({ seconds: 1 })
  await refused('too late', visitor, choice)

  await aLogin(visitor, fay)
  const used = visitor.cookies.get('tessera-choice') ?? ''
  await choose(visitor)
  await refused('used', visitor, used)
  await aLogin(visitor, { ...fay, password: fresh })
  await notMe(visitor)
  await refused('of the password before', visitor, used)
})
