import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import { registeringAt } from '../support/registering.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'
import { aClient, everything } from './basic.ts'

/** Clients as the suite makes them: they send no PKCE. */
const server = await aTlsServer(t, { env: { REGISTRATION: 'open', REGISTRATION_PKCE: 'optional' } })
const discovery = (await server.get('/.well-known/openid-configuration')).body
const person = await server.aPerson('rosa', everything)
const suite = aClient({ server, discovery, person }, 'query')
const { register, registered, configure } = registeringAt(server)
const redirectUri = 'https://app.example/cb'

t.test('oidcc-server: with clients that registered themselves, and are deleted when it is done', async (t) => {
  t.equal(discovery.registration_endpoint, `${server.issuer}/oauth2/register`)
  const clients = [await registered(), await registered({ redirect_uris: ['https://second.example/cb'] })]
  for (const app of clients) {
    const { idToken, tokens, saw } = await suite.logIn(t, app)
    t.equal(saw.at(-1), 'consent')
    t.equal(idToken.sub, person.id)
    t.equal((await suite.userinfo(tokens.body.access_token)).body.sub, person.id)
    t.equal((await configure('DELETE', app.body)).status, 204)
  }
})

t.test('without PKCE only those that authenticate (RFC 9700 §2.1.1)', async (t) => {
  const app = await registered({ token_endpoint_auth_method: 'none' })
  t.match((await suite.ask(app)).callback, { error: 'invalid_request' })
})

t.test('oidcc-idtoken-unsigned: a client that wants none is not registered', async (t) => {
  const answer = await register({ redirect_uris: [redirectUri], id_token_signed_response_alg: 'none' })
  t.match(answer, { status: 400, body: { error: 'invalid_client_metadata' } })
})

t.test('oidcc-request-uri-unsigned: one that does not sign is not registered, and metadata says so', async (t) => {
  const answer = await register({ redirect_uris: [redirectUri], request_object_signing_alg: 'none' })
  t.match(answer, { status: 400, body: { error_description: /request_object_signing_alg must be one of/ } })
  t.notOk(JSON.stringify(discovery.request_object_signing_alg_values_supported).includes('none'))
})

t.test(
  'oidcc-request-uri-signed-rs256: a signed request is fetched where the client published it (OIDC Core §6.2)',
  async (t) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    let object = ''
    const site = await anHttpsApp(t, server.certificate, () => (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/oauth-authz-req+jwt' }).end(object)
    })
    const app = await registered({
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] },
      request_uris: [`${site}/request.jwt`],
      request_object_signing_alg: 'RS256',
    })
    const state = randomUUID()
    // As the suite does it: without iat and exp.
    object = await new SignJWT({
      client_id: app.client_id,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      state,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(app.client_id)
      .setAudience(server.issuer)
      .sign(privateKey)
    const { callback } = await suite.ask(app, { request_uri: `${site}/request.jwt`, state: '', nonce: '' })
    t.match(callback, { code: String, state })
    const elsewhere = await suite.ask(app, { request_uri: `${site}/other.jwt`, state: '', nonce: '' })
    t.notOk(elsewhere.callback?.code, 'an address that was not registered')
  },
)
