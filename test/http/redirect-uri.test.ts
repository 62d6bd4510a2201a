import t, { type Test } from 'tap'
import { withoutIds } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { type App, aServer } from '../support/server.ts'
import type { Page } from '../support/visitor.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
await server.authorize(alice, await server.anApp(), {}, visitor)

/** Alice is logged in, so that nothing but the check stands between the request and a redirect. */
const ask = (app: App, parameters: Record<string, string>) => visitor.send(server.authorizeUrl(app, parameters).url)

const isErrorPage = (t: Test, page: Page, title: string) => {
  t.equal(page.status, 400, title)
  t.notOk(page.leaves, `${title}: no redirect`)
  t.match(page.html, /id="error-page"[\s\S]*invalid_request/, title)
}

t.test('R1 oidcc-ensure-registered-redirect-uri: what is not the registered string is an error page', async (t) => {
  const app = await server.anApp({ redirect_uris: ['https://c/cb'], first_party: true })
  t.equal((await ask(app, {})).leaves?.pathname, '/cb', 'the registered one is served')
  const before = await rows(server)
  for (const redirect_uri of [
    'https://c/cb/',
    'https://c/cb?x=1',
    'https://c/cb?',
    'https://C/cb',
    'HTTPS://c/cb',
    'https://c:443/cb',
    'https://c/CB',
    'https://c/%63b',
    'https://c/cb#f',
    'https://c/cb#',
    'https://c/cb/../cb',
    'https://c/./cb',
    'https://c//cb',
    'https://c\\@evil/',
    'https://c@evil/cb',
    'https://c.evil/cb',
    'https://c./cb',
    'http://c/cb',
    '//c/cb',
    '/cb',
    ' https://c/cb',
    'https://c/cb ',
    'https://c/cb\r\nLocation: https://evil',
    'https://c/cb%0d%0aLocation:%20https://evil',
    'https://ⓒ/cb',
    `https://c/cb${'a'.repeat(3000)}`,
  ])
    isErrorPage(t, await ask(app, { redirect_uri }), redirect_uri.slice(0, 60))
  t.same(await rows(server), before, 'nothing was stored or issued')
})

t.test('R1 oidcc-redirect-uri-query-OK, -mismatch, -added: a registered query is part of the string', async (t) => {
  const app = await server.anApp({ redirect_uris: ['https://c/cb?x=1'], first_party: true })
  const { leaves } = await ask(app, {})
  t.equal(leaves?.searchParams.get('x'), '1')
  t.ok(leaves?.searchParams.get('code'))
  for (const redirect_uri of ['https://c/cb', 'https://c/cb?x=2', 'https://c/cb?x=1&y=2', 'https://c/cb?y=2&x=1'])
    isErrorPage(t, await ask(app, { redirect_uri }), redirect_uri)
})

t.test('R2 R5 what must not be a redirect URI cannot be registered', async (t) => {
  for (const uri of [
    'https://*.c/*',
    'https://c/*',
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://c/x',
    'myapp:/cb',
    'https://c/cb#fragment',
    'http://c/cb',
  ])
    await t.rejects(server.anApp({ redirect_uris: [uri] }), { code: 'invalid_redirect_uri' }, uri)
})

t.test('R5 a private-use scheme is served, and a dangerous one is not even where the database holds it', async (t) => {
  const app = await server.anApp({ redirect_uris: ['com.example.app:/cb'], first_party: true })
  const { leaves } = await ask(app, {})
  t.equal(leaves?.protocol, 'com.example.app:')

  const client = await server.stores.clients.find(app.client_id)
  if (!client) throw new Error('the client is gone')
  const { client_id, secrets, disabledAt, notBefore, createdAt, ...metadata } = client
  const planted = [
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///x',
    'blob:https://c/x',
    'myapp:/cb',
  ]
  await server.stores.clients.update(client_id, { ...metadata, redirect_uris: planted }, server.clock.now())
  const before = await rows(server)
  for (const redirect_uri of planted) isErrorPage(t, await ask(app, { redirect_uri }), redirect_uri)
  t.same(await rows(server), before)
})

