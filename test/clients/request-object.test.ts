import * as oauth from 'oauth4webapi'
import t from 'tap'
import { aRunningClock } from '../support/clock.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walkBack } from '../support/walk.ts'

const server = await aTlsServer(t, { clock: aRunningClock() })
const alice = await server.aPerson()
const issuer = new URL(server.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))

t.test('oauth4webapi: a signed request through the browser, without a profile (RFC 9101 §5)', async (t) => {
  const { publicKey, privateKey } = await oauth.generateKeyPair('PS256', { extractable: true })
  const { kty, n, e } = await crypto.subtle.exportKey('jwk', publicKey)
  const app = await server.anApp({
    token_endpoint_auth_method: 'private_key_jwt',
    require_signed_request_object: true,
    request_object_signing_alg: 'PS256',
    jwks: { keys: [{ kty, n, e }] },
  })
  const client: oauth.Client = { client_id: app.client_id }
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const parameters = {
    response_type: 'code',
    redirect_uri: app.redirectUri,
    scope: 'openid',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const request = await oauth.issueRequestObject(as, client, parameters, privateKey)
  const back = await walkBack(
    server.visitor(),
    alice,
    `${as.authorization_endpoint}?${new URLSearchParams({ client_id: app.client_id, request })}`,
  )
  const answer = oauth.validateAuthResponse(as, client, back, state)
  const authentication = oauth.PrivateKeyJwt(privateKey)
  const redeemed = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    authentication,
    answer,
    app.redirectUri,
    verifier,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed, { requireIdToken: true })
  t.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, alice.id)

  const plain = new URLSearchParams({ client_id: app.client_id, ...parameters })
  const { leaves } = await server.visitor().visit(`${as.authorization_endpoint}?${plain}`)
  t.throws(() => oauth.validateAuthResponse(as, client, leaves ?? issuer, state), {
    name: 'AuthorizationResponseError',
    error: 'invalid_request',
  })
})
