import t from 'tap'
import { later } from '../../src/clock.ts'
import { systemRandom } from '../../src/random.ts'
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

t.test(
  'K4 S19 a logout that cannot be signed counts as an attempt, is tried for a day, and says why it was not',
  async (t) => {
    const app = await server.anApp({
      backchannel_logout_uri: 'https://app.example/bc',
      id_token_signed_response_alg: 'EdDSA',
    })
    const now = server.clock.now()
    await server.database.prisma((prisma) =>
      prisma.logoutDelivery.create({
        data: {
          clientId: app.client_id,
          userId: alice.id,
          sessionId: systemRandom.uuid(),
          createdAt: now,
          nextAttemptAt: now,
        },
      }),
    )
    const tried = async (seconds: number) => {
      server.clock.advance({ seconds })
      server.courier.wake()
      await server.courier.idle()
      const [delivery] = await server.stores.logouts.list({ limit: 1 })
      return delivery
    }
    t.match(await tried(0), { attempts: 1, outcome: 'unsent', nextAttemptAt: later(now, 5), deliveredAt: undefined })
    t.match(await tried(5), { attempts: 2, outcome: 'unsent', nextAttemptAt: later(now, 15) })
    t.match(await tried(86_400), { attempts: 3, outcome: 'unsent', nextAttemptAt: undefined })
    t.equal((await tried(3600))?.attempts, 3, 'and no more')
  },
)
