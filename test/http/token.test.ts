import t from 'tap'
import { dumpOf } from '../support/dump.ts'
import { aServer, claims } from '../support/server.ts'
import { api, grant, machineMetadata, malformed, refusedClient } from '../support/token-requests.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const machine = await server.anApp(machineMetadata)
const app = await server.anApp({ first_party: true, resources: [api] })
const dump = () => dumpOf(server.databaseUrl)

t.test('T3 every answer of the token endpoint says no-store', async (t) => {
  for (const answer of [
    await server.post('/oauth2/token', grant, machine),
    await server.post('/oauth2/token', grant),
    await server.post('/oauth2/token', {}, machine),
    await server.post('/oauth2/token', new URLSearchParams('a=1&a=2')),
    await server.post('/oauth2/token', grant, machine, { 'content-type': 'text/plain' }),
  ])
    t.equal(answer.headers.get('cache-control'), 'no-store', String(answer.status))
})

t.test('T9 grant types: not allowed, password, unknown, missing, twice', async (t) => {
  const before = await dump()
  const ask = (form: Record<string, string> | string, who = machine) =>
    server.post('/oauth2/token', new URLSearchParams(form), who)
  t.match(await ask({ grant_type: 'authorization_code', code: 'x' }), {
    status: 400,
    body: { error: 'unauthorized_client' },
  })
  t.match(await ask(grant, app), { status: 400, body: { error: 'unauthorized_client' } })
  const unsupported = { status: 400, body: { error: 'unsupported_grant_type' } }
  for (const grant_type of [
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'CLIENT_CREDENTIALS',
    'client_credentials ',
    '__proto__',
    'constructor',
  ])
    t.match(await ask({ grant_type, username: 'alice', password: alice.password }), unsupported, grant_type)
  t.match(await ask({}), malformed)
  t.match(await ask({ grant_type: '' }), malformed, 'empty is omitted')
  t.match(await ask('grant_type=client_credentials&grant_type=client_credentials'), malformed, 'R7')
  t.match(await ask('grant_type[]=client_credentials'), malformed)
  t.match(await server.post('/oauth2/token?grant_type=client_credentials', {}, machine), malformed, 'in the address')
  t.match(await server.get('/oauth2/token'), { status: 405, body: { error: 'invalid_request' } })
  t.equal(await dump(), before)
})

t.test('T11 resources', async (t) => {
  const two = await server.anApp({ ...machineMetadata, resources: [api, 'https://files.example'] })
  const ask = (resources: readonly string[], who = two) =>
    server.post(
      '/oauth2/token',
      new URLSearchParams([['grant_type', 'client_credentials'], ...resources.map((one) => ['resource', one])]),
      who,
    )
  t.equal(claims((await ask([])).body.access_token).aud, api, 'the default one')
  t.equal(claims((await ask(['https://files.example'])).body.access_token).aud, 'https://files.example')
  t.same(claims((await ask([api, 'https://files.example'])).body.access_token).aud, [api, 'https://files.example'])
  const invalid = { status: 400, body: { error: 'invalid_target' } }
  for (const resource of [
    'https://unknown.example',
    `${api}/`,
    'HTTPS://API.EXAMPLE',
    '/api',
    'api',
    `${api}#f`,
    `${api}#`,
    'https://api.example@evil.example',
    'javascript:alert(1)',
    "https://api.example' OR 1=1",
  ])
    t.match(await ask([resource]), invalid, resource)
  t.match(await ask([api, 'https://unknown.example']), invalid, 'one of two')
  t.match(await ask(Array.from({ length: 90 }, (_, index) => `https://r${index}.example`)), invalid)
  t.equal((await ask(Array.from({ length: 100 }, () => api))).status, 400, 'a hundred')
  t.match(await ask(['https://files.example'], machine), invalid, "another client's resource")
})

t.test('T12 an access token is what RFC 9068 says', async (t) => {
  const { access_token, id_token } = await server.logIn(alice, app, {}, visitor)
  const [header = ''] = access_token.split('.')
  t.match(JSON.parse(Buffer.from(header, 'base64url').toString()), { typ: 'at+jwt', alg: 'RS256', kid: String })
  const token = claims(access_token)
  t.match(token, { iss: server.issuer, aud: api, sub: alice.id, client_id: app.client_id, jti: /\.1$/ })
  t.equal(Number(token.exp) - Number(token.iat), 600)

  const before = await dump()
  for (const assertion of [access_token, id_token]) {
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const asserted = { ...grant, client_assertion_type, client_assertion: assertion }
    t.match(await server.post('/oauth2/token', asserted), refusedClient, 'neither is a client assertion')
    t.match(await server.refresh(app, assertion), { status: 400, body: { error: 'invalid_grant' } })
  }
  t.equal(await dump(), before)
})

t.test('T13 a client token: its subject is the client, which cannot be a person', async (t) => {
  const { body } = await server.post('/oauth2/token', { ...grant, scope: 'read' }, machine)
  t.same(Object.keys(body).sort(), ['access_token', 'expires_in', 'scope', 'token_type'], 'RFC 6749 §4.4.3')
  t.match(claims(body.access_token), { sub: machine.client_id, client_id: machine.client_id })
  t.notMatch(machine.client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-/)
  for (const name of ['sid', 'auth_time', 'acr']) t.notOk(name in claims(body.access_token), name)
  for (const scope of ['openid', 'offline_access', 'admin', 'read write'])
    t.match(await server.post('/oauth2/token', { ...grant, scope }, machine), {
      status: 400,
      body: { error: 'invalid_scope' },
    })
  const before = await dump()
  for (let index = 0; index < 5; index++) await server.post('/oauth2/token', grant, machine)
  t.equal(await dump(), before, 'it touches no row at all')
})
