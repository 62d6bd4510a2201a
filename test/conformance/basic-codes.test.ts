import t from 'tap'
import { claims } from '../support/server.ts'
import { aClient, aServerToTest, deliveries, titled } from './basic.ts'

const under = await aServerToTest(t)
const refused = { status: 400, body: { error: 'invalid_grant' } }

for (const delivery of deliveries) {
  const suite = aClient(under, delivery)
  const { server, discovery } = suite
  const app = await suite.anApp()

  t.test(titled('oidcc-codereuse', delivery, 'the second redemption is refused'), async (t) => {
    const login = await suite.logIn(t, app)
    t.match(await suite.redeem(app, login), refused)
  })

  t.test(titled('oidcc-codereuse-30seconds', delivery, 'refused, and what the first bought is dead'), async (t) => {
    const login = await suite.logIn(t, app)
    t.match(await suite.userinfo(login.tokens.body.access_token), { status: 200 })
    server.clock.advance({ seconds: 30 })
    t.match(await suite.redeem(app, login), refused)
    t.match(await suite.userinfo(login.tokens.body.access_token), { status: 401, body: { error: 'invalid_token' } })
  })

  t.test(
    titled('oidcc-refresh-token', delivery, 'new tokens of the same login, and for that client alone'),
    async (t) => {
      t.ok(String(discovery.grant_types_supported).includes('refresh_token'))
      const second = await suite.anApp({ redirect_uris: ['https://second.example/cb'] })
      const asking = { scope: 'openid offline_access', prompt: 'consent' }
      const present = (client: typeof app, token: unknown) =>
        server.post(suite.path('token_endpoint'), { grant_type: 'refresh_token', refresh_token: String(token) }, client)
      let issued: unknown
      for (const client of [app, second]) {
        const { tokens, idToken, saw, sent } = await suite.logIn(t, client, asking)
        t.ok(saw.includes('consent'), 'prompt=consent asks')
        t.match(tokens.body.refresh_token, /^[\x20-\x7e]+$/, 'RFC 6749 A.17')
        server.clock.advance({ seconds: 1 })
        const { status, headers, body } = await present(client, tokens.body.refresh_token)
        t.equal(status, 200, JSON.stringify(body))
        t.match(headers.get('cache-control'), /\bno-store\b/)
        t.not(body.access_token, tokens.body.access_token)
        // OIDC Core §12.2: of the ID token that a refresh brings.
        const nonce = 'nonce' in claims(body.id_token) ? sent.nonce : undefined
        const renewed = await suite.checkIdToken(t, body.id_token, client, nonce, body.access_token)
        for (const name of ['iss', 'sub', 'aud', 'auth_time']) t.equal(renewed[name], idToken[name], name)
        t.ok((renewed.iat ?? 0) > (idToken.iat ?? 0), 'iat is the time of the new one')
        t.match(await suite.userinfo(body.access_token), { status: 200, body: { sub: idToken.sub } })
        issued = body.refresh_token
      }
      t.match(await present(app, issued), refused, "client 2's refresh token is nothing to client 1")
      t.match(await present(second, issued), { status: 200 }, 'and stays what it is')
    },
  )
}
