import Fastify from 'fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { numericDate } from '../../src/clock.ts'
import { demoApi } from '../../src/http/demo/api.ts'

const issuer = 'http://localhost:3000'
const audience = `${issuer}/demo/api`
const now = new Date('2026-03-01T12:00:00Z')
const { privateKey, publicKey } = await generateKeyPair('RS256')
const other = await generateKeyPair('RS256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }

const anApi = async (t: Test, keys: () => Promise<Response> = async () => Response.json({ keys: [jwk] })) => {
  const app = Fastify()
  await app.register(demoApi, {
    issuer,
    audience,
    scope: 'demo:read',
    jwksUri: `${issuer}/.well-known/jwks.json`,
    clock: { now: () => now },
    fetch: keys,
  })
  t.teardown(() => app.close())
  return (token?: string) =>
    app.inject({ url: '/demo/api/hello', headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
}

const aToken = (claims: Record<string, unknown> = {}, header: Record<string, string> = {}, key = privateKey) =>
  new SignJWT({
    iss: issuer,
    sub: 'alice',
    aud: audience,
    client_id: 'demo-app',
    jti: 'x',
    iat: numericDate(now),
    exp: numericDate(now) + 60,
    scope: 'openid demo:read',
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'one', ...header })
    .sign(key)

t.test('RFC 9068 §4: the demo API answers a token for it, by the public keys alone', async (t) => {
  const call = await anApi(t)
  const answer = await call(await aToken())
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { hello: 'alice', client_id: 'demo-app', scope: 'openid demo:read' })
  t.match(answer.headers, { 'content-type': /json/, 'cache-control': 'no-store' })
  t.equal((await call(await aToken({ aud: ['https://other.example', audience] }))).statusCode, 200)
})

t.test('RFC 6750 §3: without a token no error is told', async (t) => {
  const call = await anApi(t)
  const answer = await call()
  t.equal(answer.statusCode, 401)
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="demo"')
  t.match(answer.headers['content-type'], /json/)
})

t.test('RFC 6750 §3.1: a token that is not good is invalid_token', async (t) => {
  const call = await anApi(t)
  const bad: Readonly<Record<string, string>> = {
    'not a token': 'x',
    'of another key': await aToken({}, {}, other.privateKey),
    'of an unknown kid': await aToken({}, { kid: 'two' }),
    expired: await aToken({ exp: numericDate(now) - 1 }),
    'without an expiry': await aToken({ exp: undefined }),
    'without a client': await aToken({ client_id: undefined }),
    'of another issuer': await aToken({ iss: 'https://evil.example' }),
    'for another API': await aToken({ aud: 'https://other.example' }),
    'an ID token': await aToken({}, { typ: 'JWT' }),
    'of another algorithm': await new SignJWT({ iss: issuer, aud: audience, scope: 'demo:read' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'one' })
      .sign(Buffer.alloc(32, 1)),
    unsigned: `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
  }
  for (const [what, token] of Object.entries(bad)) {
    const answer = await call(token)
    t.equal(answer.statusCode, 401, what)
    t.match(answer.headers['www-authenticate'], /^Bearer realm="demo", error="invalid_token"/, what)
    t.match(answer.json(), { error: 'invalid_token' }, what)
  }
})

t.test('RFC 6750 §3.1: a token without the scope is insufficient_scope', async (t) => {
  const call = await anApi(t)
  for (const scope of ['openid', 'demo:reader', undefined]) {
    const answer = await call(await aToken({ scope }))
    t.equal(answer.statusCode, 403)
    t.match(answer.headers['www-authenticate'], /error="insufficient_scope".*scope="demo:read"/)
  }
})

t.test('keys that cannot be read are no fault of the token', async (t) => {
  const broken: readonly (() => Promise<Response>)[] = [
    async () => new Response('gone', { status: 500 }),
    async () => {
      throw new TypeError('fetch failed')
    },
  ]
  for (const keys of broken) {
    const call = await anApi(t, keys)
    const answer = await call(await aToken())
    t.equal(answer.statusCode, 503)
    t.equal(answer.headers['www-authenticate'], undefined)
    t.match(answer.json(), { error: 'temporarily_unavailable' })
  }
})
