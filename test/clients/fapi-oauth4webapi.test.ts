import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { fapiAlgorithms } from '../../src/oauth/profile.ts'
import { certifiedFetch } from '../support/certified-fetch.ts'
import { anAuthority } from '../support/client-certificates.ts'
import { aRunningClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.mjs'
import type { App } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walk, walkBack } from '../support/walk.ts'

/** oauth4webapi leaves every step to its caller: here each is taken, and none is skipped. */
const authority = await anAuthority()
const MTLS_CA_FILE = join(t.testdir(), 'authorities.pem')
await writeFile(MTLS_CA_FILE, authority.pem)
const MTLS_PORT = String(await freePort())
const SIGNING_ALGORITHMS = ['RS256', ...fapiAlgorithms].join()
const server = await aTlsServer(t, {
  clock: aRunningClock(),
  env: { MTLS_PORT, MTLS_CA_FILE, SIGNING_ALGORITHMS, DPOP_NONCE: 'required' },
})
const alice = await server.aPerson('alice', { email: 'alice@example.com' })
const issuer = new URL(server.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
const api = 'https://api.example'

type Ours = {
  readonly app: App
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  readonly how: { readonly DPoP?: oauth.DPoPHandle; readonly [oauth.customFetch]?: ReturnType<typeof certifiedFetch> }
}

/** As its documentation says: once more with the nonce that was sent. */
const again = async <Result>(attempt: () => Promise<Result>): Promise<Result> =>
  attempt().catch((error: unknown) => {
    if (!oauth.isDPoPNonceError(error)) throw error
    return attempt()
  })

/** A request that no browser can change. @param key signs the request object, where there is one */
const begin = async ({ app, client, authentication, how }: Ours, key?: oauth.CryptoKey, more = {}) => {
  const verifier = oauth.generateRandomCodeVerifier()
  const checks = { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier }
  const parameters = {
    client_id: app.client_id,
    redirect_uri: app.redirectUri,
    response_type: 'code',
    scope: 'openid email offline_access read',
    resource: api,
    state: checks.state,
    nonce: checks.nonce,
    max_age: '300',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  const pushed = key ? { request: await oauth.issueRequestObject(as, client, parameters, key) } : parameters
  const { request_uri } = await again(async () =>
    oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, authentication, pushed, how),
    ),
  )
  const query = new URLSearchParams({ client_id: app.client_id, request_uri })
  return { url: `${as.authorization_endpoint}?${query}`, ...checks }
}

type Begun = Awaited<ReturnType<typeof begin>>

const redeem = async ({ app, client, authentication, how }: Ours, answer: URLSearchParams, begun: Begun) =>
  again(async () => {
    const { verifier, nonce: expectedNonce } = begun
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      answer,
      app.redirectUri,
      verifier,
      how,
    )
    const checks = { expectedNonce, maxAge: 300, requireIdToken: true }
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, checks)
    await oauth.validateApplicationLevelSignature(as, response)
    return tokens
  })

const afterwards = async (t: Test, ours: Ours, tokens: oauth.TokenEndpointResponse) => {
  const { client, authentication, how } = ours
  const refreshed = await again(async () => {
    const { refresh_token = '' } = tokens
    const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refresh_token, how)
    return oauth.processRefreshTokenResponse(as, client, response)
  })
  const person = await again(async () => {
    const response = await oauth.userInfoRequest(as, client, refreshed.access_token, how)
    const person = await oauth.processUserInfoResponse(as, client, alice.id, response)
    if (client.userinfo_signed_response_alg !== undefined) await oauth.validateApplicationLevelSignature(as, response)
    return person
  })
  t.match(person, { sub: alice.id, email: 'alice@example.com' })
  const { DPoP, ...undecorated } = how
  const answer = await oauth.introspectionRequest(as, client, authentication, refreshed.access_token, undecorated)
  const cnf = DPoP ? { jkt: await DPoP.calculateThumbprint() } : { 'x5t#S256': /^[\w-]{43}$/ }
  t.match(await oauth.processIntrospectionResponse(as, client, answer), { active: true, sub: alice.id, cnf })
  if (client.introspection_signed_response_alg !== undefined) await oauth.validateApplicationLevelSignature(as, answer)
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, authentication, refreshed.access_token, undecorated),
  )
  await t.rejects(
    again(async () =>
      oauth.processUserInfoResponse(
        as,
        client,
        alice.id,
        await oauth.userInfoRequest(as, client, refreshed.access_token, how),
      ),
    ),
    { name: 'WWWAuthenticateChallengeError', status: 401 },
  )
}

/** The library as an API, which is asked by the library as a client. */
const atTheApi = (accessToken: string, DPoP: oauth.DPoPHandle | undefined, change: (request: Request) => Request) =>
  oauth.protectedResourceRequest(accessToken, 'GET', new URL(`${api}/accounts`), undefined, null, {
    ...(DPoP && { DPoP }),
    [oauth.customFetch]: async (url, { method, headers }) => {
      const request = change(new Request(url, { method, headers }))
      return Response.json(await oauth.validateJwtAccessToken(as, request, api, { requireDPoP: true }))
    },
  })

