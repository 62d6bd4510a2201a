import t from 'tap'
import { anAdministrator, setAdmin } from '../../support/administrator.ts'
import { alive, anEstate, type Estate, endsOf, type Kind, kinds, places } from '../../support/estate.ts'
import { aServer, type Person, type TestServer } from '../../support/server.ts'
import type { Visitor } from '../../support/visitor.ts'

const one = await aServer(t)
const two = await aServer(t, { beside: one })
const { revocations, events } = one.stores
const root = await anAdministrator(one)

const logIn = async (server: TestServer, person: Person, path = '/admin'): Promise<Visitor> => {
  const visitor = server.visitor()
  await visitor.visit(server.base + path)
  await visitor.submit('login-form', { username: person.username, password: person.password }, 'login-submit')
  return visitor
}
const addressOf = (kind: Kind, { person, app, sessionId, familyId }: Estate): string => {
  const ids = { family: familyId, session: sessionId, user: person.id, client: app.client_id }
  const query = new URLSearchParams(
    kind === 'app' ? { user: person.id, client: app.client_id } : kind === 'all' ? {} : { id: ids[kind] },
  )
  return `${one.base}/admin/revoke?kind=${kind}&${query}`
}

t.test('S22 each target ends what the page said and nothing else, on both servers', async (t) => {
  for (const kind of kinds) {
    const estate = await anEstate(one)
    const admin = await logIn(one, root)
    const { of, sessions, codes } = endsOf[kind]
    const { seq } = await revocations.state()
    const page = await admin.visit(addressOf(kind, estate))
    t.equal(page.status, 200, kind)
    if (kind !== 'all')
      t.match(
        page.html,
        `<li>${sessions} session${sessions === 1 ? '' : 's'}</li><li>${of.length} login${of.length === 1 ? ' in an app' : 's in apps'}</li><li>${codes} pending code`,
        `${kind}: what it would end`,
      )
    t.equal((await revocations.state()).seq, seq, 'a page changes nothing')
    t.same(await alive([one, two], estate), [places, places])

    const after = await admin.submit('revoke-form', {}, 'revoke-confirm')
    const left = places.filter((place) => !of.includes(place))
    t.same(await alive([one, two], estate), [left, left], `${kind}: and nothing else`)
    if (kind === 'all') t.equal(after.status, 401, 'who ends everything has to log in again too')
    else t.match(after.html, /<p id="admin-done" role="status">Ended: /)
    const entries = await revocations.after(seq, one.clock.now())
    for (const entry of entries) t.equal(entry.kind, kind === 'app' ? 'family' : kind)
    t.equal(entries.length, kind === 'app' ? 2 : 1, 'its entry is in the feed')
    t.match(await events.list({ limit: 1 }), [
      { kind: 'revoked', ip: '127.0.0.1', detail: { target: kind, by: root.id, through: 'pages', families: Number } },
    ])
    one.clock.advance({ seconds: 3 })
  }
})

