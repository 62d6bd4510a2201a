import { request as httpRequest } from 'node:http'
import t from 'tap'
import { aServer } from '../support/server.ts'
import { otherwiseSigned } from '../support/signed.ts'

const server = await aServer(t)
const person = {
  name: 'Alice Archer',
  email: 'alice@example.com',
  email_verified: true,
  phone_number: '+1',
  nickname: 'al',
}
const alice = await server.aPerson('alice', { ...person, secret_note: 'ours', sub: 'mallory' })
const visitor = server.visitor()
const app = await server.anApp({ first_party: true, scope: 'openid profile email phone offline_access read' })
const logIn = (parameters?: Record<string, string>) => server.logIn(alice, app, parameters, visitor)
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const ask = (token: string) => server.get('/oauth2/userinfo', bearer(token))
const unauthorized = { status: 401, body: { error: 'invalid_token' } }

t.test('the scope says which claims (OIDC Core §5.4), and sub is always the person', async (t) => {
  for (const [scope, wanted] of [
    ['openid', {}],
    ['openid email', { email: person.email, email_verified: true }],
    ['openid profile', { name: person.name, nickname: 'al' }],
    ['openid profile email phone', person],
  ] as const) {
    const { access_token } = await logIn({ scope })
    const { status, headers, body } = await ask(access_token)
    t.equal(status, 200)
    t.same(body, { sub: alice.id, ...wanted }, scope)
    t.equal(headers.get('cache-control'), 'no-store')
  }
})

t.test('the claims parameter (OIDC Core §5.5) asks for single claims, and for nothing that is ours', async (t) => {
  const claims = JSON.stringify({ userinfo: { email: null, secret_note: { essential: true }, password_hash: null } })
  const bare = await logIn({ scope: 'openid', claims })
  t.same((await ask(bare.access_token)).body, { sub: alice.id }, 'S7 no scope asked for an e-mail address')
  const { body } = await ask((await logIn({ scope: 'openid email', claims })).access_token)
  t.match(body, { sub: alice.id, email: person.email })
  t.notOk('secret_note' in body || 'password_hash' in body || 'name' in body)
})

t.test('T12 only an access token of a person opens it', async (t) => {
  const { access_token, id_token, refresh_token } = await logIn()
  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })
  const { body } = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  for (const [why, token] of [
    ['an ID token', id_token],
    ['a refresh token', refresh_token],
    ['a client token', String(body.access_token)],
    ['a changed one', otherwiseSigned(access_token)],
    ['junk', 'junk'],
  ] as const) {
    const answer = await ask(token)
    t.match(answer, unauthorized, why)
    t.match(answer.headers.get('www-authenticate'), /^Bearer error="invalid_token"/, 'T3')
    t.equal(answer.headers.get('cache-control'), 'no-store')
  }
  const narrow = await logIn({ scope: 'read', resource: '' }).catch(() => undefined)
  if (narrow) t.match(await ask(narrow.access_token), { status: 403, body: { error: 'insufficient_scope' } })
})

t.test('T2 malformed Authorization headers', async (t) => {
  const { access_token } = await logIn()
  for (const authorization of [
    'Bearer',
    'Bearer ',
    'Basic x',
    'Bearer a b',
    `bearer\t${access_token}`,
    'Bearer ===',
    ',',
  ])
    t.match(await server.get('/oauth2/userinfo', { authorization }), unauthorized, JSON.stringify(authorization))
  const nothing = await server.get('/oauth2/userinfo')
  t.match(nothing, unauthorized)
  // RFC 6750 §3: nothing that a header could not carry.
  for (const { headers } of [nothing, await server.get('/oauth2/userinfo', { authorization: 'Basic x' })]) {
    const [bearer, dpop] = headers.get('www-authenticate')?.split(/, (?=DPoP )/) ?? []
    t.equal(bearer, `Bearer realm="${server.issuer}"`, 'RFC 6750 §3.1: no error code for who showed no token')
    t.match(dpop, /^DPoP realm="[^"]+", algs="ES256 [\w ]+"$/, 'RFC 9449 §7.1: each scheme that is served')
  }
  t.match(
    (await server.get('/oauth2/userinfo', { authorization: 'Bearer a b' })).headers.get('www-authenticate'),
    /^Bearer error="invalid_token", error_description="[\x20-\x21\x23-\x5B\x5D-\x7E]+"$/,
  )
  const inBody = await server.post('/oauth2/userinfo', { access_token: 'junk' })
  t.match(inBody.headers.get('www-authenticate'), /^Bearer error="invalid_token"/, 'one in a body was shown')
  t.match(nothing.body.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/, 'RFC 6749 §5.2')
  t.match(await server.get(`/oauth2/userinfo?access_token=${access_token}`), unauthorized, 'never in the address')
  t.match(await server.get('/oauth2/userinfo', { authorization: `bearer ${access_token}` }), { status: 200 })

  const { hostname, port } = new URL(server.issuer)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = ['Host', 'x', 'Authorization', `Bearer ${access_token}`, 'Authorization', 'Bearer other']
    const outgoing = httpRequest({ hostname, port, path: '/oauth2/userinfo', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
  t.equal(status, 400, 'two Authorization headers')
})

t.test('RFC 6750 §2.2: the token in the body of a form, and in one place only', async (t) => {
  const { access_token } = await logIn()
  t.match(await server.post('/oauth2/userinfo', { access_token }), { status: 200, body: { sub: alice.id } })
  t.match(await server.post('/oauth2/userinfo', {}, undefined, bearer(access_token)), { status: 200 })
  t.match(await server.post('/oauth2/userinfo', { access_token }, undefined, bearer(access_token)), {
    status: 400,
    body: { error: 'invalid_request' },
  })
  t.match(await server.post('/oauth2/userinfo', new URLSearchParams(`access_token=${access_token}&access_token=x`)), {
    status: 400,
    body: { error: 'invalid_request' },
  })
})

t.test('T16 S22 expired, revoked, logged out, disabled', async (t) => {
  const expired = await logIn()
  server.clock.advance({ seconds: 600 })
  t.match(await ask(expired.access_token), unauthorized, 'expired')

  const revoked = await logIn()
  await server.post('/oauth2/revoke', { token: revoked.refresh_token }, app)
  t.match(await ask(revoked.access_token), unauthorized, 'revoked')

  const device = server.visitor()
  const bob = await server.aPerson('bob')
  const bound = await server.logIn(bob, app, { scope: 'openid' }, device)
  await device.visit('/oauth2/logout')
  await device.submit('logout-form', {}, 'logout-confirm')
  t.match(await ask(bound.access_token), unauthorized, 'logged out')

  const again = await server.logIn(bob, app)
  await server.stores.users.disable(bob.id, server.clock.now())
  t.match(await ask(again.access_token), unauthorized, 'disabled')
})
