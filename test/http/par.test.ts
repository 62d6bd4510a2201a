import { createHash } from 'node:crypto'
import t from 'tap'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { dumpOf } from '../support/dump.ts'
import { aKeyedClient } from '../support/fapi.ts'
import { rows } from '../support/rows.ts'
import { type Answer, type App, aServer } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await server.anApp({ first_party: true })
const other = await server.anApp({ first_party: true })
await server.logIn(alice, app, {}, visitor)

const push = async (by: App, parameters: Record<string, string> = {}) => {
  const { url, verifier } = server.authorizeUrl(by, parameters)
  return { answer: await server.post('/oauth2/par', new URL(url).searchParams, by), verifier }
}
const urlOf = (by: App, { body }: Answer, more: Record<string, string> = {}) =>
  `/oauth2/authorize?${new URLSearchParams({ client_id: by.client_id, request_uri: String(body.request_uri), ...more })}`
const logIn = async (at: Visitor) => at.submit('login-form', { username: alice.username, password: alice.password })
const codeOf = (page: { leaves: URL | undefined }) => page.leaves?.searchParams.get('code')

t.test('T22 RFC 9126 §2.2: a request is pushed, kept as a hash, and buys a code', async (t) => {
  const { answer, verifier } = await push(app, { state: 'canary-state' })
  t.equal(answer.status, 201)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.match(answer.body, { request_uri: /^urn:ietf:params:oauth:request_uri:[\w-]{43,}$/, expires_in: 60 })
  const handle = String(answer.body.request_uri).split(':').at(-1) ?? ''
  const dump = await dumpOf(server.databaseUrl, ['pushed_requests'])
  t.notMatch(dump, handle, 'hashed at rest')
  t.match(dump, createHash('sha256').update(handle).digest('hex'))
  t.notMatch(dump, app.secret ?? 'no secret')

  const page = await visitor.send(urlOf(app, answer))
  t.match(Object.fromEntries(page.leaves?.searchParams ?? []), { state: 'canary-state', iss: server.issuer })
  t.match(await server.redeem(app, codeOf(page) ?? '', verifier), { status: 200 })
  t.notMatch(server.log(), handle, 'T22: not in the log')
  t.notMatch(server.log(), 'canary-state')
})

t.test('fapi2-security-profile-final-par-without-duplicate-parameters: only client_id and request_uri', async (t) => {
  const { answer } = await push(app)
  t.ok(codeOf(await visitor.send(urlOf(app, answer))))
})

t.test('R7 T8 RFC 9101 §6.3: what stands beside a request_uri is not mixed in, and a repeat is refused', async (t) => {
  const { answer } = await push(app, { state: 'pushed' })
  const beside = { state: 'beside', redirect_uri: 'https://evil.example/cb', scope: 'admin', response_type: 'token' }
  const page = await visitor.send(urlOf(app, answer, beside))
  t.equal(page.leaves?.origin, 'https://app.example')
  t.equal(page.leaves?.searchParams.get('state'), 'pushed')

  const { answer: without } = await push(app, { state: '', nonce: '' })
  const bare = await visitor.send(urlOf(app, without, { state: 'beside' }))
  t.ok(codeOf(bare))
  t.notOk(bare.leaves?.searchParams.has('state'), 'nothing is added either')

  const { answer: third } = await push(app)
  for (const repeat of [`request_uri=${third.body.request_uri}`, `client_id=${app.client_id}`, 'state=a&state=b']) {
    const refused = await visitor.send(`${urlOf(app, third)}&${repeat}`)
    t.equal(refused.status, 400, repeat)
    t.notOk(refused.leaves, repeat)
  }
  t.ok(codeOf(await visitor.send(urlOf(app, third))), 'and none of it spent the request')
})

