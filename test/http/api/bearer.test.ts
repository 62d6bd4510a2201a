import t from 'tap'
import { administratorResource, administratorScope } from '../../../src/oauth/administrator-scope.ts'
import { checkMetadata } from '../../../src/oauth/registration.ts'
import { aCaller, adminToken, anAdminClient, anAdministrator, setAdmin } from '../../support/administrator.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t)
const resource = administratorResource(server.issuer)
const client = await anAdminClient(server, {
  resources: [resource, 'https://api.example'],
  scope: `${administratorScope} read`,
})
const paths = ['/sessions', '/families', '/users', '/clients', '/events', `/families/${client.client_id}`] as const
const algs = 'algs="ES256 PS256 EdDSA Ed25519"'
/** RFC 9449 §7.1. */
const both = (parameters: string) => `Bearer ${parameters}, DPoP ${parameters}, ${algs}`
const statusOf = async (token: string | undefined) => (await aCaller(server, token)('/users')).status

t.test('RFC 6750 §3.1 without a token there is a challenge and no error in it', async (t) => {
  const call = aCaller(server, undefined)
  for (const path of paths) {
    const { status, headers, body } = await call(path)
    t.equal(status, 401, path)
    t.equal(headers.get('www-authenticate'), both(`realm="${resource}", scope="${administratorScope}"`))
    t.match(body, { error: 'invalid_token', error_id: String })
  }
  t.equal((await call('/revocations', { target: { kind: 'all' }, preview: true })).status, 401)
  t.equal((await call('/revocations', 'not even JSON')).status, 401, 'and before the body is read')
})

t.test('T12 a token of another audience, another scope, or another kind opens nothing', async (t) => {
  const alice = await server.aPerson()
  const app = await server.anApp({ resources: [resource, 'https://api.example'] })
  const tokens = await server.logIn(alice, app, { scope: 'openid read', resource: 'https://api.example' })
  const right = await adminToken(server, client)
  t.equal(await statusOf(right), 200)
  const [head, payload] = right.split('.')
  const invalid: Readonly<Record<string, string>> = {
    'another audience': await adminToken(server, client, { resource: 'https://api.example' }),
    'another audience, a person': tokens.access_token,
    'an ID token': tokens.id_token,
    'a refresh token': tokens.refresh_token,
    'no signature': `${head}.${payload}.`,
    junk: 'x',
  }
  for (const [why, token] of Object.entries(invalid)) {
    const { status, headers, body } = await aCaller(server, token)('/users')
    t.match({ status, body }, { status: 401, body: { error: 'invalid_token' } }, why)
    t.match(headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/)
  }
  const narrow = await aCaller(server, await adminToken(server, client, { scope: 'read' }))('/users')
  t.match(narrow, { status: 403, body: { error: 'insufficient_scope' } })
  t.match(narrow.headers.get('www-authenticate'), `scope="${administratorScope}", error="insufficient_scope"`)
  const ofPerson = await server.logIn(alice, app, { scope: 'openid read', resource })
  t.equal(await statusOf(ofPerson.access_token), 403, 'for the resource, without the scope')
})

t.test('T2 a malformed Authorization header is an error of the client, and a token elsewhere is none', async (t) => {
  const token = await adminToken(server, client)
  const call = aCaller(server, undefined)
  for (const authorization of [
    'Bearer',
    'Bearer ',
    'Basic abc',
    `Basic ${token}`,
    token,
    `Bearer ${token} x`,
    'Bearer a,b',
  ])
    t.equal((await call('/users', undefined, { authorization })).status, 401, authorization.slice(0, 20))
  t.equal((await call(`/users?access_token=${token}`)).status, 401, 'RFC 6750 §2.3: addresses end up in logs')
  t.equal((await call('/users', undefined, { cookie: 'tessera-session=tss_x' })).status, 401)
})

t.test('S22 a token that was revoked, or whose client is disabled, is refused at once', async (t) => {
  const token = await adminToken(server, client)
  t.equal(await statusOf(token), 200)
  await server.post('/oauth2/revoke', { token }, client)
  t.equal(await statusOf(token), 401)
  const passing = await anAdminClient(server)
  const other = await adminToken(server, passing)
  await server.stores.clients.disable(passing.client_id, server.clock.now())
  t.equal(await statusOf(other), 401)
  server.clock.advance({ seconds: 3 })
  const late = await adminToken(server, client)
  server.clock.advance({ seconds: 601 })
  t.equal(await statusOf(late), 401, 'expired')
})

