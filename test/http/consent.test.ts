import t from 'tap'
import { filled } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { type App, aServer, claims, type Person } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t)
const app = await server.anApp({
  scope: 'openid profile read write',
  resources: ['https://api.example', 'https://b.example'],
})
const request = { scope: 'openid read' }

/** Logged in, and in front of the consent page. */
const atConsent = async (person: Person, visitor: Visitor = server.visitor(), to: App = app, more = {}) => {
  let page = await visitor.visit(server.authorizeUrl(to, { ...request, ...more }).url)
  const { username, password } = person
  if (page.forms[0]?.id === 'login-form')
    page = await visitor.submit('login-form', { username, password }, 'login-submit')
  if (page.forms[0]?.id !== 'consent-form') throw new Error(`no consent at ${page.url}: ${page.status}`)
  return visitor
}
const formOf = (visitor: Visitor) => {
  const [form] = visitor.at().forms
  if (!form) throw new Error('no form')
  return form
}
const post = (visitor: Visitor, form = formOf(visitor), fields = {}, headers = {}) =>
  visitor.send('/consent', { method: 'POST', body: filled(form, fields, 'consent-allow'), headers })

t.test('S3 a consent that is not our own form in this browser: 403, and nothing is granted', async (t) => {
  const visitor = await atConsent(await server.aPerson('ada'))
  const other = await atConsent(await server.aPerson('bob'))
  const before = await rows(server)
  const attacks: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
    ['no token', { csrf: '' }, {}],
    ["another browser's token", { csrf: formOf(other).fields.csrf ?? '' }, {}],
    ['another origin', {}, { origin: 'https://evil.example' }],
    ['cross-site', {}, { 'sec-fetch-site': 'cross-site' }],
    ['same-site', {}, { 'sec-fetch-site': 'same-site' }],
    ["another browser's cookies", {}, { cookie: [...other.cookies].map(([k, v]) => `${k}=${v}`).join('; ') }],
  ]
  for (const [title, fields, headers] of attacks) {
    const page = await post(visitor, formOf(visitor), fields, headers)
    t.equal(page.status, 403, title)
    t.notOk(page.leaves, title)
  }
  const own = formOf(other)
  const stolen = await post(other, own, { interaction: formOf(visitor).fields.interaction ?? '' })
  t.equal(stolen.status, 403, "another person's interaction under one's own token")
  t.same(await rows(server), before)
  t.ok((await post(visitor)).leaves?.searchParams.get('code'), 'the form still works')
})

t.test('S5 two tabs, two clients, interleaved: each answer is its own', async (t) => {
  const carl = await server.aPerson('carl')
  const second = await server.anApp({
    client_name: 'Second',
    redirect_uris: ['https://second.example/cb'],
    scope: 'openid write',
  })
  const visitor = await atConsent(carl)
  const tabA = formOf(visitor)
  t.match(visitor.at().html, 'An app')
  const b = server.authorizeUrl(second, { scope: 'openid write', state: 'B' })
  await visitor.visit(b.url)
  t.match(visitor.at().html, 'Second')
  const tabB = formOf(visitor)

  const fromB = await post(visitor, tabB)
  const fromA = await post(visitor, tabA)
  t.equal(fromA.leaves?.host, 'app.example')
  t.equal(fromA.leaves?.searchParams.get('state'), 'the state')
  t.equal(fromB.leaves?.host, 'second.example')
  t.equal(fromB.leaves?.searchParams.get('state'), 'B')
  const { status, body } = await server.redeem(second, fromB.leaves?.searchParams.get('code') ?? '', b.verifier)
  t.equal(status, 200)
  t.match(claims(body.access_token), { client_id: second.client_id, scope: 'openid write' })
  const crossed = await server.redeem(second, fromA.leaves?.searchParams.get('code') ?? '', b.verifier)
  t.match(crossed.body, { error: 'invalid_grant' })
})

t.test("S5 tab A's transaction in tab B's form is tab A's, client, scope and all", async (t) => {
  const visitor = await atConsent(await server.aPerson('cleo'))
  const tabA = formOf(visitor)
  const second = await server.anApp({ redirect_uris: ['https://second.example/cb'], scope: 'openid write' })
  await visitor.visit(server.authorizeUrl(second, { scope: 'openid write' }).url)
  const injected = { scope: 'openid read write profile', client_id: second.client_id, redirect_uri: 'https://evil/' }
  const { leaves } = await post(visitor, formOf(visitor), { interaction: tabA.fields.interaction ?? '', ...injected })
  t.equal(leaves?.host, 'app.example')
  const consents = await server.database.prisma((prisma) =>
    prisma.consent.findMany({ where: { user: { username: 'cleo' } } }),
  )
  t.match(consents, [{ clientId: app.client_id, scope: ['openid', 'read'] }])
})

