import t from 'tap'
import { aServer } from '../support/server.ts'

const server = await aServer(t, { env: { SIGNING_ALGORITHMS: 'RS256' } })
const alice = await server.aPerson('alice')

t.test('K4 a signed introspection without a key is refused, by what is registered', async (t) => {
  const app = await server.anApp({ introspection_signed_response_alg: 'ES256' })
  const answer = await server.post('/oauth2/introspect', { token: 'any' }, app)
  t.match(answer, { status: 400, body: { error: 'unauthorized_client', error_description: /SIGNING_ALGORITHMS/ } })
  const usual = await server.anApp({})
  t.equal((await server.post('/oauth2/introspect', { token: 'any' }, usual)).status, 200)
})

t.test('K4 a signed userinfo answer without a key is refused, also for a token that was issued before', async (t) => {
  const app = await server.anApp({ first_party: true })
  const { access_token } = await server.logIn(alice, app, { scope: 'openid' })
  const client = await server.stores.clients.find(app.client_id)
  if (!client) throw new Error('the client is gone')
  const { client_id, secrets, disabledAt, notBefore, createdAt, ...metadata } = client
  const changed = { ...metadata, userinfo_signed_response_alg: 'ES256' } as const
  await server.stores.clients.update(app.client_id, changed, server.clock.now())
  const answer = await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` })
  t.match(answer, { status: 400, body: { error: 'unauthorized_client', error_description: /SIGNING_ALGORITHMS/ } })
})
