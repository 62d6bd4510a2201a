import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import type { SigningAlgorithm } from '../../src/oauth/client.ts'
import { fapiAlgorithms } from '../../src/oauth/profile.ts'
import { certifiedFetch } from '../support/certified-fetch.ts'
import { anAuthority, aSelfSigned, type Issued } from '../support/client-certificates.ts'
import { aRunningClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.mjs'
import { type App, claims } from '../support/server.ts'
import { otherwiseSigned } from '../support/signed.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walkBack } from '../support/walk.ts'

/** Every option of openid-client that makes it stricter, at a server that asks for a nonce in each DPoP proof. */
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
const scope = 'openid email offline_access read'

/** What the server is told at registration, and the library too. */
const signed = (algorithm: SigningAlgorithm) => ({
  id_token_signed_response_alg: algorithm,
  userinfo_signed_response_alg: algorithm,
  introspection_signed_response_alg: algorithm,
  authorization_signed_response_alg: algorithm,
})

type Ours = {
  readonly app: App
  readonly config: client.Configuration
  readonly DPoP?: client.DPoPHandle
  /** Signs request objects, where they are signed. */
  readonly requestKey?: client.CryptoKey
}
const optional = ({ DPoP }: Ours): client.DPoPOptions => (DPoP ? { DPoP } : {})

const begin = async (ours: Ours, more: Record<string, string> = {}) => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: ours.app.redirectUri,
    scope,
    resource: 'https://api.example',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
  const { config, requestKey } = ours
  const pushed = requestKey
    ? (await client.buildAuthorizationUrlWithJAR(config, parameters, requestKey)).searchParams
    : parameters
  return { url: await client.buildAuthorizationUrlWithPAR(config, pushed, optional(ours)), checks }
}

const wholeStory = async (t: Test, ours: Ours) => {
  const { app, config } = ours
  const { url, checks } = await begin(ours)
  t.same([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'], 'nothing else passes the browser')
  const back = await walkBack(server.visitor(), alice, url)
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, optional(ours))
  t.match(tokens.claims(), { sub: alice.id, iss: server.issuer, aud: app.client_id })
  const person = await client.fetchUserInfo(config, tokens.access_token, alice.id, optional(ours))
  t.equal(person.email, 'alice@example.com')

  const refreshToken = tokens.refresh_token ?? ''
  const refreshed = await client.refreshTokenGrant(config, refreshToken, {}, optional(ours))
  t.equal(refreshed.refresh_token ?? refreshToken, refreshToken, 'FAPI 2.0 SP §5.3.2.1: no rotation')
  t.same(claims(refreshed.access_token).cnf, claims(tokens.access_token).cnf)
  t.match(await client.tokenIntrospection(config, refreshed.access_token), { active: true, sub: alice.id })

  await client.tokenRevocation(config, refreshToken)
  await t.rejects(client.refreshTokenGrant(config, refreshToken, {}, optional(ours)), {
    name: 'ResponseBodyError',
    error: 'invalid_grant',
  })
  await t.rejects(client.fetchUserInfo(config, refreshed.access_token, alice.id, optional(ours)), {
    name: 'WWWAuthenticateChallengeError',
    status: 401,
  })
  return { tokens, back, checks }
}

/** @param profile with message signing, everything that can be signed is */
const byKey = async (profile: 'fapi2' | 'fapi2_message_signing', algorithm: (typeof fapiAlgorithms)[number]) => {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const isSigning = profile === 'fapi2_message_signing'
  const answers = isSigning ? signed(algorithm) : { id_token_signed_response_alg: algorithm }
  const app = await server.anApp({
    profile,
    resources: ['https://api.example'],
    token_endpoint_auth_signing_alg: algorithm,
    access_token_signed_response_alg: algorithm,
    ...(isSigning && { request_object_signing_alg: algorithm }),
    ...answers,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'first', use: 'sig' }] },
  })
  const key = { key: privateKey, kid: 'first' }
  const config = await client.discovery(issuer, app.client_id, answers, client.PrivateKeyJwt(key), {
    execute: [client.enableNonRepudiationChecks, ...(isSigning ? [client.useJwtResponseMode] : [])],
  })
  const DPoP = client.getDPoPHandle(
    config,
    await client.randomDPoPKeyPair(algorithm === 'EdDSA' ? 'Ed25519' : algorithm),
  )
  return { app, config, DPoP, ...(isSigning && { requestKey: privateKey }) }
}