t.test('fapi2-security-profile-final-par-attempt-reuse-request_uri: an answered one is a page (T22)', async (t) => {
  const { answer } = await push(app)
  t.ok(codeOf(await visitor.send(urlOf(app, answer))))
  const before = await rows(server)
  const page = await visitor.send(urlOf(app, answer))
  t.equal(page.status, 400)
  t.match(page.html, /id="error-page"[\s\S]*invalid_request_uri/)
  t.same(await rows(server), before)
})

t.test('T22 ten browsers of one person at once: one code', async (t) => {
  const { answer } = await push(app)
  const pages = await Promise.all(Array.from({ length: 10 }, () => visitor.send(urlOf(app, answer))))
  t.equal(pages.filter(codeOf).length, 1)
  t.equal(pages.filter(({ status }) => status === 400).length, 9)
})

t.test(
  'fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds (RFC 9126 §4)',
  async (t) => {
    const { answer } = await push(app)
    const [first, second] = [server.visitor(), server.visitor()]
    await first.visit(urlOf(app, answer))
    t.ok(
      (await first.visit(urlOf(app, answer))).forms.some(({ id }) => id === 'login-form'),
      'a reload',
    )
    await second.visit(urlOf(app, answer))
    t.ok(codeOf(await logIn(first)))

    const before = await rows(server)
    const late = await logIn(second)
    t.equal(late.status, 400, 'a second completion')
    t.match(late.html, /id="error-page"/)
    t.equal((await rows(server)).codes, before.codes, 'and no second code')
  },
)

t.test('T22 a login takes longer than the request_uri lives, and a refusal spends it', async (t) => {
  const { answer } = await push(app)
  const slow = server.visitor()
  await slow.visit(urlOf(app, answer))
  server.clock.advance({ seconds: 300 })
  t.ok(codeOf(await logIn(slow)))

  const { answer: refused } = await push(app)
  const one = server.visitor()
  await one.visit(urlOf(app, refused))
  const page = await one.submit('login-form', {}, 'login-cancel')
  t.equal(page.leaves?.searchParams.get('error'), 'access_denied')
  t.equal((await visitor.send(urlOf(app, refused))).status, 400)
})

t.test('RFC 9110 §9.2.1: HEAD grants nothing, and spends nothing', async (t) => {
  for (const prompt of ['none', '']) {
    const { answer } = await push(app, { prompt })
    for (const at of [visitor, server.visitor()]) {
      const head = await at.send(urlOf(app, answer), { method: 'HEAD' })
      t.match([head.status, head.headers.get('allow')], [405, 'GET, POST'])
    }
    t.ok(codeOf(await visitor.send(urlOf(app, answer))))
  }
})

t.test('RFC 9126 §4: an error that asks nobody answers what was pushed, and spends it', async (t) => {
  const stranger = server.visitor()
  const { answer } = await push(app, { prompt: 'none' })
  const before = await rows(server)
  const pages = await Promise.all(Array.from({ length: 8 }, () => stranger.send(urlOf(app, answer))))
  const told = pages.filter((page) => page.leaves?.searchParams.get('error') === 'login_required')
  t.equal(told.length, 1)
  t.equal(pages.filter(({ status }) => status === 400).length, 7)
  t.notOk((await visitor.send(urlOf(app, answer))).leaves, 'and nobody who is logged in gets a code for it')
  t.same(await rows(server), before)

  // What was right when it was pushed is so no longer.
  const narrowed = await server.anApp({ first_party: true })
  const { answer: wide } = await push(narrowed, { scope: 'openid read' })
  const metadata = checkMetadata({ client_name: 'An app', redirect_uris: [app.redirectUri], scope: 'openid' })
  await server.stores.clients.update(narrowed.client_id, metadata, server.clock.now())
  const refused = await visitor.send(urlOf(narrowed, wide))
  t.equal(refused.leaves?.searchParams.get('error'), 'invalid_scope')
  t.equal((await visitor.send(urlOf(narrowed, wide))).status, 400)
})

