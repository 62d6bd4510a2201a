import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { anEar } from '../support/relying-party.ts'
import { claims } from '../support/server.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'

const server = await aTlsServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
const discovery = (await server.get('/.well-known/openid-configuration')).body
const keys = createRemoteJWKSet(new URL(String(discovery.jwks_uri)))
const alice = await server.aPerson()
const back = 'https://app.example/out'

const anAppThatHears = async (metadata: Record<string, unknown> = {}) => {
  const ear = anEar()
  const uri = `${await anHttpsApp(t, server.certificate, () => ear.listener)}/backchannel?of=us`
  const app = await server.anApp({
    first_party: true,
    post_logout_redirect_uris: [back],
    backchannel_logout_uri: uri,
    backchannel_logout_session_required: true,
    ...metadata,
  })
  return { ear, app }
}

t.test('oidcc-backchannel-logout-discovery-endpoint-verification', async (t) => {
  t.equal(discovery.backchannel_logout_supported, true)
  t.equal(discovery.backchannel_logout_session_supported, true)
  t.match(discovery.end_session_endpoint, /^https:\/\//)
})

t.test('oidcc-backchannel-rp-initiated-logout: the app is told, and the browser goes back (K6)', async (t) => {
  const { ear, app } = await anAppThatHears()
  const visitor = server.visitor()
  const tokens = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: back,
    state: 'the state',
  })
  const page = await visitor.send(`${discovery.end_session_endpoint}?${query}`)
  t.equal(page.leaves?.href, `${back}?state=the+state`)
  await ear.until(1)
  await server.courier.idle()

  t.equal(ear.heard.length, 1, 'once')
  const [first] = ear.heard
  if (!first) throw new Error('nothing was heard')
  const { method, type, parameters } = first
  t.equal(method, 'POST')
  t.match(type, /^application\/x-www-form-urlencoded/)
  t.same([...parameters.keys()], ['logout_token'])
  const { payload, protectedHeader } = await jwtVerify(parameters.get('logout_token') ?? '', keys, {
    issuer: server.issuer,
    audience: app.client_id,
    typ: 'logout+jwt',
    algorithms: ['RS256'],
    currentDate: server.clock.now(),
  })
  t.ok(protectedHeader.kid)
  const { iat = 0, exp = 0, jti, ...rest } = payload
  const { sub, sid } = claims(tokens.id_token)
  t.same(rest, {
    iss: server.issuer,
    aud: app.client_id,
    sub,
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  t.notOk('nonce' in payload)
  t.match(jti, /^[\w-]{22,}$/)
  t.ok(exp > iat && exp - iat <= 120)

  const { leaves } = await visitor.send(server.authorizeUrl(app, { scope: 'openid', prompt: 'none' }).url)
  t.equal(leaves?.searchParams.get('error'), 'login_required')
})

t.test('K6 with the algorithm of the ID token, and each app with an audience of its own', async (t) => {
  for (const algorithm of signingAlgorithms) {
    const { ear, app } = await anAppThatHears({ id_token_signed_response_alg: algorithm })
    const visitor = server.visitor()
    await server.logIn(alice, app, { scope: 'openid' }, visitor)
    await visitor.visit(`${server.base}/logout`)
    await visitor.submit('logout-form', {}, 'logout-confirm')
    await ear.until(1)
    const token = ear.heard[0]?.parameters.get('logout_token') ?? ''
    const { protectedHeader } = await jwtVerify(token, keys, {
      audience: app.client_id,
      currentDate: server.clock.now(),
    })
    t.match(protectedHeader, { alg: algorithm, typ: 'logout+jwt' })
  }
})

t.test('K6 a client with pairwise subjects is told by the subject that it knows', async (t) => {
  const { ear, app } = await anAppThatHears({ subject_type: 'pairwise' })
  const visitor = server.visitor()
  const { id_token } = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const { sub, sid } = claims(id_token)
  const elsewhere = claims(
    (await server.logIn(alice, (await anAppThatHears()).app, { scope: 'openid' }, visitor)).id_token,
  )
  t.not(sub, alice.id)
  t.not(sid, elsewhere.sid, 'nor by the session does it tell its people from those of another')
  const query = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: back })
  t.equal((await visitor.send(`${discovery.end_session_endpoint}?${query}`)).leaves?.href, back)
  await ear.until(1)
  t.match(claims(ear.heard[0]?.parameters.get('logout_token')), { sub, sid })
})

t.test('T12 K6 a logout token is nothing else: no hint, no bearer token, no assertion', async (t) => {
  const { ear, app } = await anAppThatHears()
  const visitor = server.visitor()
  await server.logIn(alice, app, { scope: 'openid' }, visitor)
  await visitor.visit(`${server.base}/logout`)
  await visitor.submit('logout-form', {}, 'logout-confirm')
  await ear.until(1)
  const token = ear.heard[0]?.parameters.get('logout_token') ?? ''
  const again = server.visitor()
  await server.logIn(alice, app, { scope: 'openid' }, again)
  const query = new URLSearchParams({ id_token_hint: token, post_logout_redirect_uri: back })
  const page = await again.send(`${discovery.end_session_endpoint}?${query}`)
  t.notOk(page.leaves, 'no redirect')
  t.equal(page.forms[0]?.id, 'logout-form', 'the person is asked')
  t.equal((await server.get('/oauth2/userinfo', { authorization: `Bearer ${token}` })).status, 401)
  t.same(await server.introspect(app, token), { active: false })
})

t.test('a client with neither address, or in no part of the session, hears nothing', async (t) => {
  const [ours, bystander] = [await anAppThatHears(), await anAppThatHears()]
  const deaf = await server.anApp({ first_party: true })
  const visitor = server.visitor()
  await server.logIn(alice, deaf, { scope: 'openid' }, visitor)
  await server.logIn(alice, ours.app, { scope: 'openid' }, visitor)
  await server.logIn(alice, bystander.app, { scope: 'openid' })
  await visitor.visit(`${server.base}/logout`)
  await visitor.submit('logout-form', {}, 'logout-confirm')
  await ours.ear.until(1)
  await server.courier.idle()
  t.equal(bystander.ear.heard.length, 0)
  const told = (await server.stores.logouts.list({ limit: 100 })).map(({ clientId }) => clientId)
  t.notOk(told.includes(deaf.client_id))
  t.notOk(told.includes(bystander.app.client_id))
})
