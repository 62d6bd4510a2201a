import t from 'tap'

import { type ClientMetadata, signingAlgorithms } from '../../src/oauth/client.ts'
import { Unavailable } from '../../src/oauth/errors.ts'
import { admit, replaceClient } from '../../src/oauth/registration/configuration.ts'
import { usualScope } from '../../src/oauth/registration/policy.ts'
import { systemRandom } from '../../src/random.ts'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'

const api = 'https://api.example'
const server = await aTlsServer(t, { env: { REGISTRATION: 'open' } })
const { registered, configure } = registeringAt(server)
const { clients, registrations } = server.stores
const alice = await server.aPerson()

/** What happens while the document is read. */
let meanwhile: () => Promise<unknown> = async () => undefined
let fetched = 0
const site = await anHttpsApp(t, server.certificate, () => async (_request, response) => {
  fetched++
  await meanwhile()
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([redirectUri]))
})
const sector_identifier_uri = `${site}/sector.json`

const find = async (id: string) => {
  const client = await clients.find(id)
  if (!client) throw new Error('there is no client')
  return client
}
const byOperator = async (id: string, change: Partial<ClientMetadata>) => {
  const { client_id, secrets, disabledAt, notBefore, createdAt, registration, ...metadata } = await find(id)
  await clients.update(client_id, { ...metadata, ...change }, server.clock.now())
}
const anApp = async (change: Partial<ClientMetadata> = {}) => {
  const app = await registered({ client_name: 'Notes' })
  await byOperator(app.client_id, change)
  const { client_id, client_secret } = app.body
  const sent = { client_id, client_secret, client_name: 'Notes', redirect_uris: [redirectUri], sector_identifier_uri }
  return { ...app, sent }
}
const trusted: Partial<ClientMetadata> = { resources: [api], introspect: 'resources', first_party: true }
const narrowed: Partial<ClientMetadata> = { resources: [], introspect: 'own', first_party: false }

t.test('O4 RFC 7592 §2.2 an update under way gives back nothing that an operator took meanwhile', async (t) => {
  const { client_id, body, sent } = await anApp(trusted)
  fetched = 0
  meanwhile = () => byOperator(client_id, { ...narrowed, access_token_lifetime: 60 })
  const { status, body: answer } = await configure('PUT', body, sent)
  t.equal(status, 200)
  const expected = { ...narrowed, access_token_lifetime: 60, sector_identifier_uri }
  t.match(answer, expected)
  t.match(await find(client_id), expected)
  t.equal(fetched, 1, 'what was read need not be read again')
  t.equal((await configure('GET', answer)).status, 200)
})

t.test('O4 RFC 7592 §2.2 nor a scope that the app could keep until then', async (t) => {
  const { client_id, body, sent } = await anApp({ scope: 'openid notes' })
  meanwhile = () => byOperator(client_id, { scope: 'openid' })
  const { status, body: answer } = await configure('PUT', body, { ...sent, scope: 'openid notes' })
  t.match([status, answer.error_description], [400, /^scope may only have/])
  const { scope, sector_identifier_uri: sector } = await find(client_id)
  t.same([scope, sector], ['openid', undefined])
  meanwhile = async () => undefined
  t.equal((await configure('PUT', body, { ...sent, scope: 'openid' })).status, 200, 'its token stands still')
})

t.test('O4 a client that was disabled meanwhile is not changed', async (t) => {
  const { client_id, body, sent } = await anApp()
  meanwhile = () => clients.disable(client_id, server.clock.now())
  t.match(await configure('PUT', body, sent), { status: 401, body: { error: 'invalid_token' } })
  t.equal((await find(client_id)).sector_identifier_uri, undefined)
})

t.test('S6 what people allowed to another look meanwhile is forgotten (RFC 7591 §5)', async (t) => {
  const app = await anApp()
  const visitor = server.visitor()
  meanwhile = async () => {
    await byOperator(app.client_id, { client_name: 'Your notes' })
    await server.logIn(alice, app, { scope: 'openid' }, visitor)
  }
  t.equal((await configure('PUT', app.body, app.sent)).status, 200)
  t.equal((await find(app.client_id)).client_name, 'Notes')
  await visitor.visit(server.authorizeUrl(app, { scope: 'openid' }).url)
  t.equal(visitor.at().forms[0]?.id, 'consent-form')
})

t.test(
  'O4 of a client that changes again and again nothing is kept: it may try again (RFC 9110 §15.6.4)',
  async (t) => {
    const { client_id, body, sent } = await anApp(trusted)
    meanwhile = async () => undefined
    let lifetime = 60
    const deps = {
      issuer: server.issuer,
      policy: {
        mode: 'open',
        scope: usualScope,
        pkce: 'required',
        algorithms: signingAlgorithms,
        authenticationMethods: ['client_secret_basic'],
        certificates: false,
      },
      registrations: {
        ...registrations,
        replace: async (...change: Parameters<typeof registrations.replace>) => {
          await byOperator(client_id, { ...narrowed, access_token_lifetime: lifetime++ })
          return registrations.replace(...change)
        },
      },
      sectors: { get: async () => JSON.stringify([redirectUri]) },
      random: systemRandom,
      now: server.clock.now(),
    } as const
    const admitted = await admit(client_id, String(body.registration_access_token), deps)
    await t.rejects(replaceClient(sent, admitted, deps), Unavailable)
    t.match(await find(client_id), {
      ...narrowed,
      access_token_lifetime: lifetime - 1,
      sector_identifier_uri: undefined,
    })
    t.equal((await configure('PUT', body, sent)).status, 200)
  },
)
