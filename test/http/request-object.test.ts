import { createHmac } from 'node:crypto'
import t from 'tap'
import { aKeyedClient, edKey, type KeyedClient, key, otherKey, rsaKey, type Signing } from '../support/fapi.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await aKeyedClient(server, { first_party: true })
await visitor.visit(server.authorizeUrl(app).url)
await visitor.submit('login-form', { username: alice.username, password: alice.password })

const send = (client: KeyedClient, more: Record<string, string>) =>
  visitor.send(`/oauth2/authorize?${new URLSearchParams({ client_id: client.client_id, ...more })}`)
const answerOf = (page: { leaves: URL | undefined }) => Object.fromEntries(page.leaves?.searchParams ?? [])
const isPage = (page: { status: number; leaves: URL | undefined; html: string }, code = 'invalid_request_object') =>
  page.status === 400 && !page.leaves && page.html.includes('id="error-page"') && page.html.includes(code)
const signed = async (
  client: KeyedClient,
  parameters: Record<string, string> = {},
  changes: Record<string, unknown> = {},
  signing: Signing = {},
) => client.object(client.parameters(parameters).parameters, changes, signing)

t.test('RFC 9101 K4 a signed request object, by each algorithm that is advertised, and each type', async (t) => {
  const { body } = await server.get('/.well-known/openid-configuration')
  t.same(body.request_object_signing_alg_values_supported, ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
  for (const [title, signing] of [
    ['ES256', {}],
    ['ES256 typ oauth-authz-req+jwt', { header: { typ: 'oauth-authz-req+jwt' } }],
    ['ES256 typ JWT', { header: { typ: 'JWT' } }],
    ['RS256', { header: { alg: 'RS256', kid: 'rsa' }, key: rsaKey.privateKey }],
    ['PS256', { header: { alg: 'PS256', kid: 'rsa' }, key: rsaKey.privateKey }],
    ['EdDSA', { header: { alg: 'EdDSA', kid: 'ed' }, key: edKey.privateKey }],
    ['Ed25519', { header: { alg: 'Ed25519', kid: 'ed' }, key: edKey.privateKey }],
  ] as const) {
    const answer = answerOf(await send(app, { request: await signed(app, {}, {}, signing) }))
    t.match(answer, { code: String, state: 'the state', iss: server.issuer }, title)
  }
})

t.test('RFC 9101 §4: numbers, and JSON that is JSON as a parameter too', async (t) => {
  const fresh = await send(app, { request: await signed(app, { prompt: 'none' }, { max_age: 10_000 }) })
  t.ok(answerOf(fresh).code)
  server.clock.advance({ seconds: 1 })
  const stale = await send(app, { request: await signed(app, { prompt: 'none' }, { max_age: 0 }) })
  t.equal(answerOf(stale).error, 'login_required', 'max_age counted')
  const claims = { id_token: { acr: { essential: true, value: 'nowhere' } } }
  const essential = await send(app, { request: await signed(app, { prompt: 'none' }, { claims }) })
  t.equal(answerOf(essential).error, 'unmet_authentication_requirements', 'claims counted')
  const two = await send(app, { request: await signed(app, {}, { state: ['one', 'two'] }) })
  t.notOk(answerOf(two).code, 'a list is a repeat')
  const odd = await send(app, { request: await signed(app, {}, { prompt: { none: true } }) })
  t.equal(answerOf(odd).error, 'invalid_request')
})

t.test('T8 only what is inside counts (RFC 9101 §6.3)', async (t) => {
  const parameters = {
    redirect_uri: 'https://evil.example/cb',
    response_type: 'token',
    scope: 'admin',
    prompt: 'login',
  }
  const page = await send(app, { ...parameters, request: await signed(app) })
  t.equal(page.leaves?.host, 'app.example', 'oidcc-ensure-request-object-with-redirect-uri')
  t.ok(answerOf(page).code)

  for (const [name, title] of [
    ['state', 'fapi2-security-profile-final-ensure-different-state-inside-and-outside-request-object'],
    ['nonce', 'fapi2-security-profile-final-ensure-different-nonce-inside-and-outside-request-object'],
  ] as const) {
    const inside = await send(app, { [name]: 'outside', request: await signed(app, { [name]: 'inside' }) })
    t.ok(answerOf(inside).code, title)
    t.equal(answerOf(inside).state, name === 'state' ? 'inside' : 'the state')
  }
  const only = await send(app, { state: 'outside', request: await signed(app, { state: '' }) })
  t.ok(answerOf(only).code)
  t.notOk('state' in answerOf(only), 'fapi2-security-profile-final-state-only-outside-request-object-not-used')

  const without = { redirect_uri: app.redirectUri, request: await signed(app, { redirect_uri: '' }) }
  t.ok(
    isPage(await send(app, without), 'invalid_request'),
    'fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails',
  )
  t.ok(
    isPage(
      await send(app, { request: await signed(app, { redirect_uri: 'https://evil.example/cb' }) }),
      'invalid_request',
    ),
  )
  const wrong = answerOf(await send(app, { request: await signed(app, { response_type: 'token' }) }))
  t.match(wrong, { error: 'unsupported_response_type', state: 'the state', iss: server.issuer }, 'R12 R10 by redirect')
  const chained = await send(app, { request: await signed(app), request_uri: 'https://app.example/request' })
  t.ok(isPage(chained, 'invalid_request'), 'RFC 9101 §5: not both')
})

t.test('T8 an object without exp is taken of those only who might have sent the same unsigned', async (t) => {
  const strict = await aKeyedClient(server, { first_party: true, require_signed_request_object: true })
  const of = async (client: KeyedClient) =>
    send(client, { request: await signed(client, { prompt: 'none' }, { exp: undefined }) })
  t.ok(isPage(await of(strict)), 'who has to sign')
  t.notOk(isPage(await of(app)), 'who need not')
})

t.test('T5 T7 T8 an object that is not to be believed is a page, and leaves nothing', async (t) => {
  const before = await rows(server)
  const now = app.now()
  const claims: readonly (readonly [title: string, changes: Record<string, unknown>])[] = [
    ['another iss', { iss: 'somebody' }],
    ['no iss', { iss: undefined }],
    ['another client_id', { client_id: 'somebody' }],
    ['no client_id', { client_id: undefined }],
    ['aud of another server', { aud: 'https://elsewhere.example' }],
    ['aud is the endpoint', { aud: `${server.issuer}/oauth2/authorize` }],
    ['no aud', { aud: undefined }],
    ['exp has passed', { exp: now - 31 }],
    ['exp in 70 minutes', { exp: now + 4200 }],
    ['nbf 61 s ahead', { nbf: now + 61 }],
    ['nbf 70 minutes ago', { nbf: now - 4200 }],
    ['iat 61 s ahead', { iat: now + 61 }],
    ['RFC 9101 §10.8 its sub is the client, as in an assertion', { sub: app.client_id }],
    ['a request inside', { request: 'a.b.c' }],
    ['a request_uri inside', { request_uri: 'https://app.example/request' }],
  ]
  for (const [title, changes] of claims)
    t.ok(isPage(await send(app, { request: await signed(app, {}, changes) })), title)

  const headers: readonly (readonly [title: string, signing: Signing])[] = [
    ...['at+jwt', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt', 'secevent+jwt'].map(
      (typ) => [`T4 typ ${typ}`, { header: { typ } }] as const,
    ),
    ["T5 kid ' OR 1=1", { header: { kid: "' OR 1=1" } }],
    ['T5 kid ../../x', { header: { kid: '../../x' } }],
    ['T5 kid of 10 KiB', { header: { kid: 'x'.repeat(10_240) } }],
    ['another key', { key: otherKey.privateKey }],
    [
      'T5 a jwk in the header',
      { key: otherKey.privateKey, header: { kid: undefined, jwk: otherKey.publicKey.export({ format: 'jwk' }) } },
    ],
  ]
  for (const [title, signing] of headers)
    t.ok(isPage(await send(app, { request: await signed(app, {}, {}, signing) })), title)

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = encoded({ ...app.parameters().parameters, iss: app.client_id, aud: server.issuer, exp: now + 60 })
  const head = encoded({ alg: 'HS256' })
  const pem = String(key.publicKey.export({ type: 'spki', format: 'pem' }))
  const mac = createHmac('sha256', pem).update(`${head}.${payload}`).digest('base64url')
  const [first = '', second = '', third = ''] = (await signed(app)).split('.')
  for (const [title, request] of [
    ['oidcc-unsigned-request-object: alg none', `${encoded({ alg: 'none' })}.${payload}.`],
    ['HS256 with the public key', `${head}.${payload}.${mac}`],
    ['another payload', `${first}.${payload}.${third}`],
    ['T6 r = s = 0', `${first}.${second}.${Buffer.alloc(64).toString('base64url')}`],
    ['crit', `${encoded({ alg: 'ES256', crit: ['x'], x: 1 })}.${second}.${third}`],
    ['b64 false', `${encoded({ alg: 'ES256', b64: false, crit: ['b64'] })}.${second}.${third}`],
    ['T7 a JWE', `${encoded({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1e9, zip: 'DEF' })}.a.b.c.d`],
    ['no JWT', 'x'],
    ['JSON', '{}'],
  ] as const)
    t.ok(isPage(await send(app, { request })), title)
  t.same(await rows(server), before)
})

t.test('T8 an assertion of the same client is no request object, and the other way round', async (t) => {
  t.ok(isPage(await send(app, { request: await app.assertion() })))
  const object = await signed(app, {}, { sub: app.client_id, jti: 'x' }, { header: { typ: 'oauth-authz-req+jwt' } })
  t.match(await app.push(app.parameters().parameters, { assertion: object }), {
    status: 401,
    body: { error: 'invalid_client' },
  })
  // What travelled in an address has neither a type nor anything that an assertion lacks.
  const untyped = await signed(app, {}, { sub: app.client_id, jti: 'y' })
  t.match(await app.push(app.parameters().parameters, { assertion: untyped }), {
    status: 401,
    body: { error: 'invalid_client' },
  })
})

t.test('request_object_signing_alg and require_signed_request_object (RFC 9101 §10.5)', async (t) => {
  const strict = await aKeyedClient(server, {
    first_party: true,
    request_object_signing_alg: 'PS256',
    require_signed_request_object: true,
  })
  t.ok(isPage(await send(strict, { request: await signed(strict) })), 'ES256 where PS256 is registered')
  const ps256 = { header: { alg: 'PS256', kid: 'rsa' }, key: rsaKey.privateKey }
  t.ok(answerOf(await send(strict, { request: await signed(strict, {}, {}, ps256) })).code)
  const plain = answerOf(await visitor.send(server.authorizeUrl(strict, { scope: 'openid' }).url))
  t.match(plain, { error: 'invalid_request', iss: server.issuer, state: 'the state' })
  const { parameters } = strict.parameters()
  t.match(await strict.push(parameters), { status: 400, body: { error: 'invalid_request' } })
  const pushed = await strict.push({ request: await signed(strict, {}, {}, ps256) })
  t.ok(answerOf(await visitor.send(strict.pushedUrl(pushed))).code)
  await t.rejects(server.anApp({ require_signed_request_object: true }), { code: 'invalid_client_metadata' })
})

t.test('RFC 9126 §3 a pushed object: what it says is kept, and nothing beside it', async (t) => {
  const answer = await app.push({ state: 'outside', request: await signed(app, { state: 'inside' }) })
  t.equal(answer.status, 201)
  // The object may die before its request_uri does: it was checked.
  t.match(answerOf(await visitor.send(app.pushedUrl(answer))), { code: String, state: 'inside' })
  const foreign = await aKeyedClient(server)
  const refused = { status: 400, body: { error: 'invalid_request_object' } }
  t.match(await app.push({ request: await signed(foreign) }), refused)
  t.match(await app.push({ request: 'x' }), refused)
})

t.test('RFC 9101 §10.2 the log says why, and the client learns no more than it must', async (t) => {
  await send(app, { request: await signed(app, { state: 'canary-in-object' }, { exp: app.now() - 3600 }) })
  t.match(server.log(), 'the request object is not valid')
  t.notMatch(server.log(), 'canary-in-object')
})
