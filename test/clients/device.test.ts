import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import t from 'tap'
import { aDeviceApp, approve, toConsent } from '../support/devices.ts'
import { claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'

const server = await aTlsServer(t)
const alice = await server.aPerson()
const scope = 'openid offline_access read'
const app = await aDeviceApp(server, { dpop_bound_access_tokens: true })

/** Each request to the token endpoint comes an interval after the one before, without anybody waiting for it. */
const configured = async (before: (request: number) => Promise<unknown>) => {
  const config = await client.discovery(new URL(server.issuer), app.client_id, undefined, client.None())
  client.enableNonRepudiationChecks(config)
  let requests = 0
  config[client.customFetch] = async (url, { body = null, signal = null, ...options }) => {
    if (url.endsWith('/oauth2/token')) await before(requests++)
    return fetch(url, { ...options, signal, body: body instanceof URLSearchParams ? body : null })
  }
  return config
}

t.test('openid-client: a device asks, a person allows, DPoP binds what it gets (RFC 8628, RFC 9449)', async (t) => {
  let userCode = ''
  const config = await configured(async (request) => {
    server.clock.advance({ seconds: 5 })
    if (request === 2) await approve(alice, server.visitor(), userCode)
  })
  const asked = await client.initiateDeviceAuthorization(config, { scope })
  userCode = asked.user_code
  t.match(asked, { verification_uri: `${server.issuer}/device`, interval: 5, expires_in: 600 })
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...asked, interval: 0.001 }, undefined, { DPoP })
  t.equal(tokens.token_type, 'dpop')
  t.equal(tokens.claims()?.sub, alice.id)
  t.match(claims(tokens.access_token), { cnf: { jkt: /^[\w-]{43}$/ } })
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
  t.equal(refreshed.claims()?.sub, alice.id)
  await t.rejects(client.refreshTokenGrant(config, refreshed.refresh_token ?? ''), 'a copy without the key')
})

t.test('openid-client: a person who does not allow it is access_denied', async (t) => {
  let userCode = ''
  const config = await configured(async () => {
    const visitor = server.visitor()
    await toConsent(alice, visitor, userCode)
    await visitor.submit('consent-form', {}, 'consent-deny')
  })
  const asked = await client.initiateDeviceAuthorization(config, { scope })
  userCode = asked.user_code
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const polling = client.pollDeviceAuthorizationGrant(config, { ...asked, interval: 0.001 }, undefined, { DPoP })
  await t.rejects(polling, { name: 'ResponseBodyError', error: 'access_denied', status: 400 })
})

t.test('oauth4webapi: what a device hears, step by step (RFC 8628 §3.5)', async (t) => {
  const issuer = new URL(server.issuer)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
  const confidential = await aDeviceApp(server, { token_endpoint_auth_method: 'client_secret_basic' })
  const party = { client_id: confidential.client_id }
  const authentication = oauth.ClientSecretBasic(confidential.secret ?? '')
  const response = await oauth.deviceAuthorizationRequest(as, party, authentication, { scope })
  const asked = await oauth.processDeviceAuthorizationResponse(as, party, response)
  const poll = async () =>
    oauth.processDeviceCodeResponse(
      as,
      party,
      await oauth.deviceCodeGrantRequest(as, party, authentication, asked.device_code),
    )

  await t.rejects(poll(), { name: 'ResponseBodyError', error: 'authorization_pending' })
  await t.rejects(poll(), { name: 'ResponseBodyError', error: 'slow_down' })
  await approve(alice, server.visitor(), asked.user_code)
  const tokens = await poll()
  t.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, alice.id)
  await t.rejects(poll(), { name: 'ResponseBodyError', error: 'invalid_grant' })
  server.clock.advance({ seconds: 600 })
  const late = await oauth.deviceAuthorizationRequest(as, party, authentication, { scope })
  const { device_code } = await oauth.processDeviceAuthorizationResponse(as, party, late)
  server.clock.advance({ seconds: 600 })
  const expired = oauth.processDeviceCodeResponse(
    as,
    party,
    await oauth.deviceCodeGrantRequest(as, party, authentication, device_code),
  )
  await t.rejects(expired, { name: 'ResponseBodyError', error: 'expired_token' })
})
