import t from 'tap'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const origin = 'https://spa.example'
const evil = 'https://evil.example'
const app = await server.anApp({
  first_party: true,
  token_endpoint_auth_method: 'none',
  redirect_uris: ['https://app.example/cb'],
  allowed_origins: [origin],
})
const allowed = (headers: Headers) => headers.get('access-control-allow-origin')
const refreshForm = (refresh_token: string) => ({ grant_type: 'refresh_token', refresh_token })

t.test('T23 a preflight, which carries no client, is allowed to the endpoints an app calls', async (t) => {
  for (const path of ['/oauth2/token', '/oauth2/device_authorization', '/oauth2/revoke', '/oauth2/userinfo']) {
    const response = await fetch(server.issuer + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
    })
    t.equal(response.status, 204, path)
    t.match(response.headers.get('access-control-allow-methods'), /POST/)
    t.match(response.headers.get('access-control-allow-headers'), /DPoP/)
    t.equal(response.headers.get('access-control-allow-credentials'), null, 'no credentials')
  }
})

t.test('T23 pages, introspection and logout have no CORS', async (t) => {
  for (const path of [
    '/oauth2/authorize',
    '/login',
    '/consent',
    '/device',
    '/oauth2/logout',
    '/account',
    '/oauth2/introspect',
    '/',
  ]) {
    for (const method of ['OPTIONS', 'GET', 'POST']) {
      const response = await fetch(server.issuer + path, { method, headers: { origin }, redirect: 'manual' })
      t.equal(allowed(response.headers), null, `${method} ${path}`)
    }
  }
})

t.test('T23 the answer is readable for an origin of this client alone, errors too', async (t) => {
  const { refresh_token } = await server.logIn(alice, app)
  for (const own of [origin, 'https://app.example']) {
    const good = await server.post('/oauth2/token', refreshForm(refresh_token), app, { origin: own })
    t.equal(good.status, 200)
    t.equal(allowed(good.headers), own)
    t.match(good.headers.get('vary'), /Origin/i)
    t.match(good.headers.get('access-control-expose-headers'), /WWW-Authenticate/)
    t.equal(good.headers.get('access-control-allow-credentials'), null)
    const bad = await server.post('/oauth2/token', refreshForm('junk'), app, { origin: own })
    t.equal(bad.status, 400)
    t.equal(allowed(bad.headers), own, 'an error can be read as well')
  }
  for (const other of [
    evil,
    'null',
    `${origin}.evil.example`,
    `${origin}:8443`,
    'http://spa.example',
    origin.toUpperCase(),
  ]) {
    for (const token of [refresh_token, 'junk']) {
      const answer = await server.post('/oauth2/token', refreshForm(token), app, { origin: other })
      t.equal(allowed(answer.headers), null, other)
    }
  }
  const stranger = await server.post('/oauth2/token', refreshForm('x'), { ...app, client_id: 'nobody' }, { origin })
  t.equal(allowed(stranger.headers), null, 'an unknown client has no origins')
})

t.test(
  'T23 what is refused before its client is known can be read as well: it says nothing about anybody',
  async (t) => {
    const form = 'application/x-www-form-urlencoded'
    const bodies = [
      [413, 'the body is too large', `token=${'x'.repeat(100_000)}`, form],
      [415, 'the body is no form', '{}', 'application/json'],
      [415, 'another character set', 'a=b', `${form}; charset=utf-16`],
      [400, 'too many parameters', 'a&'.repeat(600), form],
      [400, 'a parameter twice', `client_id=${app.client_id}&client_id=${app.client_id}`, form],
    ] as const
    for (const path of ['/oauth2/token', '/oauth2/device_authorization', '/oauth2/revoke', '/oauth2/userinfo'])
      for (const [status, why, body, type] of bodies) {
        const headers = { origin, 'content-type': type }
        const response = await fetch(server.issuer + path, { method: 'POST', headers, body })
        if (path === '/oauth2/userinfo' && status === 400) t.ok(response.status >= 400, why)
        else t.equal(response.status, status, `${path}: ${why}`)
        t.equal(allowed(response.headers), '*', `${path}: ${why}`)
        t.match(response.headers.get('access-control-expose-headers'), /X-Request-Id/)
        t.equal(response.headers.get('access-control-allow-credentials'), null)
      }
    const introspection = await fetch(`${server.issuer}/oauth2/introspect`, {
      method: 'POST',
      headers: { origin },
      body: '{}',
    })
    t.equal(allowed(introspection.headers), null, 'where no CORS is promised there is none')
  },
)

t.test('T23 an origin of another client is a stranger', async (t) => {
  const other = await server.anApp({ token_endpoint_auth_method: 'none', allowed_origins: [evil] })
  const answer = await server.post('/oauth2/token', refreshForm('junk'), other, { origin })
  t.equal(allowed(answer.headers), null)
  t.equal(allowed((await server.post('/oauth2/revoke', { token: 'x' }, other, { origin: evil })).headers), evil)
})

t.test('T23 public documents and userinfo are for every origin, without credentials, errors too', async (t) => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json', '/oauth2/userinfo']) {
    const { headers } = await server.get(path, { origin: evil })
    t.equal(allowed(headers), '*', path)
    t.equal(headers.get('access-control-allow-credentials'), null)
  }
  const { headers } = await server.post('/oauth2/userinfo', {}, undefined, { origin, 'content-type': 'text/plain' })
  t.equal(allowed(headers), '*', 'a body that is not read')
})
