import express from 'express'
import openidConnect, { type ConfigParams } from 'express-openid-connect'
import t from 'tap'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import { aVisitor } from '../support/visitor.ts'
import { walkBack } from '../support/walk.ts'

const server = await aTlsServer(t)
const alice = await server.aPerson('alice')
const { auth, requiresAuth } = openidConnect

type Store = NonNullable<Exclude<ConfigParams['backchannelLogout'], boolean | undefined>['store']>

/** A store as its documentation asks for one. */
const aStore = (): Store => {
  const kept = new Map<string, Parameters<Store['set']>[1]>()
  return {
    get: (id, callback) => callback(null, kept.get(id) ?? null),
    set: (id, entry, callback) => {
      kept.set(id, entry)
      callback?.(null)
    },
    destroy: (id, callback) => {
      kept.delete(id)
      callback?.(null)
    },
  }
}

const site = express()
const url = await anHttpsApp(t, server.certificate, () => site)
const app = await server.anApp({
  redirect_uris: [`${url}/callback`],
  backchannel_logout_uri: `${url}/backchannel-logout`,
  backchannel_logout_session_required: true,
  first_party: true,
})
site.use(
  auth({
    issuerBaseURL: server.issuer,
    baseURL: url,
    clientID: app.client_id,
    clientSecret: app.secret ?? '',
    clientAuthMethod: 'client_secret_basic',
    secret: 'a secret of the app that is long enough',
    authRequired: false,
    authorizationParams: { response_type: 'code', scope: 'openid' },
    backchannelLogout: { store: aStore() },
  }),
)
site.get('/me', requiresAuth(), (request, response) => void response.json({ sid: request.oidc.idTokenClaims?.sid }))

const operator = { userId: undefined, ip: undefined, userAgent: undefined }

t.test('express-openid-connect logs a person out whose session an administrator ended (S19)', async (t) => {
  const atApp = aVisitor(url)
  const logIn = async () => {
    const { leaves: asked } = await atApp.visit('/login')
    await atApp.visit((await walkBack(server.visitor(), alice, asked ?? '')).href)
    const { status, html } = await atApp.visit('/me')
    t.equal(status, 200)
    return String(JSON.parse(html).sid)
  }
  const sid = await logIn()
  await server.stores.endings.end({ of: 'session', id: sid }, 'revoked_by_admin', operator, server.clock.now())
  server.courier.wake()
  await server.courier.idle()
  t.match(await server.stores.logouts.list({ limit: 1 }), [{ sessionId: sid, outcome: 'delivered', attempts: 1 }])
  t.equal((await atApp.visit('/me')).leaves?.pathname, '/oauth2/authorize', 'the app asks for a log-in again')
  t.not(await logIn(), sid, 'and a new one is not taken for the old')
})

t.test('express-openid-connect refuses what is no logout token of ours', async (t) => {
  const told = (token: string) =>
    fetch(`${url}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) })
  const { id_token, access_token } = await server.logIn(alice, app, { scope: 'openid' })
  for (const token of [id_token, access_token]) t.equal((await told(token)).status, 400, 'RFC 8725 §3.11')
})