t.test('a person administers through a client only while being an administrator', async (t) => {
  const root = await anAdministrator(server)
  const console = await anAdminClient(server, {
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://console.example/cb'],
    scope: `openid ${administratorScope}`,
  })
  const asked = { scope: `openid ${administratorScope}`, resource }
  const { access_token: token } = await server.logIn(root, console, asked)
  const call = aCaller(server, token)
  t.equal((await call('/users')).status, 200)
  const bob = await server.aPerson('bob')
  const target = { kind: 'user', id: bob.id }
  const { confirmation } = (await call('/revocations', { target, preview: true })).body
  t.equal((await call('/revocations', { target, preview: false, confirmation })).status, 200)
  t.match(await server.stores.events.list({ limit: 1 }), [
    { kind: 'revoked', userId: bob.id, detail: { by: root.id, byClient: console.client_id, through: 'api' } },
  ])

  await setAdmin(server, root, false)
  t.match(await call('/users'), { status: 403, body: { error: 'insufficient_scope' } }, 'the flag was withdrawn')
  t.equal((await call('/revocations', { target, preview: true })).status, 403)
  await setAdmin(server, root, true)
  t.equal((await call('/users')).status, 200)
  await server.stores.users.disable(root.id, server.clock.now())
  t.equal((await call('/users')).status, 401, 'disabled')

  const nobody = await server.logIn(await server.aPerson('carol'), console, asked)
  t.equal(await statusOf(nobody.access_token), 403, 'whoever is no administrator gets the scope and nothing by it')
})

t.test('O1 O7 metadata that is sent in cannot open the API; a client cannot widen what it has', async (t) => {
  const app = { client_name: 'An app', redirect_uris: ['https://app.example/cb'] }
  for (const scope of [administratorScope, `openid ${administratorScope}`, `a  ${administratorScope} b`])
    t.throws(() => checkMetadata({ ...app, scope }), { code: 'invalid_client_metadata' }, scope)
  t.ok(checkMetadata({ ...app, scope: `${administratorScope}x` }), 'another scope of a similar name')
  t.ok(checkMetadata({ ...app, scope: administratorScope }, 'operator'), 'the command line may')
  const open = { ...app, scope: administratorScope, token_endpoint_auth_method: 'none' }
  t.throws(
    () => checkMetadata(open, 'operator'),
    { code: 'invalid_client_metadata', mistakes: [{ field: 'scope', problem: /public client/ }] },
    'but not for a public client',
  )

  const plain = await server.anApp({ grant_types: ['client_credentials'], resources: [resource], scope: 'read' })
  for (const scope of [administratorScope, `read ${administratorScope}`]) {
    const form = { grant_type: 'client_credentials', scope }
    t.match(await server.post('/oauth2/token', form, plain), { status: 400, body: { error: 'invalid_scope' } })
  }
  t.equal(await statusOf(await adminToken(server, plain)), 403)
  const alice = await server.aPerson('alice-2')
  const web = await server.anApp({ resources: [resource] })
  const { to } = await server.authorize(alice, web, { scope: `openid ${administratorScope}` })
  t.equal(to.searchParams.get('error'), 'invalid_scope')
})

t.test('T12 a token for this API and for another one too is refused', async (t) => {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  const tokenFor = async (...resources: readonly string[]) => {
    form.delete('resource')
    for (const each of resources) form.append('resource', each)
    const { access_token: token } = (await server.post('/oauth2/token', form, client)).body
    t.type(token, 'string')
    return String(token)
  }
  t.equal(await statusOf(await tokenFor(resource)), 200)
  for (const mixed of [
    [resource, 'https://api.example'],
    ['https://api.example', resource],
  ]) {
    const { status, body } = await aCaller(server, await tokenFor(...mixed))('/users')
    t.match({ status, body }, { status: 401, body: { error: 'invalid_token' } }, mixed.join(' '))
  }
})

t.test('T12 a client that lost the scope or the resource loses the API at once', async (t) => {
  const metadata = {
    client_name: 'A program',
    grant_types: ['client_credentials'],
    scope: `${administratorScope} read`,
    resources: [resource, 'https://api.example'],
  }
  const program = await anAdminClient(server, metadata)
  const token = await adminToken(server, program, { resource })
  const update = (change: object) =>
    server.stores.clients.update(
      program.client_id,
      checkMetadata({ ...metadata, ...change }, 'operator'),
      server.clock.now(),
    )
  t.equal(await statusOf(token), 200)
  await update({ scope: 'read' })
  t.match(await aCaller(server, token)('/users'), { status: 403, body: { error: 'insufficient_scope' } })
  await update({ resources: ['https://api.example'] })
  t.match(await aCaller(server, token)('/users'), { status: 401, body: { error: 'invalid_token' } })
  await update({})
  t.equal(await statusOf(token), 200)
})
