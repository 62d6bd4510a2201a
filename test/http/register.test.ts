import t from 'tap'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t, { env: { REGISTRATION: 'open', SIGNING_ALGORITHMS: 'RS256' } })
const { register, registered } = registeringAt(server)
const alice = await server.aPerson()
const mistakes = ({ body }: { body: Record<string, unknown> }) => String(body.error_description)

t.test('RFC 7591 §3.2.1 the answer says all that was registered', async (t) => {
  const { status, headers, body } = await register({
    client_name: 'Notes',
    redirect_uris: [redirectUri],
    contacts: ['dev@app.example'],
    software_id: 'notes',
  })
  t.equal(status, 201)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(headers.get('content-type'), /^application\/json/)
  t.match(body, {
    client_id: /^dyn_[0-9a-f]{24}$/,
    client_secret: /^tcs_[\w-]{43}$/,
    client_secret_expires_at: 0,
    client_id_issued_at: Math.floor(server.clock.now().getTime() / 1000),
    registration_access_token: /^tra_[\w-]{43}$/,
    registration_client_uri: `${server.issuer}/oauth2/register/${body.client_id}`,
    client_name: 'Notes',
    redirect_uris: [redirectUri],
    contacts: ['dev@app.example'],
    software_id: 'notes',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    application_type: 'web',
    scope: 'openid profile email address phone',
    id_token_signed_response_alg: 'RS256',
    subject_type: 'public',
    // "including any fields provisioned by the authorization server itself".
    first_party: false,
    pkce: 'required',
    introspect: 'own',
    rotation: 'rotate',
    access_token_lifetime: 600,
  })
  t.same(
    Object.keys(body).filter((name) => /^(secrets|createdAt|disabledAt|notBefore|registration|hash)$/.test(name)),
    [],
    'and nothing that is no metadata',
  )
})

t.test('O11 of the secrets only hashes are stored', async (t) => {
  const { body } = await registered()
  const rows = await server.database.prisma((prisma) => prisma.client.findMany({ include: { secrets: true } }))
  const dump = JSON.stringify(rows)
  t.notMatch(dump, String(body.client_secret))
  t.notMatch(dump, String(body.registration_access_token))
  t.match(dump, String(body.client_id))
})

t.test('RFC 7591 §3.2.1 no secret where the method needs none', async (t) => {
  const { body } = await registered({ token_endpoint_auth_method: 'none' })
  t.notOk('client_secret' in body)
  t.notOk('client_secret_expires_at' in body)
})

t.test('RFC 7591 §2 what was left out: the name is the id, offline_access needs refresh_token', async (t) => {
  const { body } = await registered()
  t.equal(body.client_name, body.client_id)
  const { body: offline } = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
  t.match(offline.scope, /\boffline_access\b/)
})

t.test('RFC 7591 §2 what is not understood is ignored, also a client_id of its own (T13)', async (t) => {
  const { body } = await registered({
    client_id: 'mine',
    client_secret: 'mine',
    'client_name#ja': 'x',
    unknown: { a: [1] },
  })
  t.not(body.client_id, 'mine')
  t.not(body.client_secret, 'mine')
  t.notOk('unknown' in body)
  t.notOk('client_name#ja' in body)
})

t.test('a client that registered itself logs people in, refreshes and is asked about itself', async (t) => {
  const app = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
  const tokens = await server.logIn(alice, app, { scope: 'openid offline_access' })
  const refreshed = await server.refresh(app, tokens.refresh_token)
  t.equal(refreshed.status, 200)
  t.match(await server.introspect(app, tokens.access_token), { active: true })
})

t.test('S6 its consent page warns, and says where the answer goes', async (t) => {
  const app = await registered({
    client_name: 'Your Bank <b>',
    redirect_uris: ['https://evil.example:8443/cb'],
    logo_uri: 'https://evil.example/logo.png',
  })
  const visitor = server.visitor()
  await visitor.visit(server.authorizeUrl(app, { scope: 'openid' }).url)
  const page = await visitor.submit(
    'login-form',
    { username: alice.username, password: alice.password },
    'login-submit',
  )
  t.match(page.html, /id="consent-unverified"/)
  const nobody = server.visitor()
  const { html } = await nobody.visit(server.authorizeUrl(app, { scope: 'openid' }).url)
  t.match(html, /id="login-unverified"/, 'nobody types a password before that was said')
  t.match(html, /evil\.example:8443/)
  t.match(html, 'logo.png', 'its picture never stands without that')
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { scope: 'openid', prompt: 'select_account' }).url)
  t.match(visitor.at().html, /id="login-unverified"/)
  t.match(page.html, /what you allow goes to evil\.example:8443/)
  t.notMatch(page.html, 'Your Bank <b>')

  const ours = await server.anApp()
  await visitor.visit(server.authorizeUrl(ours, { scope: 'openid' }).url)
  t.notMatch(visitor.at().html, /id="consent-unverified"/, 'not of one that an operator made')
  const atOurs = server.visitor()
  t.notMatch((await atOurs.visit(server.authorizeUrl(ours, { scope: 'openid' }).url)).html, /id="login-unverified"/)
})

