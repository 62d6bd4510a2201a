import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { customFetch as clientFetch, discovery, randomPKCECodeVerifier } from 'openid-client'
import t from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import { anAuthority } from '../support/client-certificates.ts'
import { aRunningClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.mjs'
import { claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { machineMetadata } from '../support/token-requests.ts'
import { walkBack } from '../support/walk.ts'

/** Libraries that nobody here wrote, with proofs, nonces and certificates of their own making. */
const authority = await anAuthority()
const MTLS_CA_FILE = join(t.testdir(), 'authorities.pem')
await writeFile(MTLS_CA_FILE, authority.pem)
const MTLS_PORT = String(await freePort())
const server = await aTlsServer(t, { clock: aRunningClock(), env: { MTLS_PORT, MTLS_CA_FILE, DPOP_NONCE: 'required' } })
const alice = await server.aPerson()
const issuer = new URL(server.issuer)

t.test('oauth4webapi: DPoP with a nonce that the server asks for (RFC 9449 §8, §9)', async (t) => {
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
  t.ok(as.dpop_signing_alg_values_supported?.includes('ES256'))
  for (const alg of ['ES256', 'PS256', 'Ed25519'] as const) {
    const app = await server.anApp({ ...machineMetadata, dpop_bound_access_tokens: true })
    const client: oauth.Client = { client_id: app.client_id }
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(alg))
    const authentication = oauth.ClientSecretBasic(String(app.secret))
    const ask = async () =>
      oauth.processClientCredentialsResponse(
        as,
        client,
        await oauth.clientCredentialsGrantRequest(as, client, authentication, {}, { DPoP }),
      )
    await t.rejects(ask(), oauth.ResponseBodyError, 'it is asked for a nonce')
    const { token_type, access_token } = await ask()
    t.equal(token_type, 'dpop')
    t.same(claims(access_token).cnf, { jkt: await DPoP.calculateThumbprint() }, alg)
  }
})

t.test('openid-client: a login with DPoP, which comes again with the nonce by itself', async (t) => {
  const app = await server.anApp({ dpop_bound_access_tokens: true })
  const config = await discovery(issuer, app.client_id, {}, openid.ClientSecretBasic(String(app.secret)))
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const verifier = randomPKCECodeVerifier()
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: app.redirectUri,
    scope: 'openid offline_access',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: await DPoP.calculateThumbprint(),
    state: 's',
  })
  const back = await walkBack(server.visitor(), alice, url)
  const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
  const tokens = await openid.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
  t.equal(tokens.token_type, 'dpop')
  const subject = tokens.claims()?.sub ?? ''
  t.equal((await openid.fetchUserInfo(config, tokens.access_token, subject, { DPoP })).sub, alice.id)
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
  t.same(claims(refreshed.access_token).cnf, claims(tokens.access_token).cnf)
  await t.rejects(openid.fetchUserInfo(config, tokens.access_token, subject), 'as a bearer token')
})

t.test(
  'openid-client: tls_client_auth and certificate-bound tokens, by the aliases of the metadata (RFC 8705 §5)',
  async (t) => {
    const app = await server.anApp({
      ...machineMetadata,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'client.example',
      tls_client_certificate_bound_access_tokens: true,
    })
    const certificate = await authority.issue({ names: [{ type: 'dns', value: 'client.example' }] })
    const dispatcher = new Agent({
      connect: { ca: server.certificate.ca, cert: certificate.pem, key: certificate.key },
    })
    t.teardown(() => dispatcher.close())
    const metadata = { use_mtls_endpoint_aliases: true }
    const config = await discovery(issuer, app.client_id, metadata, openid.TlsClientAuth(), {
      [clientFetch]: async (input, init) => {
        const { method, headers } = init
        const body = init.body instanceof URLSearchParams ? init.body.toString() : undefined
        const answer = await fetchBy(input, { method, headers, ...(body !== undefined && { body }), dispatcher })
        return new Response(await answer.text(), { status: answer.status, headers: [...answer.headers] })
      },
    })
    const { access_token } = await openid.clientCredentialsGrant(config)
    t.match(claims(access_token).cnf, { 'x5t#S256': /^[\w-]{43}$/ })
  },
)