t.test('fapi2-security-profile-final-par-attempt-to-use-expired-request_uri', async (t) => {
  const at = server.visitor()
  await server.logIn(alice, app, {}, at)
  const { answer } = await push(app)
  server.clock.advance({ seconds: 59 })
  t.equal((await server.visitor().send(urlOf(app, answer))).status, 303, 'alive for 60 s')
  server.clock.advance({ seconds: 1 })
  const page = await at.send(urlOf(app, answer))
  t.equal(page.status, 400)
  t.match(page.html, /id="error-page"[\s\S]*invalid_request_uri/)
})

t.test('fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client', async (t) => {
  const { answer } = await push(app)
  const page = await visitor.send(urlOf(other, answer))
  t.equal(page.status, 400)
  t.match(page.html, /id="error-page"[\s\S]*invalid_request_uri/)
  t.equal((await visitor.send(`/oauth2/authorize?request_uri=${answer.body.request_uri}`)).status, 400, 'and for none')
})

t.test('fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param', async (t) => {
  const before = await rows(server)
  for (const request_uri of ['urn:ietf:params:oauth:request_uri:x', 'https://app.example/request.jwt'])
    t.match((await push(app, { request_uri })).answer, { status: 400, body: { error: 'invalid_request' } })
  t.same(await rows(server), before)
})

t.test('fapi2-security-profile-final-par-attempt-invalid-http-method: 405 (RFC 9126 §2.3)', async (t) => {
  const unreadable = { headers: { 'content-type': 'application/json' }, body: '{' }
  for (const [method, sent] of [
    ['GET', {}],
    ['PUT', {}],
    ['PUT', unreadable],
    ['PATCH', {}],
    ['DELETE', unreadable],
  ] as const) {
    const response = await fetch(`${server.issuer}/oauth2/par`, { method, ...sent })
    t.equal(response.status, 405, method)
    t.match(response.headers.get('allow'), 'POST')
    t.match(await response.json(), { error: 'invalid_request' })
  }
})

