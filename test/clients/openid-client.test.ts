import { exportJWK, type GenerateKeyPairResult, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aRunningClock } from '../support/clock.ts'
import { type App, claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walk, walkBack } from '../support/walk.ts'

const server = await aTlsServer(t, { clock: aRunningClock() })
const alice = await server.aPerson('alice', { name: 'Alice Archer', email: 'alice@example.com', email_verified: true })
const afterLogout = 'https://app.example/bye'
const common = { post_logout_redirect_uris: [afterLogout], resources: ['https://api.example'] }

const configure = async (app: App, authentication: client.ClientAuth): Promise<client.Configuration> => {
  const config = await client.discovery(new URL(server.issuer), app.client_id, undefined, authentication)
  // Verifies the signature of the ID token too, which TLS alone would vouch for otherwise.
  client.enableNonRepudiationChecks(config)
  return config
}

const begin = async (config: client.Configuration, app: App, more: Record<string, string> = {}) => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: app.redirectUri,
    scope: 'openid profile email offline_access read',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  })
  return { url, checks }
}

const logIn = async (config: client.Configuration, app: App, visitor = server.visitor()) => {
  const { url, checks } = await begin(config, app)
  const tokens = await client.authorizationCodeGrant(config, await walkBack(visitor, alice, url), checks)
  const { refresh_token = '', id_token = '' } = tokens
  return { ...tokens, refresh_token, id_token, claims: tokens.claims() }
}

/** All that an app does with a server, by one way of client authentication. */
const wholeStory = async (t: Test, app: App, authentication: client.ClientAuth): Promise<void> => {
  const config = await configure(app, authentication)
  const visitor = server.visitor()
  const tokens = await logIn(config, app, visitor)
  t.match(tokens.claims, { sub: alice.id, iss: server.issuer, aud: app.client_id })
  t.equal(tokens.scope, 'openid profile email offline_access read')

  const person = await client.fetchUserInfo(config, tokens.access_token, alice.id)
  t.match(person, { sub: alice.id, name: 'Alice Archer', email: 'alice@example.com' })

  server.clock.advance({ seconds: 1 })
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
  t.not(refreshed.refresh_token, tokens.refresh_token)
  t.equal(refreshed.claims()?.sub, alice.id)
  t.match(claims(refreshed.access_token).jti, /\.2$/)
  const repeated = await client.refreshTokenGrant(config, refreshed.refresh_token ?? '', { scope: tokens.scope ?? '' })
  t.equal(repeated.scope, tokens.scope, 'the whole granted scope with offline_access is no request for more')
  await t.rejects(
    client.refreshTokenGrant(config, repeated.refresh_token ?? '', { scope: `${tokens.scope} write` }),
    { name: 'ResponseBodyError', error: 'invalid_scope', status: 400 },
    'RFC 6749 §6: more than was granted',
  )

  if (app.secret !== undefined || authentication !== none) {
    t.match(await client.tokenIntrospection(config, repeated.access_token), { active: true, sub: alice.id })
  }

  const logoutUrl = client.buildEndSessionUrl(config, {
    id_token_hint: refreshed.id_token ?? '',
    post_logout_redirect_uri: afterLogout,
    state: 'gone',
  })
  t.equal((await visitor.visit(logoutUrl.href)).leaves?.href, `${afterLogout}?state=gone`)
  const { url } = await begin(config, app, { prompt: 'none' })
  t.equal((await visitor.visit(url.href)).leaves?.searchParams.get('error'), 'login_required', 'the session is over')

  const offline = await client.refreshTokenGrant(config, repeated.refresh_token ?? '')
  await client.tokenRevocation(config, offline.refresh_token ?? '')
  await t.rejects(client.refreshTokenGrant(config, offline.refresh_token ?? ''), {
    name: 'ResponseBodyError',
    error: 'invalid_grant',
  })
  await t.rejects(client.fetchUserInfo(config, offline.access_token, alice.id), {
    name: 'WWWAuthenticateChallengeError',
    status: 401,
  })
}
const none = client.None()
// The library reads the challenge and leaves the body.
const invalidClient = {
  name: 'WWWAuthenticateChallengeError',
  status: 401,
  cause: [{ parameters: { error: 'invalid_client' } }],
}

t.test('client_secret_basic (RFC 6749 §2.3.1)', async (t) => {
  const app = await server.anApp({ ...common })
  await wholeStory(t, app, client.ClientSecretBasic(app.secret))
  const config = await configure(app, client.ClientSecretBasic('wrong'))
  await t.rejects(logIn(config, app), invalidClient)
})