/** O1: what is sent, and the mistake that is named. */
const refused: readonly (readonly [Record<string, unknown>, RegExp, string?])[] = [
  [{ redirect_uris: ['javascript:alert(1)'] }, /redirect_uris\[0\]/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['https://*.app.example/cb'] }, /redirect_uris\[0\] contains a wildcard/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['https://app.example/cb#f'] }, /redirect_uris\[0\] has a fragment/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['http://app.example/cb'] }, /redirect_uris\[0\] must be https/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['http://localhost/cb'] }, /redirect_uris\[0\] must be https/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['https://localhost/cb'] }, /redirect_uris\[0\] must be https and not on/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['https://127.0.0.1/cb'] }, /redirect_uris\[0\] must be https and not on/, 'invalid_redirect_uri'],
  [{ redirect_uris: ['com.example.app:/cb'] }, /redirect_uris\[0\] must be https/, 'invalid_redirect_uri'],
  [
    { application_type: 'native', redirect_uris: ['http://app.example/cb'] },
    /is http on a host/,
    'invalid_redirect_uri',
  ],
  [{ application_type: 'native', redirect_uris: ['app:/cb'] }, /has a scheme/, 'invalid_redirect_uri'],
  [
    { redirect_uris: Array(1000).fill(redirectUri) },
    /redirect_uris must not have more than 50/,
    'invalid_redirect_uri',
  ],
  [{ redirect_uris: 'https://app.example/cb' }, /redirect_uris must be array/, 'invalid_redirect_uri'],
  [{ redirect_uris: [] }, /redirect_uris needs a URI/, 'invalid_redirect_uri'],
  [{ post_logout_redirect_uris: ['javascript:alert(1)'] }, /post_logout_redirect_uris\[0\]/],
  [{ logo_uri: 'data:image/svg+xml,<svg/>' }, /logo_uri must be https/],
  [{ client_uri: 'http://app.example/' }, /client_uri must be https/],
  [{ policy_uri: 'javascript:alert(1)' }, /policy_uri must be https/],
  [{ tos_uri: 'http://localhost/' }, /tos_uri must be https/],
  [{ jwks_uri: 'http://169.254.169.254/' }, /jwks_uri is http/],
  [{ jwks_uri: 'https://app.example/jwks', jwks: { keys: [] } }, /jwks_uri must not stand beside jwks/],
  [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, /jwks\.keys\[0\] is symmetric/],
  [{ scope: 'openid tessera.admin' }, /scope/],
  [{ scope: 'openid admin' }, /scope may only have openid/],
  [{ grant_types: ['password'] }, /grant_types\[0\] .*password are not served/],
  [{ grant_types: ['authorization_code', 'implicit'] }, /grant_types\[1\] .*implicit and password are not served/],
  [{ grant_types: ['client_credentials'] }, /grant_types has client_credentials, which is not for/],
  [{ response_types: ['code', 'id_token'] }, /response_types\[1\] must be code: implicit/],
  [{ response_types: [] }, /response_types must have code/],
  [
    { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: ['code'] },
    /response_types has code/,
  ],
  [{ id_token_signed_response_alg: 'none' }, /id_token_signed_response_alg must be one of RS256/],
  [{ id_token_signed_response_alg: 'ES256' }, /id_token_signed_response_alg must be one of RS256/],
  [{ userinfo_signed_response_alg: 'PS256' }, /userinfo_signed_response_alg must be one of RS256/],
  [{ id_token_encrypted_response_alg: 'RSA-OAEP' }, /id_token_encrypted_response_alg is not served/],
  [{ userinfo_encrypted_response_enc: 'A256GCM' }, /userinfo_encrypted_response_enc is not served/],
  [{ request_object_encryption_alg: 'RSA-OAEP' }, /request_object_encryption_alg is not served/],
  [{ token_endpoint_auth_method: 'client_secret_jwt' }, /token_endpoint_auth_method must be one of/],
  [
    { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'a.example' },
    /token_endpoint_auth_method must/,
  ],
  [
    { tls_client_certificate_bound_access_tokens: true },
    /tls_client_certificate_bound_access_tokens cannot be true: no certificate/,
  ],
  [{ token_endpoint_auth_method: 'private_key_jwt' }, /jwks or jwks_uri is needed/],
  [{ first_party: true }, /first_party is set by whoever runs/],
  [{ introspect: 'all' }, /introspect is set by whoever runs/],
  [{ pkce: 'optional' }, /pkce is set by whoever runs/],
  [{ resources: ['https://api.example'] }, /resources is set by whoever runs/],
  [{ refresh_token_delivery: 'cookie' }, /refresh_token_delivery is set by/],
  [{ rotation: 'reuse' }, /rotation is set by/],
  [{ access_token_lifetime: 86400 }, /access_token_lifetime is set by/],
  [{ client_name: 'Bank\u202e' }, /client_name has a character that cannot be seen/],
  ...['Ba\u3164nk', 'Ba\u00adnk', 'Bank\u115f', 'Ba\u200dnk', 'Bank\ufe0f'].map(
    (client_name) => [{ client_name }, /client_name has a character that cannot be seen/] as const,
  ),
  ...[' ', '\u00a0\u2003', '\u2800', '\u0301'].map(
    (client_name) => [{ client_name }, /client_name has nothing that can be seen/] as const,
  ),
  [{ client_name: 7 }, /client_name must be string/],
  [{ contacts: 'me' }, /contacts must be array/],
  [{ sector_identifier_uri: 'http://127.0.0.1/s' }, /sector_identifier_uri must be https/],
  [{ software_statement: 'eyJ.e.s' }, /statements are not accepted/, 'unapproved_software_statement'],
]
for (const [metadata, expected, error = 'invalid_client_metadata'] of refused)
  t.test(`O1 ${JSON.stringify(metadata).slice(0, 90)}`, async (t) => {
    const answer = await register({ redirect_uris: [redirectUri], ...metadata })
    t.equal(answer.status, 400)
    t.equal(answer.body.error, error)
    t.match(mistakes(answer), expected)
    t.equal(answer.headers.get('cache-control'), 'no-store')
  })

