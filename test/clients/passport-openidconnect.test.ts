import { Agent } from 'node:https'
import { createRequire } from 'node:module'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import t, { type Test } from 'tap'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import { aVisitor } from '../support/visitor.ts'
import { walk, walkBack } from '../support/walk.ts'

/** What a verify function is given; the library has no types of its own. */
type Profile = { readonly id: string; readonly displayName?: string }
type Done = (error: Error | null, user?: object) => void
type Verify = (
  issuer: string,
  profile: Profile,
  context: object,
  idToken: string,
  accessToken: string,
  refreshToken: string | undefined,
  parameters: object,
  done: Done,
) => void
type StrategyConstructor = new (options: Record<string, unknown>, verify: Verify) => passport.Strategy
const OpenIDConnectStrategy: StrategyConstructor = createRequire(import.meta.url)('passport-openidconnect')

const server = await aTlsServer(t)
const alice = await server.aPerson('alice', { name: 'Alice Archer' })
const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()

/** An app as its documentation has it: it sends state and nonce, and knows neither PKCE nor `iss`. */
const aPassportApp = async (t: Test, registration: Record<string, unknown>) => {
  let app = { client_id: '', secret: '' as string | undefined, redirectUri: '' }
  const url = await anHttpsApp(t, server.certificate, (address) => {
    const site = express()
    const authenticator = new passport.Passport()
    site.use(session({ secret: 'only a test', resave: false, saveUninitialized: true, cookie: { secure: true } }))
    site.get('/login', (request, response, next) =>
      authenticator.authenticate(strategy(address))(request, response, next),
    )
    site.get('/cb', (request, response, next) =>
      authenticator.authenticate(strategy(address), { session: false })(request, response, next),
    )
    site.get('/cb', (request, response) => void response.json(request.user))
    const failed: ErrorRequestHandler = ({ name, code, message }, _request, response, _next) =>
      void response.status(500).json({ name, code, message })
    site.use(failed)
    return site
  })
  const strategy = (address: string) =>
    new OpenIDConnectStrategy(
      {
        issuer: server.issuer,
        authorizationURL: metadata.authorization_endpoint,
        tokenURL: metadata.token_endpoint,
        userInfoURL: metadata.userinfo_endpoint,
        clientID: app.client_id,
        clientSecret: app.secret,
        callbackURL: `${address}/cb`,
        scope: ['profile', 'offline_access'],
        nonce: true,
        maxAge: 300,
        skipUserProfile: false,
        agent: new Agent({ ca: server.certificate.ca }),
      },
      (issuer, profile, _context, idToken, accessToken, refreshToken, _parameters, done) =>
        done(null, { issuer, profile, idToken, accessToken, refreshToken }),
    )
  app = await server.anApp({
    redirect_uris: [`${url}/cb`],
    post_logout_redirect_uris: [`${url}/bye`],
    token_endpoint_auth_method: 'client_secret_post',
    ...registration,
  })
  return { url, app }
}

type Shown = {
  readonly issuer: string
  readonly profile: Profile
  readonly idToken: string
  readonly accessToken: string
  readonly refreshToken: string
}

t.test('without PKCE, by a confidential client whose setting is pkce=optional (RFC 9700 §2.1.1)', async (t) => {
  const { url, app } = await aPassportApp(t, { pkce: 'optional' })
  const atApp = aVisitor(url)
  const atServer = server.visitor()
  const { leaves: asked } = await atApp.visit('/login')
  t.equal(asked?.searchParams.get('code_challenge'), null)
  const back = await walkBack(atServer, alice, asked ?? '')
  const { status, html } = await atApp.visit(back.href)
  t.equal(status, 200, html)
  const shown: Shown = JSON.parse(html)
  t.match(shown, { issuer: server.issuer, profile: { id: alice.id, displayName: 'Alice Archer' } })

  server.clock.advance({ seconds: 1 })
  const refreshed = await server.post('/oauth2/token', {
    grant_type: 'refresh_token',
    refresh_token: shown.refreshToken,
    client_id: app.client_id,
    client_secret: app.secret ?? '',
  })
  t.equal(refreshed.status, 200, JSON.stringify(refreshed.body))

  const query = new URLSearchParams({ id_token_hint: shown.idToken, post_logout_redirect_uri: `${url}/bye` })
  const { leaves: bye } = await atServer.visit(`${metadata.end_session_endpoint}?${query}`)
  t.equal(bye?.href, `${url}/bye`)
})

t.test('P1 where PKCE is required, the error names the setting that is meant', async (t) => {
  const { url } = await aPassportApp(t, {})
  const atApp = aVisitor(url)
  const { leaves: asked } = await atApp.visit('/login')
  const { leaves: back } = await walk(server.visitor(), alice, asked ?? '')
  t.equal(back?.searchParams.get('error'), 'invalid_request')
  const { status, html } = await atApp.visit(back?.href ?? '')
  t.equal(status, 500)
  t.match(JSON.parse(html), { name: 'AuthorizationError', code: 'invalid_request', message: /pkce=optional/ })
})

t.test('the library checks its state: an answer to a browser that did not ask is refused', async (t) => {
  const { url } = await aPassportApp(t, { pkce: 'optional' })
  const { leaves: asked } = await aVisitor(url).visit('/login')
  const back = await walkBack(server.visitor(), alice, asked ?? '')
  t.equal((await aVisitor(url).visit(back.href)).status, 403)
})