t.test('an act on many takes two steps and a login of the last ten minutes', async (t) => {
  const estate = await anEstate(one)
  const admin = await logIn(one, root)
  const target = { kind: 'user', id: estate.person.id }
  const page = await admin.visit(`${one.base}/admin/people/${estate.person.id}`)
  const fields = page.forms[0]?.fields ?? {}
  const post = (more: Record<string, string>) =>
    admin.visit(`${one.base}/admin/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ csrf: fields.csrf ?? '', person: root.id, ...target, ...more }),
    })
  for (const confirmation of ['', 'x', '1.2.3.4.x']) {
    const answered = await post({ confirmation })
    t.equal(answered.status, 409)
    t.match(answered.html, /id="revoke-again" role="alert"/)
  }
  t.same(await alive([one], estate), [places])

  one.clock.advance({ seconds: 540 })
  await admin.visit(`${one.base}/admin/revoke?kind=user&id=${estate.person.id}`)
  one.clock.advance({ seconds: 61 })
  const stale = await admin.submit('revoke-form', {}, 'revoke-confirm')
  t.equal(stale.status, 401)
  t.match(stale.html, /id="login-form"/)
  t.same(await alive([one], estate), [places], 'nothing ended')
  t.match(stale.html, new RegExp(`value="${root.username}"`), 'the same person is asked')
  const back = await admin.submit('login-form', { password: root.password }, 'login-submit')
  t.match(back.url, /\/admin\/revoke\?kind=user&id=/)
  await admin.submit('revoke-form', {}, 'revoke-confirm')
  t.same(await alive([one], estate), [places.filter((place) => place === 'bystander, app')])

  one.clock.advance({ seconds: 601 })
  t.equal((await admin.visit(`${one.base}/admin/revoke?kind=all`)).status, 401)
  t.equal((await admin.visit(`${one.base}/admin/sessions`)).status, 200, 'looking needs no new login')
})

t.test('one thing ends by one button, and the list shows what is left', async (t) => {
  const estate = await anEstate(one)
  const admin = await logIn(one, root)
  await admin.visit(`${one.base}/admin/people/${estate.person.id}`)
  const after = await admin.submit(`end-session-${estate.sessionId}`, {})
  t.match(after.url, `/admin/people/${estate.person.id}?done=1.2.1`)
  t.match(after.html, /Ended: 1 session, 2 logins in apps, 1 pending code\./)
  t.notMatch(after.html, `end-session-${estate.sessionId}`)
  t.same(await alive([two], estate), [['laptop, app', 'bystander, app']])
  await admin.submit('end-app-0', {})
  t.same(await alive([two], estate), [['bystander, app']])
})

t.test('an app that a person allowed is disconnected, also where nobody is logged in any more', async (t) => {
  const [person, app] = [await one.aPerson('dora'), await one.anApp({ client_name: 'Notes', first_party: false })]
  await one.logIn(person, app)
  const by = { userId: undefined, ip: undefined, userAgent: undefined }
  await one.stores.endings.end({ of: 'user', id: person.id }, 'revoked_by_admin', by, one.clock.now())
  const admin = await logIn(one, root)
  t.match((await admin.visit(`${one.base}/admin/people/${person.id}`)).html, /<span>Notes<\/span>/)
  t.notMatch((await admin.submit('end-app-0', {})).html, /<span>Notes<\/span>/)
  t.same(await one.stores.consents.list(person.id), [])
})

t.test('S3 a form that is not ours ends nothing', async (t) => {
  const estate = await anEstate(one)
  const admin = await logIn(one, root)
  const page = await admin.visit(`${one.base}/admin/people/${estate.person.id}`)
  const fields = page.forms[0]?.fields ?? {}
  const csrf = fields.csrf ?? ''
  const session = { kind: 'session', id: estate.sessionId, person: root.id }
  const send = (form: Record<string, string>, headers = {}) =>
    admin.send(`${one.base}/admin/revoke`, { method: 'POST', body: new URLSearchParams(form), headers })
  const other = (await (await logIn(one, root)).visit(`${one.base}/admin/people/${estate.person.id}`)).forms[0]
  const foreign = other?.fields.csrf ?? ''
  t.not(foreign, csrf)
  for (const [why, form, headers] of [
    ['no token', session, {}],
    ['of another browser', { ...session, csrf: foreign }, {}],
    ['another origin', { ...session, csrf }, { origin: 'https://evil.example' }],
    ['another site', { ...session, csrf }, { 'sec-fetch-site': 'cross-site' }],
    ['shown to somebody else', { ...session, csrf, person: estate.person.id }, {}],
  ] as const)
    t.equal((await send(form, headers)).status, 403, why)
  t.equal((await admin.send(`${one.base}/admin/revoke?kind=session&id=${estate.sessionId}`)).status, 200, 'a link asks')
  t.same(await alive([one], estate), [places])

  for (const from of ['https://evil.example', '//evil.example', '/admin/../logout', '/account', '/admin/people\\x']) {
    const next = await anEstate(one)
    const { leaves, status } = await send({ csrf, kind: 'session', id: next.sessionId, person: root.id, from })
    t.equal(status, 303)
    t.match(leaves?.href, `${one.base}/admin/people?done=`, from)
  }
})

t.test('nobody but an administrator, asked anew at every request', async (t) => {
  const estate = await anEstate(one)
  const addresses = [
    '/admin/people',
    `/admin/people/${estate.person.id}`,
    '/admin/sessions',
    '/admin/families',
    '/admin/clients',
    '/admin/events',
    '/admin/revoke?kind=all',
  ]
  const stranger = one.visitor()
  const person = await logIn(one, estate.person)
  for (const address of addresses) {
    const asked = await stranger.visit(one.base + address)
    t.equal(asked.status, 401, address)
    t.match(asked.html, /id="login-form"/)
    t.notMatch(asked.html, estate.person.username)
    const refused = await person.visit(one.base + address)
    t.equal(refused.status, 403, address)
    t.match(refused.html, /id="error-page"/)
    t.notMatch(refused.html, estate.app.client_id)
  }
  const submitted = await person.send(`${one.base}/admin/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ kind: 'session', id: estate.sessionId }),
  })
  t.equal(submitted.status, 403)

  const second = await anAdministrator(one, 'second-root')
  const admin = await logIn(one, second)
  const page = `${one.base}/admin/people/${estate.person.id}`
  t.equal((await admin.visit(page)).status, 200)
  await setAdmin(one, second, false)
  t.equal((await admin.submit(`end-session-${estate.sessionId}`, {})).status, 403, 'the flag was withdrawn')
  t.same(await alive([one], estate), [places])
  await setAdmin(one, second, true)
  t.equal((await admin.visit(page)).status, 200)
  await two.stores.users.disable(second.id, one.clock.now())
  t.equal((await admin.submit(`end-session-${estate.sessionId}`, {})).status, 401, 'disabled')
  t.same(await alive([one], estate), [places])
})
