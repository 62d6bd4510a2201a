import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/storage/database.ts'
import { aCable, type Cable } from '../support/cable.ts'
import { aDatabase } from '../support/database.ts'
import { type Answer, type App, aServer, type Person, type TestServer, type Tokens } from '../support/server.ts'
import { until } from '../support/until.ts'

/** The server reaches its database through a cable; the test has a connection of its own. */
const aServerOnACable = async (t: Test) => {
  const direct = await aDatabase(t)
  const cable = await aCable(t, direct.url)
  const database = openDatabase({ url: cable.url, poolSize: 5, statementTimeoutMs: 3000, onError: () => {} })
  t.teardown(() => database.close())
  const server = await aServer(t, { on: { url: cable.url, database } })
  return { server, cable }
}
type Story = {
  server: TestServer
  cable: Cable
  alice: Person
  app: App
  tokens: Tokens
  code: string
  verifier: string
}

const aStory = async (t: Test): Promise<Story> => {
  const { server, cable } = await aServerOnACable(t)
  const alice = await server.aPerson()
  const app = await server.anApp({ first_party: true, resources: ['https://api.example'] })
  const visitor = server.visitor()
  const tokens = await server.logIn(alice, app, {}, visitor)
  const { to, verifier } = await server.authorize(alice, app, {}, visitor)
  return { server, cable, alice, app, tokens, code: to.searchParams.get('code') ?? '', verifier }
}

const isAway = (t: Test, { status, headers, body }: Answer, what: string) => {
  t.equal(status, 503, what)
  t.match(body, { error: 'temporarily_unavailable', error_description: String, error_id: String }, what)
  t.ok(Number(headers.get('retry-after')) > 0, `${what}: Retry-After`)
  t.equal(headers.get('cache-control'), 'no-store')
}

/** Until the server has found out by itself that its database is back. */
const recovered = (server: TestServer) =>
  until(async () => {
    // The held clock stands still, so only the database's part of readiness can come back.
    const { checks } = (await server.get('/health/ready')).body
    return typeof checks === 'object' && checks !== null && 'database' in checks && checks.database === 'ok'
  }, 'the server')

for (const how of ['cut', 'choke'] as const)
  t.test(
    `T19 unavailable: the database is ${how === 'cut' ? 'away' : 'silent'}, and nobody is logged out`,
    async (t) => {
      const { server, cable, app, tokens, code, verifier } = await aStory(t)
      const published = await server.get('/.well-known/jwks.json')
      await cable[how]()

      const [refreshed, redeemed, introspected, revoked, userinfo, ready] = await Promise.all([
        server.refresh(app, tokens.refresh_token),
        server.redeem(app, code, verifier),
        server.post('/oauth2/introspect', { token: tokens.access_token }, app),
        server.post('/oauth2/revoke', { token: tokens.refresh_token }, app),
        server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` }),
        server.get('/health/ready'),
      ])
      isAway(t, refreshed, 'refresh')
      isAway(t, redeemed, 'code')
      isAway(t, introspected, 'introspection says neither active nor inactive')
      isAway(t, revoked, 'a revocation that did not happen is not acknowledged (RFC 7009 §2.2.1)')
      isAway(t, userinfo, 'userinfo')
      t.equal(ready.status, 503, 'readiness goes')
      t.match(ready.body, { status: 'not ready', checks: { database: 'failed', keys: 'ok' } })

      t.match(await server.get('/health/live'), { status: 200 }, 'but it lives')
      t.same((await server.get('/.well-known/jwks.json')).body, published.body, 'keys are served')
      t.match(await server.get('/.well-known/openid-configuration'), { status: 200, body: { issuer: server.issuer } })

      const browser = server.visitor()
      for (const path of [server.authorizeUrl(app).url, '/login?interaction=x', '/account']) {
        const page = await browser.visit(path)
        t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8', path.slice(0, 60))
        t.match(page.html, /error-page|login-form|id="/, 'a page, not JSON')
        if (page.status >= 500) {
          t.equal(page.status, 503)
          t.ok(Number(page.headers.get('retry-after')) > 0)
          t.notMatch(page.html, /ECONN[A-Z]{5}|postgres|at .*\.ts:/)
        }
      }
      t.equal(
        (await browser.visit(server.authorizeUrl(app).url)).status,
        503,
        'the authorization endpoint has a page for it',
      )

      await cable.mend()
      await recovered(server)
      t.match(
        await server.refresh(app, tokens.refresh_token),
        { status: 200 },
        'the same refresh token, without a restart',
      )
      t.match(await server.redeem(app, code, verifier), { status: 200 }, 'and the same code')
      t.match(await server.introspect(app, tokens.access_token), { active: true })
      t.ok(await server.logIn(await server.aPerson('bob'), app), 'people log in again')
      const blamed = server
        .log()
        .split('\n')
        .filter((line) => line.includes('invalid_grant'))
      t.same(blamed, [], 'nothing was ever called a bad grant')
    },
  )

t.test('T19 an outage in the middle of many refreshes: 200 or 503, and afterwards one pair', async (t) => {
  const { server, cable, app, tokens } = await aStory(t)
  const many = Array.from({ length: 30 }, async (_, index) => {
    await sleep(index * 3)
    return server.refresh(app, tokens.refresh_token)
  })
  await sleep(40)
  await cable.cut()
  const answers = await Promise.all(many)
  for (const { status, body } of answers) t.ok([200, 503].includes(status), `${status} ${body.error ?? ''}`)
  await cable.mend()
  await recovered(server)
  const after = await server.refresh(app, tokens.refresh_token)
  t.equal(after.status, 200, 'who got no answer asks again')
  const pairs = [after, ...answers].filter(({ status }) => status === 200).map(({ body }) => body.refresh_token)
  t.equal(new Set(pairs).size, 1)
})
