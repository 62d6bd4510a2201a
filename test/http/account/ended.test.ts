import t from 'tap'
import { aMember } from '../../support/members.ts'
import { aServer } from '../../support/server.ts'
import type { Visitor } from '../../support/visitor.ts'

const server = await aServer(t)
const app = await server.anApp({ client_name: 'Notes' })
const other = await server.anApp({ client_name: 'Photos' })
const day = 86_400

/** Each row of the table as its words. */
const rowsOf = (html: string) =>
  [...html.replace(/[\s\S]*<tbody>/, '').matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    row.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' '),
  )
const ends = async (visitor: Visitor) => rowsOf((await visitor.visit('/account/ended')).html)
const logIn = async ({ username, password }: { username: string; password: string }) => {
  const visitor = server.visitor()
  await visitor.visit('/account')
  await visitor.submit('login-form', { username, password }, 'login-submit')
  return visitor
}

t.test('why was I logged out: each end in words, with the page of its login, and nobody else’s', async (t) => {
  const ann = await server.aPerson('ann')
  const theirs = await aMember(server, await server.aPerson('bob'), app)
  const visitor = await logIn(ann)
  t.match((await visitor.visit('/account/ended')).html, 'Nothing ended in the last 30 days.')

  const phone = await aMember(server, ann, app)
  await server.stores.endings.end(
    { of: 'session', id: phone.sessionId },
    'revoked_by_admin',
    { userId: undefined, ip: undefined, userAgent: undefined },
    server.clock.now(),
  )
  server.clock.advance({ seconds: 1 })
  const stolen = await aMember(server, ann, other)
  const { refresh_token } = stolen.tokens
  const next = await server.refresh(other, refresh_token)
  await server.refresh(other, String(next.body.refresh_token))
  server.clock.advance({ seconds: 3600 })
  t.equal((await server.refresh(other, refresh_token)).status, 400)

  const page = await visitor.visit('/account/ended')
  const [first = '', ...rest] = rowsOf(page.html)
  t.match(first, /^ ?Photos .*(?:A used|An older) key of this login came back, perhaps from a copy/)
  t.equal(rest.length, 2)
  for (const name of ['Notes', 'This server, in your browser'])
    t.ok(
      rest.some((row) => row.includes(name) && row.includes('An administrator ended it.')),
      name,
    )
  const [family] = await server.database.prisma((prisma) =>
    prisma.tokenFamily.findMany({ where: { userId: ann.id, clientId: other.client_id } }),
  )
  t.match(page.html, `href="/why/${family?.id}"`)
  t.notMatch(page.html, theirs.sessionId)
  t.match((await visitor.visit(`/why/${family?.id}`)).status, 200)
  const korean = await visitor.visit('/account/ended', { headers: { 'accept-language': 'ko' } })
  t.match(korean.html, '관리자가 끝냈어요.')
})

t.test('S22 what nobody used and what had its time: expiry is a reason too', async (t) => {
  const cem = await server.aPerson('cem')
  await logIn(cem)
  server.clock.advance({ seconds: day + 1 })
  const visitor = await logIn(cem)
  t.match(await ends(visitor), [/It was not used for a long time/])
  for (let hours = 0; hours < 7 * 24; hours += 12) {
    await visitor.send('/account')
    server.clock.advance({ seconds: 12 * 3600 })
  }
  t.equal((await visitor.send('/account')).status, 401, 'S22 absolute')
  const again = await logIn(cem)
  t.match(await ends(again), [/Its time was over/, /It was not used/])
  server.clock.advance({ seconds: 40 * day })
  t.same(await ends(await logIn(cem)), [], 'after a month it is forgotten')
})

t.test('a copy of a token: one notice, in words, until it was seen', async (t) => {
  const dee = await server.aPerson('dee')
  const { visitor, tokens } = await aMember(server, dee, app)
  t.notMatch((await visitor.visit('/account')).html, 'Somebody may have a copy')
  const next = await server.refresh(app, tokens.refresh_token)
  await server.refresh(app, String(next.body.refresh_token))
  server.clock.advance({ seconds: 3600 })
  for (const _ of [1, 2, 3]) t.equal((await server.refresh(app, tokens.refresh_token)).status, 400)

  const page = await visitor.visit('/account')
  t.equal(page.html.split('Somebody may have a copy of your login in Notes').length, 2, 'once, however many replays')
  t.match(page.html, '/why/')
  const seen = page.forms.find(({ id }) => id.startsWith('seen-'))
  const stranger = await logIn(await server.aPerson('eve'))
  const { forms } = await stranger.visit('/account')
  const body = new URLSearchParams({ ...forms.at(-1)?.fields, notice: seen?.fields.notice ?? '' })
  for (const [name, value] of Object.entries(forms.find(({ fields }) => fields.person)?.fields ?? {}))
    body.set(name, value)
  body.set('person', String((await server.stores.users.findByUsername('eve'))?.id))
  t.equal((await stranger.send('/account/seen', { method: 'POST', body })).status, 303)
  t.match((await visitor.visit('/account')).html, 'Somebody may have a copy', 'nobody else marks it')
  for (const notice of ['', 'x', '-1', '9'.repeat(30)])
    t.equal((await visitor.submit(seen?.id ?? '', { notice })).status, 200, notice)
  await visitor.submit(seen?.id ?? '', {}, `${seen?.id}-submit`)
  t.notMatch(visitor.at().html, 'Somebody may have a copy')
})
