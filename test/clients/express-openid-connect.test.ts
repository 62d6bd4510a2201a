import express, { type ErrorRequestHandler } from 'express'
import openidConnect from 'express-openid-connect'
import t, { type Test } from 'tap'
import { type App, claims } from '../support/server.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import { aVisitor, type Visitor } from '../support/visitor.ts'
import { walk, walkBack } from '../support/walk.ts'

const server = await aTlsServer(t)
const alice = await server.aPerson('alice', { name: 'Alice Archer' })
const { auth, requiresAuth } = openidConnect
const scope = 'openid profile offline_access read'

/** An app as its documentation has it: the middleware, its own encrypted session cookie, and three routes. */
const anExpressApp = async (t: Test, registration: Record<string, unknown>, responseMode: 'query' | 'form_post') => {
  let app: App = { client_id: '', secret: undefined, redirectUri: '' }
  const site = express()
  const url = await anHttpsApp(t, server.certificate, () => site)
  app = await server.anApp({
    redirect_uris: [`${url}/callback`],
    post_logout_redirect_uris: [`${url}/bye`],
    ...registration,
  })
  site.use(
    auth({
      issuerBaseURL: server.issuer,
      baseURL: url,
      clientID: app.client_id,
      ...(app.secret !== undefined && { clientSecret: app.secret }),
      clientAuthMethod: String(registration.token_endpoint_auth_method),
      secret: 'a secret of the app that is long enough',
      authRequired: false,
      idpLogout: true,
      routes: { postLogoutRedirect: '/bye' },
      authorizationParams: { response_type: 'code', response_mode: responseMode, scope },
    }),
  )
  site.get('/me', requiresAuth(), async (request, response) => {
    response.json({ claims: request.oidc.user, userinfo: await request.oidc.fetchUserInfo() })
  })
  site.get('/tokens', (request, response) => {
    const { idToken, accessToken, refreshToken } = request.oidc
    response.json({ idToken, refreshToken, accessToken: accessToken?.access_token })
  })
  site.get('/refresh', async (request, response) => {
    const refreshed = await request.oidc.accessToken?.refresh()
    response.json({ accessToken: refreshed?.access_token })
  })
  site.get('/', (_request, response) => void response.send('home'))
  const failed: ErrorRequestHandler = ({ error, message }, _request, response, _next) =>
    void response.status(500).json({ error, message })
  site.use(failed)
  return { url, app }
}

const json = async (visitor: Visitor, path: string): Promise<Record<string, unknown>> => {
  const { status, html } = await visitor.visit(path)
  if (status !== 200) throw new Error(`${path}: ${status} ${html}`)
  return JSON.parse(html)
}

for (const [token_endpoint_auth_method, responseMode] of [
  ['client_secret_basic', 'query'],
  ['client_secret_post', 'form_post'],
] as const)
  t.test(`log-in, refresh, userinfo and logout: ${token_endpoint_auth_method}, ${responseMode}`, async (t) => {
    const { url } = await anExpressApp(t, { token_endpoint_auth_method }, responseMode)
    const atApp = aVisitor(url)
    const atServer = server.visitor()

    const { leaves: asked } = await atApp.visit('/login')
    t.equal(asked?.searchParams.get('code_challenge_method'), 'S256')
    if (responseMode === 'query') await atApp.visit((await walkBack(atServer, alice, asked ?? '')).href)
    else {
      const { forms } = await walk(atServer, alice, asked ?? '')
      const form = forms.find(({ id }) => id === 'form-post')
      await atApp.visit(form?.action ?? '', { method: 'POST', body: new URLSearchParams(form?.fields) })
    }
    t.match(await json(atApp, '/me'), {
      claims: { sub: alice.id },
      userinfo: { sub: alice.id, name: 'Alice Archer' },
    })

    const before = await json(atApp, '/tokens')
    server.clock.advance({ seconds: 1 })
    await json(atApp, '/refresh')
    const after = await json(atApp, '/tokens')
    t.not(after.refreshToken, before.refreshToken)
    t.match(claims(before.accessToken).jti, /\.1$/)
    t.match(claims(after.accessToken).jti, /\.2$/)

    const eight = await Promise.all(Array.from({ length: 8 }, () => json(atApp, '/refresh')))
    t.equal(new Set(eight.map(({ accessToken }) => accessToken)).size, 1, 'eight requests of one session, one new pair')
    await json(atApp, '/refresh')
    t.match(claims((await json(atApp, '/tokens')).accessToken).jti, /\.4$/, 'and nobody was logged out')

    const { leaves: toServer } = await atApp.visit('/logout')
    t.equal(toServer?.pathname, '/oauth2/logout')
    t.equal((await atServer.visit(toServer?.href ?? '')).leaves?.href, `${url}/bye`)
    t.equal((await atApp.visit('/me')).leaves?.pathname, '/oauth2/authorize', 'the app asks for a log-in again')
  })
