import t from 'tap'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { rows } from '../support/rows.ts'
import { type App, aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const { username, password } = alice
const api = 'https://api.example'
const whole = {
  client_name: 'An app',
  redirect_uris: ['https://app.example/cb', 'https://old.example/cb'],
  resources: [api, 'https://other.example'],
  scope: 'openid offline_access read write',
  token_endpoint_auth_method: 'none',
  first_party: true,
}
const anApp = async () => ({ ...(await server.anApp(whole)), redirectUri: 'https://old.example/cb' })
const narrow = (app: App, changes: Partial<typeof whole>) =>
  server.stores.clients.update(
    app.client_id,
    checkMetadata({ ...whole, grant_types: ['authorization_code', 'refresh_token'], ...changes }),
    server.clock.now(),
  )
const asked = { scope: 'openid read write', resource: api }

t.test('R1 an address that is taken away while the login page is open gets no code, and no refusal', async (t) => {
  const app = await anApp()
  const visitor = server.visitor()
  await visitor.visit(server.authorizeUrl(app, asked).url)
  await narrow(app, { redirect_uris: ['https://app.example/cb'] })
  const before = await rows(server)
  for (const button of ['login-cancel', 'login-submit']) {
    const fields = button === 'login-submit' ? { username, password } : {}
    const form = visitor.at().forms.find(({ id }) => id === 'login-form')
    t.ok(form, 'still at the page')
    const page = await visitor.submit('login-form', fields, button)
    t.equal(page.leaves, undefined, button)
    t.equal(page.status, 400, button)
    t.match(page.html, /id="error-page"/)
    await narrow(app, {})
    await visitor.visit(server.authorizeUrl(app, asked).url)
    await narrow(app, { redirect_uris: ['https://app.example/cb'] })
  }
  t.equal((await rows(server)).codes, before.codes)
})

t.test('a scope or a resource that is taken away while the login page is open is not granted', async (t) => {
  for (const changes of [{ scope: 'openid offline_access read' }, { resources: ['https://other.example'] }]) {
    const app = await anApp()
    const visitor = server.visitor()
    await visitor.visit(server.authorizeUrl(app, asked).url)
    await narrow(app, changes)
    const page = await visitor.submit('login-form', { username, password }, 'login-submit')
    t.match(page, { status: 400, leaves: undefined, html: /id="error-page"[\s\S]*invalid_request/ })
    await narrow(app, {})
    const { body } = await server.redeem(app, ...(await aCode(app)))
    t.equal(body.scope, asked.scope, 'what is registered again is granted again')
  }
})

const aCode = async (app: App): Promise<[code: string, verifier: string]> => {
  const { to, verifier } = await server.authorize(alice, app, asked)
  return [to.searchParams.get('code') ?? '', verifier]
}

t.test(
  'T10 T11 the first tokens hold what the client is registered for when they are issued, as later ones do',
  async (t) => {
    const app = await anApp()
    const code = await aCode(app)
    await narrow(app, { scope: 'openid offline_access read' })
    const first = await server.redeem(app, ...code)
    t.equal(first.body.scope, 'openid read')
    t.equal(claims(first.body.access_token).scope, 'openid read')
    const retried = await server.refresh(app, String(first.body.refresh_token))
    t.equal(retried.body.scope, 'openid read')

    const second = await anApp()
    const lost = await aCode(second)
    await narrow(second, { resources: ['https://other.example'] })
    t.match(await server.redeem(second, ...lost, { resource: api }), { status: 400, body: { error: 'invalid_target' } })
    await narrow(second, { scope: 'offline_access email' })
    t.match(await server.redeem(second, ...lost), { status: 400, body: { error: 'invalid_grant' } }, 'nothing is left')
    await narrow(second, {})
    t.equal((await server.redeem(second, ...lost)).status, 200, 'and nothing was spent by it')
  },
)
