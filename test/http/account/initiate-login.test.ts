import t from 'tap'
import { aServer } from '../../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const link = (html: string, id: string) =>
  new RegExp(`<a id="start-${id}" href="([^"]*)"`).exec(html)?.[1]?.replaceAll('&amp;', '&')

t.test('OIDC Core §4: a connected app that lets a login begin here is a link that says who begins it', async (t) => {
  const one = await server.anApp({ initiate_login_uri: 'https://app.example/login?tenant=a%20b&x=%22%3E' })
  const without = await server.anApp()
  const unknown = await server.anApp({ initiate_login_uri: 'https://other.example/login' })
  await server.logIn(alice, one, {}, visitor)
  await server.logIn(alice, without, {}, visitor)
  const { html } = await visitor.visit('/account')
  const target = new URL(link(html, one.client_id) ?? '')
  t.equal(target.origin + target.pathname, 'https://app.example/login')
  t.same(
    [...target.searchParams],
    [
      ['tenant', 'a b'],
      ['x', '">'],
      ['iss', server.issuer],
    ],
  )
  t.match(html, 'rel="noreferrer"')
  t.notOk(link(html, without.client_id))
  t.notOk(link(html, unknown.client_id), 'the person does not use it')

  await server.stores.clients.disable(one.client_id, server.clock.now())
  t.notOk(link((await visitor.visit('/account')).html, one.client_id), 'an app that is disabled starts nothing')
})

t.test('O1 initiate_login_uri is https, or on this machine', async (t) => {
  for (const uri of [
    'http://app.example/login',
    'javascript:alert(1)',
    'data:text/html,x',
    'app.example',
    'https://a@b/',
  ])
    await t.rejects(server.anApp({ initiate_login_uri: uri }), { code: 'invalid_client_metadata' }, uri)
  await t.resolves(server.anApp({ initiate_login_uri: 'http://127.0.0.1:8080/login' }))
})
