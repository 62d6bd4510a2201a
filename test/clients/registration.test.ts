import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import t from 'tap'
import { aRunningClock } from '../support/clock.ts'
import { registeringAt } from '../support/registering.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walkBack } from '../support/walk.ts'

const server = await aTlsServer(t, {
  clock: aRunningClock(),
  env: { REGISTRATION: 'token', SIGNING_ALGORITHMS: 'RS256,ES256' },
})
const { invite } = registeringAt(server)
const alice = await server.aPerson()
const redirect_uri = 'https://app.example/cb'
const issuer = new URL(server.issuer)

t.test('openid-client registers itself with an initial access token, and logs in (RFC 7591 §3)', async (t) => {
  const initialAccessToken = await invite(1)
  const metadata = {
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    // What it does with a secret, unless it is told otherwise.
    token_endpoint_auth_method: 'client_secret_post',
  }
  await t.rejects(client.dynamicClientRegistration(issuer, metadata))
  const config = await client.dynamicClientRegistration(issuer, metadata, undefined, { initialAccessToken })
  client.enableNonRepudiationChecks(config)
  t.match(config.clientMetadata().client_id, /^dyn_/)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid offline_access',
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const back = await walkBack(server.visitor(), alice, url)
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState })
  t.equal(tokens.claims()?.sub, alice.id)
  t.ok((await client.refreshTokenGrant(config, tokens.refresh_token ?? '')).access_token)
  await t.rejects(client.dynamicClientRegistration(issuer, metadata, undefined, { initialAccessToken }), 'spent')
})

const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))

t.test('oauth4webapi registers itself, pushes its request with DPoP and logs in: profile fapi2', async (t) => {
  const keys = await oauth.generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey)
  const response = await oauth.dynamicClientRegistrationRequest(
    as,
    { profile: 'fapi2', redirect_uris: [redirect_uri], jwks: { keys: [{ kty, crv, x, y, alg: 'ES256' }] } },
    { initialAccessToken: await invite(1) },
  )
  const made = await oauth.processDynamicClientRegistrationResponse(response)
  t.match(made, {
    client_id: /^dyn_/,
    profile: 'fapi2',
    token_endpoint_auth_method: 'private_key_jwt',
    require_pushed_authorization_requests: true,
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
  })
  t.notOk('client_secret' in made)

  const { client_id } = made
  const us: oauth.Client = { client_id, id_token_signed_response_alg: 'ES256' }
  const authentication = oauth.PrivateKeyJwt(keys.privateKey)
  const DPoP = oauth.DPoP(us, await oauth.generateKeyPair('ES256'))
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const parameters = {
    redirect_uri,
    response_type: 'code',
    scope: 'openid',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const push = () => oauth.pushedAuthorizationRequest(as, us, authentication, parameters, { DPoP })
  const process = async () => oauth.processPushedAuthorizationResponse(as, us, await push())
  const { request_uri } = await process().catch((error: unknown) => {
    if (!oauth.isDPoPNonceError(error)) throw error
    return process()
  })
  const url = `${as.authorization_endpoint}?${new URLSearchParams({ client_id, request_uri })}`
  const answer = oauth.validateAuthResponse(as, us, await walkBack(server.visitor(), alice, url), state)
  const redeemed = await oauth.authorizationCodeGrantRequest(as, us, authentication, answer, redirect_uri, verifier, {
    DPoP,
  })
  const tokens = await oauth.processAuthorizationCodeResponse(as, us, redeemed, { requireIdToken: true })
  t.equal(tokens.token_type, 'dpop')
  t.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, alice.id)
})

t.test('oauth4webapi is told why it is refused (RFC 7591 §3.2.2, RFC 6750 §3)', async (t) => {
  const attempt = async (metadata: Partial<oauth.Client>, initialAccessToken?: string) =>
    oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(
        as,
        metadata,
        initialAccessToken === undefined ? {} : { initialAccessToken },
      ),
    )
  await t.rejects(attempt({ redirect_uris: [redirect_uri] }), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' })
  await t.rejects(attempt({ redirect_uris: [`${redirect_uri}#f`] }, await invite(1)), {
    name: 'ResponseBodyError',
    error: 'invalid_redirect_uri',
  })
})
