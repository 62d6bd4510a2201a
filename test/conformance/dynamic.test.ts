import { generateKeyPairSync } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose'
import t from 'tap'
import { registeringAt } from '../support/registering.ts'
import { anHttpsApp } from '../support/tls-server.ts'
import { aClient, aServerToTest, isErrorPage, kidOf } from './basic.ts'

/** What Dynamic OP adds, with clients as the suite makes them: they send no PKCE. */
const under = await aServerToTest(t)
const { server, discovery } = under
const suite = aClient(under, 'query')
const { register, registered } = registeringAt(server)
const refused = (error: string) => ({ status: 400, body: { error } })

/** What stands at an address of the client's. */
const published = async (body: () => unknown) =>
  anHttpsApp(t, under.server.certificate, () => (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body()))
  })

t.test('oidcc-idtoken-rs256: an ID token signed with the algorithm that was registered', async (t) => {
  const app = await registered({ id_token_signed_response_alg: 'RS256' })
  t.equal(app.body.id_token_signed_response_alg, 'RS256')
  await suite.logIn(t, app)
})

t.test('oidcc-userinfo-rs256: userinfo is a JWT, of the issuer and for the client', async (t) => {
  const app = await registered({ userinfo_signed_response_alg: 'RS256' })
  const { tokens, idToken } = await suite.logIn(t, app)
  const answer = await suite.userinfo(tokens.body.access_token)
  t.equal(answer.status, 200)
  t.match(answer.headers.get('content-type'), /^application\/jwt/)
  const { payload } = await jwtVerify(
    String(answer.body.text),
    createRemoteJWKSet(new URL(String(discovery.jwks_uri))),
    { issuer: server.issuer, audience: app.client_id, algorithms: ['RS256'], currentDate: server.clock.now() },
  )
  t.equal(payload.sub, idToken.sub)
})

t.test('oidcc-ensure-redirect-uri-in-authorization-request: two are registered, none is sent', async (t) => {
  const app = await registered({ redirect_uris: ['https://app.example/cb', 'https://app.example/other'] })
  t.ok(isErrorPage(await suite.ask(app, { redirect_uri: '' })))
})

const withQuery = 'https://app.example/cb?foo=bar'
t.test('oidcc-redirect-uri-query-OK: what was registered with a query keeps it', async (t) => {
  const app = await registered({ redirect_uris: [withQuery] })
  const { page } = await suite.ask(app)
  t.match(Object.fromEntries(page.leaves?.searchParams ?? []), { foo: 'bar', code: String })
})
for (const [module, redirect_uris, redirect_uri] of [
  ['oidcc-redirect-uri-query-mismatch', [withQuery], 'https://app.example/cb?bar=foo'],
  ['oidcc-redirect-uri-query-added', ['https://app.example/cb'], withQuery],
] as const)
  t.test(`${module}: a page, no redirect`, async (t) => {
    t.ok(isErrorPage(await suite.ask(await registered({ redirect_uris }), { redirect_uri })))
  })

t.test('oidcc-redirect-uri-regfrag: a redirect URI with a fragment is not registered', async (t) => {
  t.match(await register({ redirect_uris: ['https://app.example/cb#foobar'] }), refused('invalid_redirect_uri'))
})

for (const [module, field] of [
  ['oidcc-registration-logo-uri', 'logo_uri'],
  ['oidcc-registration-policy-uri', 'policy_uri'],
  ['oidcc-registration-tos-uri', 'tos_uri'],
] as const)
  t.test(`${module}: where a person logs in it is shown`, async (t) => {
    const address = `https://app.example/${field}.png`
    const { client_id, redirectUri } = await registered({ [field]: address })
    const page = await server
      .visitor()
      .visit(server.authorizeUrl({ client_id, redirectUri, secret: undefined }, { scope: 'openid' }).url)
    t.ok(page.forms.some(({ id }) => id === 'login-form'))
    t.match(page.html, field === 'logo_uri' ? `src="${address}"` : `href="${address}"`)
  })