t.test('RFC 7591 §3.2.2 every mistake is named at once', async (t) => {
  const answer = await register({ logo_uri: 'data:x', first_party: true, grant_types: ['password'], client_name: 7 })
  for (const field of ['logo_uri', 'first_party', 'grant_types', 'client_name']) t.match(mistakes(answer), field)
})

t.test('O7 O8 D4 what is no such JSON', async (t) => {
  const json = { 'content-type': 'application/json' }
  const deep = `{"redirect_uris":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
  const bad: readonly (readonly [string, Record<string, string>, number])[] = [
    ['', json, 400],
    ['null', json, 400],
    ['[]', json, 400],
    ['"text"', json, 400],
    ['{', json, 400],
    ['{"__proto__":{"first_party":true},"redirect_uris":["https://a.example/cb"]}', json, 400],
    ['{"constructor":{"prototype":{}},"redirect_uris":["https://a.example/cb"]}', json, 400],
    ['{"client_name":"\\u0000","redirect_uris":["https://a.example/cb"]}', json, 400],
    ['{"client_name":"\\ud800","redirect_uris":["https://a.example/cb"]}', json, 400],
    [deep, json, 400],
    [`{"jwks":${'{"keys":['.repeat(5000)}${']}'.repeat(5000)}}`, json, 400],
    [`{"client_name":"${'x'.repeat(70_000)}"}`, json, 413],
    ['redirect_uris=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['{}', { 'content-type': 'text/plain' }, 415],
    ['{}', { 'content-type': 'application/json; charset=utf-7' }, 415],
    ['{}', { 'content-type': 'application/json ; x' }, 415],
  ]
  for (const [body, headers, status] of bad) {
    const answer = await register(body, headers)
    t.equal(answer.status, status, body.slice(0, 40))
    t.type(answer.body.error, 'string')
  }
  t.equal(
    (await register({ redirect_uris: [redirectUri], client_name: 'a \\" [[[[[[[[[[[[[[[[[[[[[[[[ b' })).status,
    201,
  )
})

t.test('a client that registers for the profile fapi2 (FAPI 2.0 §5.3.2)', async (t) => {
  const answer = await register({
    redirect_uris: [redirectUri],
    profile: 'fapi2',
    jwks_uri: 'https://app.example/jwks',
  })
  t.equal(answer.status, 400, 'this server has no key of a FAPI algorithm')
  t.match(mistakes(answer), /profile needs ES256/)
})