const aSigner = async (algorithm: (typeof fapiAlgorithms)[number]) => {
  const { publicKey, privateKey } = await oauth.generateKeyPair(algorithm, { extractable: true })
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', publicKey)
  const answers = {
    id_token_signed_response_alg: algorithm,
    userinfo_signed_response_alg: algorithm,
    introspection_signed_response_alg: algorithm,
    authorization_signed_response_alg: algorithm,
  }
  const app = await server.anApp({
    profile: 'fapi2_message_signing',
    resources: [api],
    jwks: { keys: [JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }))] },
    access_token_signed_response_alg: algorithm,
    ...answers,
  })
  const client: oauth.Client = { client_id: app.client_id, require_auth_time: true, ...answers }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(algorithm === 'EdDSA' ? 'Ed25519' : algorithm))
  return { app, client, authentication: oauth.PrivateKeyJwt(privateKey), how: { DPoP }, key: privateKey }
}

for (const algorithm of fapiAlgorithms)
  t.test(`oauth4webapi: JAR in PAR, JARM, DPoP with nonces, signed answers, by ${algorithm}`, async (t) => {
    const { key, ...ours } = await aSigner(algorithm)
    const begun = await begin(ours, key, { response_mode: 'jwt' })
    const back = await walkBack(server.visitor(), alice, begun.url)
    const other = oauth.validateJwtAuthResponse(as, ours.client, back, oauth.generateRandomState())
    await t.rejects(other, { code: 'OAUTH_INVALID_RESPONSE' }, 'the state of another')
    const stranger = { ...ours.client, client_id: 'another' }
    await t.rejects(oauth.validateJwtAuthResponse(as, stranger, back, begun.state), {
      code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
    })
    const answer = await oauth.validateJwtAuthResponse(as, ours.client, back, begun.state)
    const tokens = await redeem(ours, answer, begun)
    t.match(oauth.getValidatedIdTokenClaims(tokens), { sub: alice.id, auth_time: Number })
    const bearer = { ...ours, how: {} }
    await t.rejects(
      redeem(bearer, answer, begun),
      { name: 'ResponseBodyError' },
      'T17: a code is redeemed once, and by its key',
    )
  })

t.test('oauth4webapi: all that comes after, and the library as an API (RFC 9068 §4, RFC 9449 §7.1)', async (t) => {
  const { key, ...ours } = await aSigner('ES256')
  const begun = await begin(ours, key, { response_mode: 'form_post.jwt' })
  const form = (await walk(server.visitor(), alice, begun.url)).forms.find(({ id }) => id === 'form-post')
  t.same(Object.keys(form?.fields ?? {}), ['response'], 'JARM §2.3.3: nothing else is posted')
  const fields = new URLSearchParams(form?.fields)
  const tokens = await redeem(ours, await oauth.validateJwtAuthResponse(as, ours.client, fields, begun.state), begun)

  const { access_token } = tokens
  const response = await atTheApi(access_token, ours.how.DPoP, (request) => request)
  t.match(await response.json(), { sub: alice.id, client_id: ours.app.client_id, aud: api })
  const stolen = oauth.DPoP(ours.client, await oauth.generateKeyPair('ES256'))
  await t.rejects(
    atTheApi(access_token, stolen, (request) => request),
    { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' },
    'the key of a thief',
  )
  await t.rejects(
    atTheApi(access_token, ours.how.DPoP, ({ headers }) => new Request(`${api}/other`, { headers })),
    'a proof for another address',
  )
  await afterwards(t, ours, tokens)
})

t.test('oauth4webapi: tls_client_auth, PAR and certificate-bound tokens by the aliases (RFC 8705 §5)', async (t) => {
  const certificate = await authority.issue({ names: [{ type: 'url', value: 'https://bank.example/app' }] })
  const app = await server.anApp({
    profile: 'fapi2',
    resources: [api],
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_uri: 'https://bank.example/app',
    tls_client_certificate_bound_access_tokens: true,
  })
  const id_token_signed_response_alg = 'ES256'
  const client = { client_id: app.client_id, id_token_signed_response_alg, use_mtls_endpoint_aliases: true }
  const by = (issued: typeof certificate): Ours => ({
    app,
    client,
    authentication: oauth.TlsClientAuth(),
    how: { [oauth.customFetch]: certifiedFetch(t, server, issued) },
  })
  const ours = by(certificate)
  const begun = await begin(ours)
  const back = await walkBack(server.visitor(), alice, begun.url)
  const tokens = await redeem(ours, oauth.validateAuthResponse(as, client, back, begun.state), begun)
  await afterwards(t, ours, tokens)
  await t.rejects(begin(by(await authority.issue())), {
    name: 'WWWAuthenticateChallengeError',
    status: 401,
    cause: [{ parameters: { error: 'invalid_client' } }],
  })
})