const keyPair = (kid: string) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } }
}
/** RFC 7523, for the token endpoint unless it says otherwise: OIDC Core §9. */
const authenticated = async (
  clientId: string,
  { kid, privateKey }: ReturnType<typeof keyPair>,
  jti: string,
  aud = `${server.issuer}/oauth2/token`,
) => {
  const now = Math.floor(server.clock.now().getTime() / 1000)
  const claims = { iss: clientId, sub: clientId, aud, iat: now, exp: now + 60, jti }
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey),
  }
}

t.test('oidcc-registration-jwks-uri, oidcc-ensure-client-assertion-with-iss-aud-succeeds: keys are read', async (t) => {
  const key = keyPair('one')
  const jwks_uri = `${await published(() => ({ keys: [key.jwk] }))}/jwks`
  const app = await registered({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri })
  const asked = await suite.ask(app)
  const stranger = await authenticated(app.client_id, keyPair('one'), 'a')
  const wrong = await suite.redeem({ ...app, secret: undefined }, asked, stranger)
  t.match(wrong, { status: 401, body: { error: 'invalid_client' } })
  const elsewhere = await authenticated(app.client_id, key, 'b', 'https://elsewhere.example')
  t.match(await suite.redeem({ ...app, secret: undefined }, asked, elsewhere), { status: 401 })
  const own = await authenticated(app.client_id, key, 'c')
  t.match(await suite.redeem(app, asked, own), { status: 200 })
  const again = await authenticated(app.client_id, key, 'd', server.issuer)
  t.match(await suite.redeem(app, await suite.ask(app), again), { status: 200 }, 'or of the issuer, which is stricter')
})

t.test('oidcc-refresh-token-rp-key-rotation: the next key, published a minute later, refreshes', async (t) => {
  let key = keyPair('one')
  const jwks_uri = `${await published(() => ({ keys: [key.jwk] }))}/jwks`
  const grants = { grant_types: ['authorization_code', 'refresh_token'] }
  const app = await registered({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri, ...grants })
  const asked = await suite.ask(app, { scope: 'openid offline_access', prompt: 'consent' })
  const first = await authenticated(app.client_id, key, 'first')
  const { body } = await suite.redeem(app, asked, first)
  key = keyPair('two')
  server.clock.advance({ seconds: 60 })
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
  const next = await authenticated(app.client_id, key, 'next')
  t.match(await server.post(suite.path('token_endpoint'), { ...refresh, ...next }), { status: 200 })
})

t.test('oidcc-registration-sector-uri: pairwise, for the redirect URIs that the document lists', async (t) => {
  const redirect_uris = ['https://app.example/cb', 'https://other.example/cb']
  const sector_identifier_uri = `${await published(() => redirect_uris)}/sector`
  const app = await registered({ redirect_uris, sector_identifier_uri, subject_type: 'pairwise' })
  const { idToken } = await suite.logIn(t, app)
  t.not(idToken.sub, suite.person.id)
})

t.test('oidcc-registration-sector-bad: a document that lists another is refused', async (t) => {
  const sector_identifier_uri = `${await published(() => ['https://another.example/cb'])}/sector`
  const answer = await register({ redirect_uris: ['https://app.example/cb'], sector_identifier_uri })
  t.match(answer, refused('invalid_client_metadata'))
})

t.test('oidcc-server-rotate-keys: the next key is published, signs, and the last one is published still', async (t) => {
  const app = await registered()
  const kids = async () => {
    const { body } = await server.get(suite.path('jwks_uri'))
    return Array.isArray(body.keys) ? body.keys.map(({ kid }) => String(kid)) : []
  }
  const before = await kids()
  const { tokens } = await suite.logIn(t, app)
  const old = kidOf(tokens.body.id_token)
  await server.keys.rotate('RS256', { emergency: false })
  t.equal((await kids()).filter((kid) => !before.includes(kid)).length, 1)
  server.clock.advance({ seconds: 86_400 })
  const next = await suite.logIn(t, app)
  t.not(kidOf(next.tokens.body.id_token), old)
  t.ok((await kids()).includes(old ?? ''))
})