t.test('R3 RFC 8252 §7.3: of a loopback literal the port alone may differ', async (t) => {
  const app = await server.anApp({
    redirect_uris: ['http://127.0.0.1/cb'],
    token_endpoint_auth_method: 'none',
    first_party: true,
  })
  const { leaves } = await ask(app, { redirect_uri: 'http://127.0.0.1:53123/cb' })
  t.equal(leaves?.origin, 'http://127.0.0.1:53123')
  t.ok(leaves?.searchParams.get('code'))
  const before = await rows(server)
  for (const redirect_uri of [
    'http://localhost:53123/cb',
    'http://localhost/cb',
    'http://127.0.0.2/cb',
    'http://127.0.0.1.evil/cb',
    'http://127.0.0.1:1@evil/cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'https://127.0.0.1:1/cb',
    'http://127.0.0.1:53123/cb/more',
    'http://127.0.0.1:53123/cb?x=1',
    'http://127.0.0.1:99999/cb',
    'http://127.0.0.1:/cb',
  ])
    isErrorPage(t, await ask(app, { redirect_uri }), redirect_uri)
  t.same(await rows(server), before)
})

t.test('R4 [::1] with any port, its other spellings not', async (t) => {
  const app = await server.anApp({ redirect_uris: ['http://[::1]/cb'], first_party: true })
  t.equal((await ask(app, { redirect_uri: 'http://[::1]:61000/cb' })).leaves?.origin, 'http://[::1]:61000')
  for (const redirect_uri of ['http://[::ffff:127.0.0.1]:61000/cb', 'http://[0:0:0:0:0:0:0:1]/cb', 'http://[::2]/cb'])
    isErrorPage(t, await ask(app, { redirect_uri }), redirect_uri)
})

t.test('R6 R8 oidcc-ensure-redirect-uri-in-authorization-request: absent or empty is an error page', async (t) => {
  const one = await server.anApp({ first_party: true })
  const two = await server.anApp({ redirect_uris: ['https://c/cb', 'https://c/other'], first_party: true })
  for (const app of [one, two]) {
    isErrorPage(t, await ask(app, { redirect_uri: '' }), 'absent')
    isErrorPage(t, await visitor.send(`${server.authorizeUrl(app, { redirect_uri: '' }).url}&redirect_uri=`), 'empty')
  }
})

t.test('R9 an unknown, a disabled and a deleted client are answered alike, without a redirect', async (t) => {
  const alike = async (app: App) => {
    const page = await ask(app, {})
    isErrorPage(t, page, app.client_id)
    t.notOk(app.client_id !== '' && page.html.includes(app.client_id), 'the id is not repeated')
    return withoutIds(page.html)
  }
  const [disabled, deleted] = [await server.anApp({ first_party: true }), await server.anApp({ first_party: true })]
  t.ok((await ask(disabled, {})).leaves, 'it was served before')
  t.ok((await ask(deleted, {})).leaves, 'it was served before')
  await server.stores.clients.disable(disabled.client_id, server.clock.now())
  await server.stores.clients.delete(deleted.client_id, server.clock.now())
  const before = await rows(server)
  const unknown = await alike({ ...disabled, client_id: 'nobody' })
  t.equal(await alike(disabled), unknown)
  t.equal(await alike(deleted), unknown)
  t.equal(await alike({ ...disabled, client_id: '' }), unknown, 'none at all')
  t.same(await rows(server), before)
})

t.test('R9 R11 nothing of a refused request stands unescaped in the error page', async (t) => {
  const evil = '"><script>alert(1)</script>'
  const app = await server.anApp()
  for (const parameters of [
    { client_id: evil },
    { redirect_uri: `https://app.example/cb${evil}` },
    { redirect_uri: `javascript:${evil}`, state: evil, scope: evil, error: evil, error_description: evil },
  ]) {
    const page = await ask(app, parameters)
    isErrorPage(t, page, JSON.stringify(parameters))
    t.notOk(page.html.includes('<script>alert'))
    t.notMatch(page.headers.get('content-security-policy') ?? '', 'unsafe-inline')
  }
})

t.test('R16 prompt=none bounces nobody to a URI that is not registered', async (t) => {
  const app = await server.anApp({ first_party: true })
  for (const who of [visitor, server.visitor()]) {
    for (const parameters of [
      { prompt: 'none', redirect_uri: 'https://evil.example/cb' },
      { prompt: 'none', redirect_uri: 'https://evil.example/cb', response_type: 'token' },
      { prompt: 'none', client_id: 'nobody' },
      { prompt: 'none', redirect_uri: 'https://app.example/cb@evil.example', response_mode: 'form_post' },
    ]) {
      const page = await who.send(server.authorizeUrl(app, parameters).url)
      isErrorPage(t, page, JSON.stringify(parameters))
      t.notMatch(page.html, /<form/)
    }
  }
})