for (const algorithm of fapiAlgorithms) {
  t.test(`openid-client: profile fapi2, PAR, private_key_jwt, DPoP with nonces, by ${algorithm}`, async (t) => {
    const ours = await byKey('fapi2', algorithm)
    const { tokens } = await wholeStory(t, ours)
    t.equal(tokens.token_type, 'dpop')
    t.same(claims(tokens.access_token).cnf, { jkt: await ours.DPoP.calculateThumbprint() })
  })

  t.test(`openid-client: profile fapi2_message_signing, JAR in PAR, JARM, all signed, by ${algorithm}`, async (t) => {
    const ours = await byKey('fapi2_message_signing', algorithm)
    const { back, checks } = await wholeStory(t, ours)
    t.same([...back.searchParams.keys()], ['response'], 'MS §5.4: nothing comes back that is not signed')
    const changed = new URL(back)
    changed.searchParams.set('response', otherwiseSigned(back.searchParams.get('response') ?? ''))
    await t.rejects(client.authorizationCodeGrant(ours.config, changed, checks, undefined, { DPoP: ours.DPoP }))
  })
}

t.test('openid-client: what a profile leaves out is refused, by the library or by the server', async (t) => {
  const ours = await byKey('fapi2_message_signing', 'ES256')
  const { requestKey, ...unsigned } = ours
  await t.rejects(
    begin(unsigned),
    { name: 'ResponseBodyError', error: 'invalid_request' },
    'MS §5.3.1: a request object',
  )
  const foreign = await generateKeyPair('ES256')
  await t.rejects(begin({ ...ours, requestKey: foreign.privateKey }), {
    name: 'ResponseBodyError',
    error: 'invalid_request_object',
  })
  const unpushed = client.buildAuthorizationUrl(ours.config, { redirect_uri: ours.app.redirectUri, scope })
  const { leaves } = await server.visitor().visit(unpushed.href)
  const refused = client.authorizationCodeGrant(ours.config, leaves ?? unpushed)
  await t.rejects(
    refused,
    { name: 'AuthorizationResponseError', error: 'invalid_request' },
    'SP §5.3.2.2: pushed, or not at all',
  )

  const { url, checks } = await begin(ours)
  const back = await walkBack(server.visitor(), alice, url)
  await t.rejects(client.authorizationCodeGrant(ours.config, back, checks), 'SP §5.3.2.1: no token without a key')
  const another = await client.randomDPoPKeyPair('ES256')
  const DPoP = client.getDPoPHandle(ours.config, another)
  const redeemed = client.authorizationCodeGrant(ours.config, back, checks, undefined, { DPoP })
  await t.rejects(redeemed, 'RFC 9449 §10.1: the code is bound to the key of the pushed request')
})

const ways: Record<string, (name: string) => Promise<{ certificate: Issued; metadata: Record<string, unknown> }>> = {
  tls_client_auth: async (name) => ({
    certificate: await authority.issue({ subject: `C=KR, O=Bank, CN=${name}` }),
    metadata: { tls_client_auth_subject_dn: `CN=${name},O=Bank,C=KR` },
  }),
  self_signed_tls_client_auth: async (name) => {
    const certificate = await aSelfSigned({ subject: `CN=${name}` })
    const x5c = [certificate.x509.raw.toString('base64')]
    return { certificate, metadata: { jwks: { keys: [{ ...certificate.jwk, x5c }] } } }
  },
}

for (const [method, make] of Object.entries(ways))
  t.test(`openid-client: profile fapi2, PAR, ${method}, certificate-bound tokens (RFC 8705)`, async (t) => {
    const { certificate, metadata } = await make('client')
    const app = await server.anApp({
      profile: 'fapi2',
      resources: ['https://api.example'],
      token_endpoint_auth_method: method,
      tls_client_certificate_bound_access_tokens: true,
      ...metadata,
    })
    const configured = async (by: Issued) => {
      const ours = { use_mtls_endpoint_aliases: true, id_token_signed_response_alg: 'ES256' }
      return client.discovery(issuer, app.client_id, ours, client.TlsClientAuth(), {
        execute: [client.enableNonRepudiationChecks],
        [client.customFetch]: certifiedFetch(t, server, by),
      })
    }
    const config = await configured(certificate)
    const { tokens } = await wholeStory(t, { app, config })
    t.equal(tokens.token_type, 'bearer')
    t.match(claims(tokens.access_token).cnf, { 'x5t#S256': /^[\w-]{43}$/ })

    const impostor = { app, config: await configured((await make('impostor')).certificate) }
    await t.rejects(begin(impostor), 'T18: the certificate of another')
  })
