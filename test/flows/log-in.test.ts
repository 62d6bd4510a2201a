import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { aServer, claims } from '../support/server.ts'

t.test('a person logs in to an app, and a resource server verifies the token with the public key alone', async (t) => {
  const server = await aServer(t)
  const alice = await server.aPerson('alice', {
    name: 'Alice Archer',
    email: 'alice@example.com',
    email_verified: true,
  })
  const app = await server.anApp({ resources: ['https://api.example'] })

  const { to, verifier } = await server.authorize(alice, app)
  t.equal(to.origin + to.pathname, 'https://app.example/cb')
  t.equal(to.searchParams.get('state'), 'the state')
  t.equal(to.searchParams.get('iss'), server.issuer, 'R12: iss in the response (RFC 9207)')

  const { status, body, headers } = await server.redeem(app, to.searchParams.get('code') ?? '', verifier)
  t.equal(status, 200, JSON.stringify(body))
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(body, { token_type: 'Bearer', expires_in: 600, scope: 'openid offline_access read' })

  const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify(String(body.access_token), keys, {
    issuer: server.issuer,
    audience: 'https://api.example',
    typ: 'at+jwt',
    algorithms: ['RS256'],
  })
  t.equal(protectedHeader.alg, 'RS256')
  t.match(payload, { sub: alice.id, client_id: app.client_id, scope: 'openid offline_access read', acr: '1' })
  t.match(payload.jti, /^[0-9a-f-]{36}\.1$/)

  const idToken = await jwtVerify(String(body.id_token), keys, { issuer: server.issuer, audience: app.client_id })
  t.match(idToken.payload, { sub: alice.id, nonce: 'the nonce', amr: ['pwd'], sid: payload.sid })

  const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${body.access_token}` })
  t.same(userinfo.body, { sub: alice.id }, 'no scope asked for more')

  t.match(await server.introspect(app, String(body.access_token)), { active: true, sub: alice.id })
})

t.test('a refresh gives the next pair, and the last one lives on to its own expiry', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp()
  const first = await server.logIn(await server.aPerson(), app)

  server.clock.advance({ seconds: 5 })
  const { status, body } = await server.refresh(app, first.refresh_token)
  t.equal(status, 200, JSON.stringify(body))
  t.not(body.refresh_token, first.refresh_token)
  t.match(claims(body.access_token).jti, /\.2$/)
  t.match(await server.introspect(app, first.access_token), { active: true })
  t.match(await server.introspect(app, String(body.access_token)), { active: true })
})

t.test('a retry after a lost response gets the same pair (FAPI 2.0 §5.3.2.1)', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp()
  const { refresh_token } = await server.logIn(await server.aPerson(), app)

  const lost = await server.refresh(app, refresh_token)
  server.clock.advance({ seconds: 30 })
  const retried = await server.refresh(app, refresh_token)
  t.equal(retried.status, 200, JSON.stringify(retried.body))
  t.equal(retried.body.refresh_token, lost.body.refresh_token)
  t.equal(retried.body.access_token, lost.body.access_token, 'RS256 makes it equal in bytes')
  t.equal(retried.body.expires_in, 570)
})

t.test('a replay kills the family and what it bought, once', async (t) => {
  const server = await aServer(t)
  const app = await server.anApp()
  const stolen = await server.logIn(await server.aPerson(), app)
  const owner = await server.refresh(app, stolen.refresh_token)

  server.clock.advance({ seconds: 61 })
  for (const attempt of [1, 2, 3]) {
    const replay = await server.refresh(app, stolen.refresh_token)
    t.match(replay, { status: 400, body: { error: 'invalid_grant' } }, `replay ${attempt}`)
  }
  t.match(await server.refresh(app, String(owner.body.refresh_token)), {
    status: 400,
    body: { error: 'invalid_grant' },
  })
  t.same(await server.introspect(app, String(owner.body.access_token)), { active: false })
  const events = await server.stores.events.list({ limit: 10 })
  t.equal(events.filter(({ kind }) => kind === 'family_revoked').length, 1, 'one event however many replays')
})

t.test('client_credentials touches no family, and its token has no person', async (t) => {
  const server = await aServer(t)
  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })
  const { status, body } = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  t.equal(status, 200, JSON.stringify(body))
  const token = claims(body.access_token)
  t.match(token, { sub: machine.client_id, client_id: machine.client_id, aud: 'https://api.example', scope: 'read' })
  t.notMatch(String(token.jti), /\./)
  t.notOk(body.refresh_token)
})
