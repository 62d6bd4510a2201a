import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aRunningClock } from '../support/clock.ts'
import type { App } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walkBack } from '../support/walk.ts'

const server = await aTlsServer(t, { clock: aRunningClock(), env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
const alice = await server.aPerson('alice', { name: 'Alice Archer' })
const api = 'https://api.example'
const afterLogout = 'https://app.example/bye'
const common = { post_logout_redirect_uris: [afterLogout], resources: [api] }
const scope = 'openid profile offline_access read'

const issuer = new URL(server.issuer)
const discover = async (algorithm: 'oidc' | 'oauth2') =>
  oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm }))
const as = await discover('oidc')

const parties = (app: App, more: Partial<oauth.Client> = {}): oauth.Client => ({
  client_id: app.client_id,
  require_auth_time: true,
  ...more,
})

const logIn = async (app: App, client: oauth.Client, authentication: oauth.ClientAuth, visitor = server.visitor()) => {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const expectedNonce = oauth.generateRandomNonce()
  const url = new URL(as.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: app.client_id,
    redirect_uri: app.redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce: expectedNonce,
    max_age: '300',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const back = await walkBack(visitor, alice, url)
  // RFC 9207: refused without `iss`, because discovery promises it.
  const parameters = oauth.validateAuthResponse(as, client, back, state)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    authentication,
    parameters,
    app.redirectUri,
    verifier,
  )
  const checks = { expectedNonce, maxAge: 300, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, checks)
  await oauth.validateApplicationLevelSignature(as, response)
  return { ...tokens, refresh_token: tokens.refresh_token ?? '', id: oauth.getValidatedIdTokenClaims(tokens) }
}

const refresh = async (client: oauth.Client, authentication: oauth.ClientAuth, token: string, more = {}) => {
  const response = await oauth.refreshTokenGrantRequest(as, client, authentication, token, {
    additionalParameters: more,
  })
  return oauth.processRefreshTokenResponse(as, client, response)
}

/** A resource server that knows the issuer and its own name. */
const atTheApi = (token: string, audience = api): Promise<oauth.JWTAccessTokenClaims> =>
  oauth.validateJwtAccessToken(as, new Request(api, { headers: { authorization: `Bearer ${token}` } }), audience)

const introspect = async (client: oauth.Client, authentication: oauth.ClientAuth, token: string) =>
  oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token))

const wholeStory = async (t: Test, app: App, authentication: oauth.ClientAuth, client = parties(app)) => {
  const visitor = server.visitor()
  const tokens = await logIn(app, client, authentication, visitor)
  t.match(tokens.id, { iss: server.issuer, sub: alice.id, aud: app.client_id })
  const claims = await atTheApi(tokens.access_token)
  t.match(claims, { sub: alice.id, client_id: app.client_id, scope })
  await t.rejects(atTheApi(tokens.access_token, 'https://other.example'), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' })
  await t.rejects(atTheApi(String(tokens.id_token), app.client_id), { code: 'OAUTH_INVALID_RESPONSE' }, 'an ID token')

  const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token)
  const person = await oauth.processUserInfoResponse(as, client, alice.id, userinfo)
  t.match(person, { sub: alice.id, name: 'Alice Archer' })

  server.clock.advance({ seconds: 1 })
  const next = await refresh(client, authentication, tokens.refresh_token, { scope })
  t.not(next.refresh_token, tokens.refresh_token)
  t.equal((await atTheApi(next.access_token)).sub, alice.id)
  t.equal(oauth.getValidatedIdTokenClaims(next)?.sub, alice.id)

  // RFC 7662 §2.1: whoever introspects is authenticated.
  if (app.secret !== undefined)
    t.match(await introspect(client, authentication, next.access_token), { active: true, sub: alice.id })

  const logout = new URL(as.end_session_endpoint ?? '')
  logout.search = new URLSearchParams({
    id_token_hint: next.id_token ?? '',
    post_logout_redirect_uri: afterLogout,
    client_id: app.client_id,
  }).toString()
  t.equal((await visitor.visit(logout.href)).leaves?.href, afterLogout)

  const revoked = next.refresh_token ?? ''
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, revoked))
  await t.rejects(refresh(client, authentication, revoked), { name: 'ResponseBodyError', error: 'invalid_grant' })
  if (app.secret !== undefined)
    t.same(await introspect(client, authentication, next.access_token), { active: false }, 'with what it bought')
}

t.test('discovery by both addresses (RFC 8414 §3, OIDC Discovery §4)', async (t) => {
  const oauth2 = await discover('oauth2')
  t.equal(oauth2.token_endpoint, as.token_endpoint)
  t.equal(as.authorization_response_iss_parameter_supported, true)
})

t.test('client_secret_basic (RFC 6749 §2.3.1)', async (t) => {
  const app = await server.anApp(common)
  await wholeStory(t, app, oauth.ClientSecretBasic(app.secret ?? ''))
})

t.test('client_secret_post (RFC 6749 §2.3.1)', async (t) => {
  const app = await server.anApp({ ...common, token_endpoint_auth_method: 'client_secret_post' })
  await wholeStory(t, app, oauth.ClientSecretPost(app.secret ?? ''))
})

t.test('a public client (RFC 6749 §2.1)', async (t) => {
  const app = await server.anApp({ ...common, token_endpoint_auth_method: 'none' })
  await wholeStory(t, app, oauth.None())
})

for (const algorithm of signingAlgorithms)
  t.test(`private_key_jwt and tokens by ${algorithm} (RFC 7523 §2.2)`, async (t) => {
    const { publicKey, privateKey } = await oauth.generateKeyPair(algorithm, { extractable: true })
    const jwk = await crypto.subtle.exportKey('jwk', publicKey)
    const app = await server.anApp({
      ...common,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...jwk, key_ops: undefined, ext: undefined }] },
      id_token_signed_response_alg: algorithm,
      access_token_signed_response_alg: algorithm,
    })
    const client = parties(app, { id_token_signed_response_alg: algorithm })
    await wholeStory(t, app, oauth.PrivateKeyJwt(privateKey), client)
  })

t.test('client_credentials (RFC 6749 §4.4): a token of the app itself', async (t) => {
  const app = await server.anApp({
    ...common,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read write',
  })
  const client = parties(app)
  const ask = async (scope: string) => {
    const basic = oauth.ClientSecretBasic(app.secret ?? '')
    return oauth.processClientCredentialsResponse(
      as,
      client,
      await oauth.clientCredentialsGrantRequest(as, client, basic, { scope, resource: api }),
    )
  }
  const { access_token, refresh_token } = await ask('read')
  t.equal(refresh_token, undefined, 'RFC 6749 §4.4.3')
  t.match(await atTheApi(access_token), { sub: app.client_id, client_id: app.client_id, scope: 'read' })
  await t.rejects(ask('read admin'), { name: 'ResponseBodyError', error: 'invalid_scope' })
})

t.test('eight refreshes of one token at once get one refresh token (FAPI 2.0 §5.3.2.1)', async (t) => {
  const app = await server.anApp({ ...common, token_endpoint_auth_method: 'none' })
  const client = parties(app)
  const { refresh_token } = await logIn(app, client, oauth.None())
  const eight = await Promise.all(Array.from({ length: 8 }, () => refresh(client, oauth.None(), refresh_token)))
  t.equal(new Set(eight.map((tokens) => tokens.refresh_token)).size, 1)
  await t.resolves(refresh(client, oauth.None(), eight[7]?.refresh_token ?? ''))
})