t.test("S5 a consent page that Ann was shown is never answered in Ben's name", async (t) => {
  const [ann, ben] = [await server.aPerson('ann'), await server.aPerson('ben')]
  const visitor = await atConsent(ann)
  const shownToAnn = formOf(visitor)
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { ...request, prompt: 'login' }).url)
  await visitor.submit('login-form', {}, 'login-other')
  await visitor.submit('login-form', { username: ben.username, password: ben.password }, 'login-submit')
  const before = await rows(server)

  const page = await post(visitor, shownToAnn)
  t.equal(page.status, 303)
  t.equal(page.leaves?.pathname, '/consent', 'Ben is asked himself')
  t.same(await rows(server), before, 'nothing was granted or issued')
  t.match((await visitor.visit(page.leaves?.href ?? '')).html, '<strong>ben</strong>')
})

t.test('S5 a completed interaction answers nothing again: back button, replay, both buttons at once', async (t) => {
  const visitor = await atConsent(await server.aPerson('dora'))
  const form = formOf(visitor)
  const url = visitor.at().url
  t.ok((await post(visitor)).leaves)
  const before = await rows(server)
  const deny = filled(form, {}, 'consent-deny')
  for (const replay of [
    () => post(visitor, form),
    () => visitor.send('/consent', { method: 'POST', body: deny }),
    () => visitor.send(url),
    () => visitor.send(url.replace('/consent', '/login')),
  ]) {
    const page = await replay()
    t.equal(page.status, 400)
    t.notOk(page.leaves)
    t.match(page.html, 'id="error-page"')
  }
  t.same(await rows(server), before)

  const twice = await atConsent(await server.aPerson('dirk'))
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(twice)))
  t.equal(answers.filter(({ leaves }) => leaves?.searchParams.has('code')).length, 1, 'one code of eight posts')
})

t.test('denying is access_denied with state and iss, grants nothing, and asks again next time', async (t) => {
  const visitor = await atConsent(await server.aPerson('emil'))
  const before = await rows(server)
  const { leaves } = await visitor.submit('consent-form', {}, 'consent-deny')
  t.match(Object.fromEntries(leaves?.searchParams ?? []), {
    error: 'access_denied',
    state: 'the state',
    iss: server.issuer,
  })
  t.same(await rows(server), { ...before, openInteractions: before.openInteractions - 1 })
  await visitor.visit(server.authorizeUrl(app, request).url)
  t.equal(formOf(visitor).id, 'consent-form')
  const unclear = await visitor.send('/consent', { method: 'POST', body: new URLSearchParams(formOf(visitor).fields) })
  t.equal(unclear.leaves?.searchParams.get('error'), 'access_denied', 'no decision is no consent')
})

t.test('S7 a remembered consent covers what was allowed and nothing more', async (t) => {
  const visitor = await atConsent(await server.aPerson('fred'))
  await visitor.submit('consent-form', {}, 'consent-allow')
  const ask = (more: Record<string, string>) => visitor.visit(server.authorizeUrl(app, { ...request, ...more }).url)
  t.ok((await ask({})).leaves, 'the same: not asked')
  t.ok((await ask({ scope: 'openid' })).leaves, 'less: not asked')
  const before = await rows(server)
  for (const more of [{ scope: 'openid read write' }, { resource: 'https://b.example' }, { prompt: 'consent' }]) {
    server.clock.advance({ seconds: 1 })
    const page = await ask(more)
    t.equal(page.forms[0]?.id, 'consent-form', JSON.stringify(more))
    const silent = await ask({ ...more, prompt: 'none' })
    if (!('prompt' in more)) t.match(silent.leaves?.searchParams.get('error'), 'consent_required', 'R16')
  }
  const { interactions: _, openInteractions: __, codes: ___, liveCodes: ____, ...after } = await rows(server)
  t.match(before, after, 'nothing more was granted')
})

t.test("R16 S7 one person's consent is not another's, nor for another client", async (t) => {
  const [gina, hugo] = [await server.aPerson('gina'), await server.aPerson('hugo')]
  const hers = server.visitor()
  await server.authorize(gina, app, request, hers)
  t.equal(formOf(await atConsent(hugo)).id, 'consent-form')
  const second = await server.anApp({ scope: 'openid read' })
  const { leaves } = await hers.visit(server.authorizeUrl(second, { ...request, prompt: 'none' }).url)
  t.equal(leaves?.searchParams.get('error'), 'consent_required')
  t.equal(leaves?.searchParams.get('iss'), server.issuer)
})