t.test('RFC 9126 §2.3: the whole request is checked when it is pushed', async (t) => {
  const before = await rows(server)
  const cases: readonly (readonly [title: string, parameters: Record<string, string>, error: string])[] = [
    [
      'fapi2-security-profile-final-par-ensure-pkce-required',
      { code_challenge: '', code_challenge_method: '' },
      'invalid_request',
    ],
    ['fapi2-security-profile-final-par-plain-pkce-rejected', { code_challenge_method: 'plain' }, 'invalid_request'],
    [
      'fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri',
      { redirect_uri: 'https://app.example/other' },
      'invalid_request',
    ],
    [
      'fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request',
      { redirect_uri: '' },
      'invalid_request',
    ],
    [
      'fapi2-security-profile-final-ensure-response-type-code-idtoken-fails',
      { response_type: 'code id_token' },
      'unsupported_response_type',
    ],
    [
      'fapi2-security-profile-final-ensure-response-type-token-fails',
      { response_type: 'token' },
      'unsupported_response_type',
    ],
    ['R10 fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['a scope that is not registered', { scope: 'openid admin' }, 'invalid_scope'],
    ['a resource that is not registered', { resource: 'https://other.example' }, 'invalid_target'],
    ['a hint that is none', { id_token_hint: 'x.y.z' }, 'invalid_request'],
    ['RFC 9449 §10 a dpop_jkt that is none', { dpop_jkt: 'x' }, 'invalid_request'],
  ]
  for (const [title, parameters, error] of cases)
    t.match((await push(app, parameters)).answer, { status: 400, body: { error, error_description: String } }, title)
  const twice = new URLSearchParams(new URL(server.authorizeUrl(app).url).searchParams)
  twice.append('state', 'other')
  t.match(await server.post('/oauth2/par', twice, app), { status: 400, body: { error: 'invalid_request' } }, 'R7')
  const inAddress = await server.post(`/oauth2/par?${new URL(server.authorizeUrl(app).url).searchParams}`, {}, app)
  t.match(inAddress, { status: 400, body: { error: 'invalid_request' } }, 'R7')
  t.same(await rows(server), before)
})

t.test('T22 PAR authenticates like the token endpoint; a public client says who it is', async (t) => {
  const form = new URL(server.authorizeUrl(app).url).searchParams
  t.match(await server.post('/oauth2/par', form), { status: 401, body: { error: 'invalid_client' } })
  t.match(await server.post('/oauth2/par', form, { ...app, secret: 'wrong' }), { status: 401 })
  t.match(await server.post('/oauth2/par', form, other), { status: 401 }, 'a client_id of another')

  const spa = await server.anApp({ token_endpoint_auth_method: 'none', first_party: true })
  const { answer, verifier } = await push(spa)
  t.equal(answer.status, 201)
  const page = await server.visitor()
  await page.visit(urlOf(spa, answer))
  t.match(await server.redeem(spa, codeOf(await logIn(page)) ?? '', verifier), { status: 200 })
})

t.test('RFC 9126 §3: beside a request object that names the client nothing is required', async (t) => {
  const bank = await aKeyedClient(server)
  const { parameters } = bank.parameters()
  const object = await bank.object(parameters)
  t.match(await bank.push({ request: object }), { status: 201 })
  t.match(await bank.push({ request: object, client_id: app.client_id }), { status: 401 }, 'another says who it is')
  const foreign = await bank.object(parameters, { client_id: app.client_id })
  for (const request of [foreign, await bank.object(parameters, { client_id: undefined })])
    t.match(await bank.push({ request }), { status: 400, body: { error: 'invalid_request_object' } })
})

t.test('RFC 9126 §2.1: client_id is required, also where the client proves itself without it', async (t) => {
  const { url } = server.authorizeUrl(app)
  const parameters = new URL(url).searchParams
  t.match(await server.post('/oauth2/par', parameters, app), { status: 201 })
  for (const missing of ['', undefined]) {
    if (missing === undefined) parameters.delete('client_id')
    else parameters.set('client_id', missing)
    t.match(await server.post('/oauth2/par', parameters, app), { status: 400, body: { error: 'invalid_request' } })
  }
})

t.test('T23 CORS: an origin of the client reads the answer, another does not', async (t) => {
  const spa = await server.anApp({ token_endpoint_auth_method: 'none', allowed_origins: ['https://spa.example'] })
  const send = (origin: string) =>
    server.post('/oauth2/par', new URL(server.authorizeUrl(spa).url).searchParams, spa, { origin })
  t.equal((await send('https://spa.example')).headers.get('access-control-allow-origin'), 'https://spa.example')
  t.equal((await send('https://evil.example')).headers.get('access-control-allow-origin'), null)
  const asked = await fetch(`${server.issuer}/oauth2/par`, { method: 'OPTIONS' })
  t.match(asked.headers.get('access-control-allow-headers'), /DPoP/)
})

t.test(
  'fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails (RFC 9126 §6)',
  async (t) => {
    const strict = await server.anApp({ first_party: true, require_pushed_authorization_requests: true })
    const page = await visitor.send(server.authorizeUrl(strict).url)
    t.match(Object.fromEntries(page.leaves?.searchParams ?? []), { error: 'invalid_request', iss: server.issuer })
    const { answer } = await push(strict)
    t.ok(codeOf(await visitor.visit(urlOf(strict, answer))))
  },
)

t.test('RFC 8707 §2.1: a resource that was pushed twice is two resources', async (t) => {
  const resources = ['https://a.example', 'https://b.example']
  const client = await server.anApp({ first_party: true, resources })
  const { url, verifier } = server.authorizeUrl(client, { scope: 'read' })
  const form = new URL(url).searchParams
  for (const resource of resources) form.append('resource', resource)
  const page = await visitor.visit(urlOf(client, await server.post('/oauth2/par', form, client)))
  const both = await server.redeem(client, codeOf(page) ?? '', verifier, { resource: 'https://b.example' })
  t.equal(both.status, 200)
})

t.test('T22 D6 a flood by strangers ends in 429, and rows expire', async (t) => {
  const spa = await server.anApp({ token_endpoint_auth_method: 'none' })
  const form = new URL(server.authorizeUrl(spa).url).searchParams
  // What was pushed before from this network is forgotten.
  server.clock.advance({ seconds: 61 })
  const statuses = new Map<number, number>()
  for (let batch = 0; batch < 16; batch++)
    for (const { status } of await Promise.all(Array.from({ length: 20 }, () => server.post('/oauth2/par', form, spa))))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
  t.equal(statuses.get(201), 300)
  t.equal(statuses.get(429), 20)
  const refused = await server.post('/oauth2/par', form, spa)
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  t.equal((await push(app)).answer.status, 201, 'another client still pushes')
  server.clock.advance({ seconds: 61 })
  t.equal((await server.post('/oauth2/par', form, spa)).status, 201)

  // The last one was pushed a minute ago by then: a login that it began, with its account page, has twenty minutes.
  server.clock.advance({ seconds: 60 + 19 * 60 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.equal((await rows(server)).pushedRequests, 1)
  server.clock.advance({ seconds: 61 })
  await server.stores.maintenance.sweep(server.clock.now())
  t.equal((await rows(server)).pushedRequests, 0)
})

t.test('T22 D6 what is kept is what an authorization request has, and no more than 16 KiB of it', async (t) => {
  const client = await server.anApp({ first_party: true, resources: ['https://a.example'] })
  const whole = {
    response_mode: 'query',
    prompt: 'login',
    max_age: '60',
    login_hint: 'alice',
    id_token_hint: (await server.logIn(alice, client, { scope: 'openid' }, visitor)).id_token,
    acr_values: '1',
    ui_locales: 'ko',
    claims: '{"userinfo":{"name":null}}',
    dpop_jkt: 'x'.repeat(43),
    resource: 'https://a.example',
  }
  const { answer } = await push(client, { ...whole, canary: 'x'.repeat(20_000), audience: 'x', client_secret: '' })
  t.equal(answer.status, 201)
  const [row] = await server.database.prisma((prisma) => prisma.pushedRequest.findMany())
  const kept = new URLSearchParams(row?.parameters)
  const sent = new URL(server.authorizeUrl(client, whole).url).searchParams
  t.same([...kept.keys()].sort(), [...sent.keys()].sort())

  const before = await rows(server)
  // Three times as long where it is kept.
  for (const parameters of [{ state: 'x'.repeat(16_500) }, { login_hint: 'é'.repeat(3_000) }])
    t.match((await push(client, parameters)).answer, { status: 400, body: { error: 'invalid_request' } })
  t.same(await rows(server), before)
  t.equal((await push(client, { state: 'x'.repeat(15_000) })).answer.status, 201)
})

t.test('client assertions at PAR: FAPI 2.0 §5.3.2.1', async (t) => {
  const client = await aKeyedClient(server, { first_party: true })
  const { parameters } = client.parameters()
  const status = async (changes: Record<string, unknown>) =>
    (await client.push(parameters, { assertion: await client.assertion(changes) })).status
  const now = client.now()
  const cases: readonly (readonly [title: string, changes: Record<string, unknown>, status: number])[] = [
    [
      'fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted',
      { nbf: now + 8, iat: now + 8 },
      201,
    ],
    [
      'fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails',
      { nbf: now + 61 },
      401,
    ],
    ['fapi2-security-profile-final-par-test-array-as-audience-fails', { aud: [server.issuer] }, 401],
    [
      'fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails',
      { aud: `${server.issuer}/oauth2/par` },
      401,
    ],
    [
      'fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails',
      { aud: `${server.issuer}/oauth2/token` },
      401,
    ],
  ]
  for (const [title, changes, expected] of cases) t.equal(await status(changes), expected, title)
})
