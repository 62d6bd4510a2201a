import t from 'tap'
import { createOutbound, type Outbound } from '../../../src/http/outbound/index.ts'
import { systemRandom } from '../../../src/random.ts'
import { anAssertingClient, jwks, keyed, sign } from '../../support/assertions.ts'
import { aCertificate } from '../../support/certificate.ts'
import { aKeyedClient } from '../../support/fapi.ts'
import { registeringAt } from '../../support/registering.ts'
import { aServer } from '../../support/server.ts'
import { anHttpsApp } from '../../support/tls-server.ts'

/** OUTBOUND_ALLOW names this address, which is not public: an app of the operator's own network is there. */
const certificate = await aCertificate(t)
const named = createOutbound({ allowLoopback: false, allow: ['127.0.0.1'], ca: certificate.ca })
const server = await aServer(t, { env: { REGISTRATION: 'open' }, outbound: named })
const { registered } = registeringAt(server)

let asked: string[] = []
let published = ''
const inside = await anHttpsApp(t, certificate, () => (request, response) => {
  asked.push(`${request.method} ${request.url}`)
  const type = request.url?.startsWith('/jwks') ? 'application/json' : 'application/jwt'
  response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? JSON.stringify(jwks) : published)
})
t.beforeEach(() => {
  asked = []
})

t.test(
  'O1 O2 jwks_uri: what the operator named serves its own clients, and nobody who registered itself',
  async (t) => {
    const { payloadOf, present } = await anAssertingClient(server)
    const { jwks: _, ...unkeyed } = keyed
    const clientsAt = async (jwks_uri: string) => {
      const own = await server.anApp({ ...unkeyed, jwks_uri })
      const stranger = await registered({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri })
      return { own: own.client_id, stranger: stranger.client_id }
    }
    const by = async (clientId: string) => present(await sign(payloadOf({}, clientId), { kid: 'rsa' }))

    const known = await clientsAt(`${inside}/jwks/known`)
    t.match(await by(known.own), { status: 200 })
    t.match(await by(known.stranger), { status: 503 }, 'nor from memory')
    const unknown = await clientsAt(`${inside}/jwks/unknown`)
    t.match(await by(unknown.stranger), { status: 503 })
    t.same(asked, ['GET /jwks/known'])
    t.match(await by(unknown.own), { status: 200 }, 'whom the refusal does not harm')
    t.same(asked, ['GET /jwks/known', 'GET /jwks/unknown'])
  },
)

t.test('O1 O2 request_uri: nor is a request object read for them', async (t) => {
  const clientsAt = async (path: string) => {
    const metadata = { request_uris: [inside + path], scope: 'openid' }
    return {
      own: await aKeyedClient(server, metadata),
      stranger: await aKeyedClient({ ...server, anApp: registered }, metadata),
    }
  }
  const ask = async (app: Awaited<ReturnType<typeof aKeyedClient>>, path: string) => {
    published = await app.object(app.parameters({ scope: 'openid' }).parameters)
    const query = new URLSearchParams({ client_id: app.client_id, request_uri: inside + path })
    const { html } = await server.visitor().send(`/oauth2/authorize?${query}`)
    return html.includes('id="error-page"') ? /invalid_[a-z_]+/.exec(html)?.[0] : 'accepted'
  }

  const known = await clientsAt('/known#one')
  t.equal(await ask(known.own, '/known#one'), 'accepted')
  // From memory it would be an object that another client signed: invalid_request_object.
  t.equal(await ask(known.stranger, '/known#one'), 'invalid_request_uri')
  const unknown = await clientsAt('/unknown#one')
  t.equal(await ask(unknown.stranger, '/unknown#one'), 'invalid_request_uri')
  t.same(asked, ['GET /known'])
  t.equal(await ask(unknown.own, '/unknown#one'), 'accepted')
  t.same(asked, ['GET /known', 'GET /unknown'])
})

t.test('O1 O2 sector_identifier_uri: nor is it read from there', async (t) => {
  const metadata = { subject_type: 'pairwise', sector_identifier_uri: `${inside}/jwks/sector` }
  await t.rejects(registered(metadata), /cannot be read/)
  t.same(asked, [])
})

t.test('O1 O2 back-channel logout: nor is anything posted for them', async (t) => {
  const { courier, stores, clock, database } = server
  const alice = await server.aPerson()
  const own = await server.anApp({ backchannel_logout_uri: `${inside}/own` })
  const stranger = await registered({ backchannel_logout_uri: `${inside}/stranger` })
  const now = clock.now()
  const delivery = { userId: alice.id, createdAt: now, nextAttemptAt: now }
  await database.prisma((prisma) =>
    prisma.logoutDelivery.createMany({
      data: [own, stranger].map((app) => ({
        ...delivery,
        clientId: app.client_id,
        sessionId: systemRandom.uuid(),
      })),
    }),
  )
  courier.wake()
  await courier.idle()
  t.same(asked, ['POST /own'])
  const outcomes = (await stores.logouts.list({ limit: 10 })).map(({ clientId, outcome }) => [clientId, outcome])
  t.match(Object.fromEntries(outcomes), { [own.client_id]: 'delivered', [stranger.client_id]: 'unanswered' })
})

t.test('O1 O2 a list of its own opens addresses to apps that registered themselves, and those alone', async (t) => {
  const text = async (door: Outbound, mayUseNamed: boolean) =>
    door.get(`${inside}/jwks/list`, { accept: ['application/json'], mayUseNamed }).catch(({ message }) => message)
  const listed = createOutbound({ allowLoopback: false, allowRegistered: ['127.0.0.1'], ca: certificate.ca })
  t.match(await text(listed, false), /"keys"/)
  t.equal(await text(listed, true), 'its host is not on the public network')
  t.equal(await text(named, false), 'its host is not on the public network')
})