t.test('S6 the page escapes what the client says of itself, and says where the person will go', async (t) => {
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const loud = await server.anApp({
    client_name: evil,
    logo_uri: 'https://app.example/logo.png?"onload=1'.replace('"', '%22'),
    client_uri: 'https://app.example/',
    scope: 'openid read',
  })
  const visitor = await atConsent(await server.aPerson('ida'), server.visitor(), loud)
  const { html } = visitor.at()
  t.notOk(html.includes('<img src=x'))
  t.match(html, '&lt;img src=x onerror=alert(1)')
  t.match(html, 'app.example', 'the host of the redirect')
  for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'http://app.example/x'])
    for (const field of ['logo_uri', 'client_uri', 'policy_uri', 'tos_uri'])
      await t.rejects(server.anApp({ [field]: uri }), { code: 'invalid_client_metadata' }, `${field} ${uri}`)
})

t.test('S6 RFC 8252 §8.6: a public client that anyone could play is asked for each time', async (t) => {
  const jane = await server.aPerson('jane')
  for (const uri of ['com.example.app:/cb', 'http://127.0.0.1/cb', 'http://localhost/cb']) {
    const native = await server.anApp({
      redirect_uris: [uri],
      token_endpoint_auth_method: 'none',
      scope: 'openid read',
    })
    const visitor = await atConsent(jane, server.visitor(), native)
    t.ok((await post(visitor)).leaves?.searchParams.get('code'), uri)
    const before = await rows(server)
    server.clock.advance({ seconds: 1 })
    const silent = await visitor.send(server.authorizeUrl(native, { ...request, prompt: 'none' }).url)
    t.equal(silent.leaves?.searchParams.get('error'), 'consent_required', uri)
    t.same(await rows(server), before, uri)
    await visitor.visit(server.authorizeUrl(native, request).url)
    t.equal(visitor.at().forms[0]?.id, 'consent-form', uri)
  }
  const claimed = await server.anApp({ token_endpoint_auth_method: 'none', scope: 'openid read' })
  const visitor = await atConsent(jane, server.visitor(), claimed)
  await post(visitor)
  const again = await visitor.send(server.authorizeUrl(claimed, { ...request, prompt: 'none' }).url)
  t.ok(again.leaves?.searchParams.get('code'), 'a claimed https address is remembered')
})

t.test('logged out while the page is open: the answer leads to the login, and grants nothing', async (t) => {
  const kim = await server.aPerson('kim')
  const visitor = await atConsent(kim)
  const form = formOf(visitor)
  await visitor.visit('/logout')
  await visitor.submit('logout-form', {}, 'logout-confirm')
  const before = await rows(server)
  const page = await post(visitor, form)
  t.equal(page.status, 303)
  t.equal(page.leaves?.pathname, '/login')
  t.same(await rows(server), before)
})

t.test('logging in does not answer the question: a consent skipped by hand is asked for', async (t) => {
  const visitor = server.visitor()
  await visitor.visit(server.authorizeUrl(app, request).url)
  const login = formOf(visitor)
  const before = await rows(server)
  const body = new URLSearchParams({ ...login.fields, decision: 'allow' })
  const early = await visitor.send('/consent', { method: 'POST', body })
  t.equal(early.leaves?.pathname, '/login', 'allowed by nobody')
  const jumped = await visitor.send('/login', { method: 'POST', body: filled(login, { decision: 'continue' }) })
  t.equal(jumped.leaves?.pathname, '/login')
  t.same(await rows(server), before)
})

t.test('prompt=select_account: who was offered is who continues', async (t) => {
  const [lea, max] = [await server.aPerson('lea'), await server.aPerson('max')]
  const visitor = server.visitor()
  await server.authorize(lea, app, request, visitor)
  await server.authorize(max, app, request)
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { ...request, prompt: 'select_account' }).url)
  const offered = formOf(visitor)
  t.equal(offered.id, 'select-account-form')
  t.match(visitor.at().html, 'lea')
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { ...request, prompt: 'login' }).url)
  await visitor.submit('login-form', {}, 'login-other')
  await visitor.submit('login-form', { username: max.username, password: max.password }, 'login-submit')
  const before = await rows(server)
  const page = await visitor.send('/login', { method: 'POST', body: filled(offered, {}, 'select-continue') })
  t.notOk(page.leaves)
  t.match(page.html, 'max', 'asked again, now about Max')
  t.same(await rows(server), before)
})

t.test('prompt=consent: a consent to less, given meanwhile in another tab, does not answer it', async (t) => {
  const visitor = await atConsent(await server.aPerson('nora'), server.visitor(), app, {
    scope: 'openid read write profile',
    prompt: 'consent',
  })
  const { url } = visitor.at()
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { scope: 'openid' }).url)
  t.ok((await visitor.submit('consent-form', {}, 'consent-allow')).leaves?.searchParams.get('code'))
  const before = await rows(server)
  t.equal((await visitor.visit(url)).forms[0]?.id, 'consent-form', 'still asked')
  t.same(await rows(server), before)
})