t.test('client_secret_post (RFC 6749 §2.3.1)', async (t) => {
  const app = await server.anApp({ ...common, token_endpoint_auth_method: 'client_secret_post' })
  await wholeStory(t, app, client.ClientSecretPost(app.secret))
  const config = await configure(app, client.ClientSecretBasic(app.secret))
  await t.rejects(logIn(config, app), invalidClient, 'T1: a method it did not register')
})

t.test('a public client (RFC 6749 §2.1)', async (t) => {
  const app = await server.anApp({ ...common, token_endpoint_auth_method: 'none' })
  await wholeStory(t, app, none)
})

for (const algorithm of signingAlgorithms)
  t.test(`private_key_jwt by ${algorithm} (RFC 7523 §2.2)`, async (t) => {
    const { publicKey, privateKey }: GenerateKeyPairResult = await generateKeyPair(algorithm, { extractable: true })
    const app = await server.anApp({
      ...common,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: algorithm,
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'first', use: 'sig' }] },
    })
    await wholeStory(t, app, client.PrivateKeyJwt({ key: privateKey, kid: 'first' }))

    const foreign = await generateKeyPair(algorithm)
    const config = await configure(app, client.PrivateKeyJwt({ key: foreign.privateKey, kid: 'first' }))
    await t.rejects(logIn(config, app), invalidClient, 'T4: the key of another')
  })

t.test('response_mode=form_post (OAuth 2.0 Form Post Response Mode §2)', async (t) => {
  const app = await server.anApp({ ...common })
  const config = await configure(app, client.ClientSecretBasic(app.secret))
  const { url, checks } = await begin(config, app, { response_mode: 'form_post' })
  const page = await walk(server.visitor(), alice, url)
  const form = page.forms.find(({ id }) => id === 'form-post')
  t.match(form, { action: app.redirectUri, method: 'post', fields: { iss: server.issuer } })

  const posted = new Request(form?.action ?? '', { method: 'POST', body: new URLSearchParams(form?.fields) })
  const tokens = await client.authorizationCodeGrant(config, posted, checks)
  t.equal(tokens.claims()?.sub, alice.id)
})

t.test('the library refuses what is not ours: state, nonce and issuer are really checked', async (t) => {
  const app = await server.anApp({ ...common })
  const config = await configure(app, client.ClientSecretBasic(app.secret))
  const { url, checks } = await begin(config, app)
  const back = await walkBack(server.visitor(), alice, url)
  const mixedUp = new URL(back)
  mixedUp.searchParams.set('iss', 'https://other.example')
  await t.rejects(client.authorizationCodeGrant(config, mixedUp, checks), { code: 'OAUTH_INVALID_RESPONSE' })
  await t.rejects(client.authorizationCodeGrant(config, back, { ...checks, expectedState: 'another' }))
  await t.rejects(client.authorizationCodeGrant(config, back, { ...checks, expectedNonce: 'another' }), {
    code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  })
})

t.test('max_age and auth_time (OIDC Core §3.1.2.1)', async (t) => {
  const app = await server.anApp({ ...common })
  const config = await configure(app, client.ClientSecretBasic(app.secret))
  const { url, checks } = await begin(config, app, { max_age: '300' })
  const back = await walkBack(server.visitor(), alice, url)
  const tokens = await client.authorizationCodeGrant(config, back, { ...checks, maxAge: 300 })
  t.type(tokens.claims()?.auth_time, 'number')
})

t.test('eight refreshes of one token at once: all succeed, and nobody is logged out (FAPI 2.0 §5.3.2.1)', async (t) => {
  for (const token_endpoint_auth_method of ['client_secret_basic', 'none']) {
    const app = await server.anApp({ ...common, token_endpoint_auth_method })
    const config = await configure(app, app.secret === undefined ? none : client.ClientSecretBasic(app.secret))
    const { refresh_token } = await logIn(config, app)
    const eight = await Promise.all(Array.from({ length: 8 }, () => client.refreshTokenGrant(config, refresh_token)))
    t.equal(new Set(eight.map((tokens) => tokens.refresh_token)).size, 1, 'the same refresh token')
    t.equal(new Set(eight.map((tokens) => claims(tokens.access_token).jti)).size, 1, 'the same access token')
    const next = await client.refreshTokenGrant(config, eight[0]?.refresh_token ?? '')
    t.match(claims(next.access_token).jti, /\.3$/, 'and exactly one new generation')
  }
})
