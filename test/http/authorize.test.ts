import { connect } from 'node:net'
import t from 'tap'
import { rows } from '../support/rows.ts'
import { aServer, challengeOf, claims } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await server.anApp({ redirect_uris: ['https://app.example/cb'], scope: 'openid profile email read' })
await server.authorize(alice, app, { scope: 'openid profile email read' }, visitor)

/** Alice is logged in and has consented: a request that is in order is answered at once. */
const ask = (parameters: Record<string, string>, more = '') =>
  visitor.send(server.authorizeUrl(app, { scope: 'openid read', ...parameters }).url + more)
/** Somebody nobody knows yet. */
const newcomer = (parameters: Record<string, string>) =>
  server.visitor().visit(server.authorizeUrl(app, { scope: 'openid read', ...parameters }).url)
const answerOf = (page: { leaves: URL | undefined }) => Object.fromEntries(page.leaves?.searchParams ?? [])

t.test('refused by redirect: code, description, state and iss, and nothing is issued', async (t) => {
  const before = await rows(server)
  const cases: readonly (readonly [title: string, parameters: Record<string, string>, error: string])[] = [
    ['oidcc-response-type-missing', { response_type: '' }, 'invalid_request'],
    ['R10 token', { response_type: 'token' }, 'unsupported_response_type'],
    ['R10 id_token', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['R10 code id_token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['R10 fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['R10 an unknown mode', { response_mode: 'web_message' }, 'invalid_request'],
    ['P1 no challenge, default policy', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['P1 prompt=none instead of a challenge', { code_challenge: '', prompt: 'none' }, 'invalid_request'],
    ['P2 plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['P2 no method', { code_challenge_method: '' }, 'invalid_request'],
    ['P2 s256', { code_challenge_method: 's256' }, 'invalid_request'],
    ['P2 unknown method', { code_challenge_method: 'S512' }, 'invalid_request'],
    ['P4 challenge of 42', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['P4 challenge of 44', { code_challenge: 'a'.repeat(44) }, 'invalid_request'],
    ['P4 challenge in base64', { code_challenge: `${'a'.repeat(42)}+` }, 'invalid_request'],
    ['R17 registration', { registration: '{}' }, 'registration_not_supported'],
    ['R19 max_age=-1', { max_age: '-1' }, 'invalid_request'],
    ['R19 max_age=1e9', { max_age: '1e9' }, 'invalid_request'],
    ['R19 max_age=soon', { max_age: 'soon' }, 'invalid_request'],
    ['R19 max_age=1.5', { max_age: '1.5' }, 'invalid_request'],
    ['an unknown prompt', { prompt: 'none login' }, 'invalid_request'],
    ['a scope that is not registered', { scope: 'openid admin' }, 'invalid_scope'],
    ['a resource that is not registered', { resource: 'https://other.example' }, 'invalid_target'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['claims that are a list', { claims: '[]' }, 'invalid_request'],
    ['a hint that is none', { id_token_hint: 'x.y.z' }, 'invalid_request'],
    ['R8 a control character', { nonce: 'a\u0007b' }, 'invalid_request'],
  ]
  for (const [title, parameters, error] of cases) {
    const page = await ask(parameters)
    t.equal(page.status, 303, title)
    t.equal(page.leaves?.href.split('?')[0], 'https://app.example/cb', title)
    const answer = answerOf(page)
    t.match(answer, { error, state: 'the state', iss: server.issuer }, `${title} R12`)
    t.match(answer.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/, `${title} R13`)
    t.notOk(answer.code, title)
    t.match(page.headers.get('cache-control'), 'no-store', `${title} R15`)
    t.equal(page.headers.get('referrer-policy'), 'no-referrer', `${title} R15`)
  }
  t.same(await rows(server), before, 'nothing was stored or issued')
})

t.test(
  'R17 T8 a request object that is not to be believed: a page, though a redirect_uri stands beside it',
  async (t) => {
    const before = await rows(server)
    const none = (payload: object) =>
      `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.`
    const cases: readonly (readonly [title: string, parameters: Record<string, string>, error: string])[] = [
      [
        'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
        { request: none({ client_id: app.client_id }) },
        'invalid_request_object',
      ],
      [
        'oidcc-ensure-request-object-with-redirect-uri',
        { request: none({ client_id: app.client_id, redirect_uri: 'https://evil/' }) },
        'invalid_request_object',
      ],
      [
        'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
        { request_uri: 'https://app.example/request.jwt' },
        'invalid_request_uri',
      ],
      ['nobody pushed it', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request_uri'],
      ['both', { request: 'a.b.c', request_uri: 'https://app.example/request.jwt' }, 'invalid_request'],
    ]
    for (const [title, parameters, error] of cases) {
      const page = await ask(parameters)
      t.equal(page.status, 400, title)
      t.notOk(page.leaves, title)
      t.match(page.html, new RegExp(`id="error-page"[\\s\\S]*${error}`), title)
    }
    t.same(await rows(server), before, 'nothing was stored or issued')
  },
)

t.test('R10 a client without the authorization code grant, and one without form_post in its request', async (t) => {
  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    resources: ['https://api.example'],
    scope: 'read',
  })
  const page = await visitor.send(server.authorizeUrl(machine, { scope: 'read' }).url)
  t.equal(page.status, 303)
  t.match(answerOf(page), { error: 'unauthorized_client', iss: server.issuer })
})

t.test('R7 a parameter that is sent twice is refused, never the first or the last of them', async (t) => {
  const before = await rows(server)
  const twice = [
    'state=other',
    'scope=openid',
    'nonce=other',
    'response_type=code',
    `code_challenge=${challengeOf('x')}`,
    'prompt=none&prompt=login',
    'max_age=1&max_age=2',
    'extra=1&extra=2',
    'id_token_hint=x&id_token_hint=y',
    'response_mode=query&response_mode=form_post',
  ]
  for (const repeat of twice) {
    const answer = answerOf(await ask({}, `&${repeat}`))
    t.match(
      answer,
      { error: 'invalid_request', iss: server.issuer },
      `${repeat}: the client is told (RFC 6749 §4.1.2.1)`,
    )
    t.notOk(answer.code, repeat)
    t.equal(answer.state, repeat.startsWith('state') ? undefined : 'the state', 'neither of two states is given back')
  }
  for (const repeat of [
    `client_id=${app.client_id}`,
    'redirect_uri=https://app.example/cb',
    'redirect_uri=https://e/',
  ]) {
    const page = await ask({}, `&${repeat}`)
    t.equal(page.status, 400, repeat)
    t.notOk(page.leaves, `${repeat}: an error page`)
  }
  t.same(await rows(server), before)
})

t.test('R7 query and body of one POST: a repeat across the two is a repeat', async (t) => {
  const before = await rows(server)
  const { url } = server.authorizeUrl(app, { scope: 'openid read' })
  const page = await visitor.visit(url, { method: 'POST', body: new URLSearchParams({ scope: 'openid' }) })
  t.match(answerOf(page), { error: 'invalid_request' })
  t.same(await rows(server), before)
})

t.test('R8 an empty parameter counts as omitted (RFC 6749 §3.1)', async (t) => {
  const empty = '&prompt=&max_age=&request=&request_uri=&id_token_hint=&response_mode=&claims=&resource=&registration='
  t.ok(answerOf(await ask({}, empty)).code)
})

t.test('R11 state comes back byte for byte, or is refused; never a header of its own', async (t) => {
  for (const state of ['"><script>alert(1)</script>', 'é 漢 🦊', 'a+b%2Bc&d=e#f', "';--", 's'.repeat(4000)]) {
    t.equal(answerOf(await ask({ state })).state, state, state.slice(0, 30))
    const form = await ask({ state, response_mode: 'form_post' })
    t.equal(form.status, 200)
    t.equal(form.forms[0]?.fields.state, state)
    t.equal(form.forms[0]?.action, 'https://app.example/cb')
    t.equal(form.forms[0]?.fields.iss, server.issuer, 'R12')
    t.ok(form.forms[0]?.fields.code)
    t.notOk(form.html.includes('<script>alert'))
    const nonce = /script-src 'nonce-([^']+)'/.exec(form.headers.get('content-security-policy') ?? '')?.[1]
    t.ok(nonce)
    t.match(form.html, `<script nonce="${nonce}">`)
    t.match(form.headers.get('cache-control'), 'no-store', 'R15')
    t.equal(form.headers.get('referrer-policy'), 'no-referrer', 'R15')
  }
  const before = await rows(server)
  for (const state of ['a\r\nSet-Cookie: x=y', 'a\nb', 'a\0b', 's'.repeat(8 * 1024)]) {
    const page = await ask({ state })
    t.notOk(page.headers.get('set-cookie'), 'no header came of it')
    if (page.leaves && state.length === 8 * 1024) t.equal(answerOf(page).state, state)
    else t.notOk(answerOf(page).code, JSON.stringify(state.slice(0, 20)))
  }
  const unreadable = answerOf(await ask({ state: 'a\nb' }))
  t.match(unreadable, { error: 'invalid_request', state: undefined }, 'the client is told (RFC 6749 §4.1.2.1)')
  const { codes: _, liveCodes: __, ...after } = await rows(server)
  const { codes: ___, liveCodes: ____, ...was } = before
  t.same(after, was)
})

t.test('R11 R12 errors by form_post are escaped too, and carry iss', async (t) => {
  const state = '"><img src=x onerror=alert(1)>'
  const page = await ask({ state, response_mode: 'form_post', scope: 'openid admin' })
  t.match(page.forms[0]?.fields, { error: 'invalid_scope', state, iss: server.issuer })
  t.notOk(page.html.includes('<img src=x'))
  t.match(page.html, /window|document\.forms\[0\]\.submit/)
})

t.test('R18 a request of more than 64 KiB is refused before it is read', async (t) => {
  const before = await rows(server)
  const status = await new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(server.issuer)
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET /oauth2/authorize?state=${'s'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    })
    socket.once('data', (data) => resolve(String(data).slice(0, 12)))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed without an answer')))
  })
  t.match(status, /^HTTP\/1\.1 4(00|14|31)$/)
  const body = new URLSearchParams({ state: 's'.repeat(70_000) })
  const posted = await visitor.send('/oauth2/authorize', { method: 'POST', body })
  t.match(String(posted.status), /^(400|413|414)$/)
  t.match(posted.html, 'id="error-page"')
  const many = new URLSearchParams(Array.from({ length: 400 }, (_, i) => [`p${i}`, 'x']))
  const flood = await visitor.send(`/oauth2/authorize?${many}`)
  t.equal(flood.status, 400)
  t.match(flood.html, 'id="error-page"')
  t.same(await rows(server), before)
})

t.test(
  'oidcc-ensure-post-request-succeeds: the same by POST, 303 to a GET that brings the cookies (R14)',
  async (t) => {
    const { url, verifier } = server.authorizeUrl(app, { scope: 'openid read' })
    const { pathname, search } = new URL(url)
    const body = new URLSearchParams(search)
    // From another site: no Lax cookie, and headers that say so.
    const foreign = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }
    const first = await server.visitor().send(pathname, { method: 'POST', body, headers: foreign })
    t.equal(first.status, 303)
    t.equal(first.leaves?.origin, new URL(server.issuer).origin)
    const { leaves } = await visitor.send(first.leaves?.href ?? '')
    t.match(Object.fromEntries(leaves?.searchParams ?? []), { state: 'the state', iss: server.issuer })
    t.equal((await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)).status, 200)

    for (const type of ['application/json', 'multipart/form-data; boundary=x', 'text/plain']) {
      const page = await visitor.send(pathname, { method: 'POST', body, headers: { 'content-type': type } })
      t.equal(page.status, 415, type)
      t.match(page.html, 'id="error-page"')
    }
  },
)

t.test('oidcc-ensure-request-with-unknown-parameter-succeeds, -with-valid-pkce-, -without-nonce-', async (t) => {
  const { url, verifier } = server.authorizeUrl(app, { scope: 'openid read', extra: 'foobar', nonce: '' })
  const { leaves } = await visitor.send(url)
  const { status, body } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)
  t.equal(status, 200)
  t.notOk('nonce' in claims(body.id_token))
})

t.test('oidcc-alternate-happy-flow: the order of scopes and parameters says nothing', async (t) => {
  const { url, verifier } = server.authorizeUrl(app, { scope: 'read email openid' })
  const reversed = [...new URL(url).searchParams].toReversed()
  const { leaves } = await visitor.send(`/oauth2/authorize?${new URLSearchParams(reversed)}`)
  const { status, body } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier)
  t.equal(status, 200)
  t.same(String(body.scope).split(' ').toSorted(), ['email', 'openid', 'read'])
})

t.test('oidcc-display-page, -popup, oidcc-login-hint, oidcc-ui-locales, oidcc-claims-locales: no error', async (t) => {
  for (const parameters of [
    { display: 'page' },
    { display: 'popup' },
    { display: 'nonsense' },
    { ui_locales: 'ko en' },
    { claims_locales: 'se' },
    { acr_values: '1 2' },
    { login_hint: 'alice' },
  ]) {
    t.ok(answerOf(await ask(parameters)).code, JSON.stringify(parameters))
    const page = await newcomer(parameters)
    t.equal(page.forms[0]?.id, 'login-form', JSON.stringify(parameters))
  }
  const hinted = await newcomer({ login_hint: 'alice', ui_locales: 'ko' })
  t.equal(hinted.forms[0]?.fields.username, 'alice')
  t.match(hinted.html, '<html lang="ko"')
})

t.test('S23 R11 a language that is a path, a hint that is markup: ignored, escaped', async (t) => {
  for (const ui_locales of ['../../etc/passwd', '__proto__', 'constructor', 'ko/../../x', '"><script>', '%2e%2e']) {
    const page = await newcomer({ ui_locales })
    t.equal(page.status, 200, ui_locales)
    t.match(page.html, '<html lang="en"', ui_locales)
    t.notOk(page.html.includes('"><script>'))
  }
  const page = await newcomer({ login_hint: '"><script>alert(1)' })
  t.notOk(page.html.includes('<script>alert'))
  t.equal(page.forms[0]?.fields.username, '"><script>alert(1)')
  const elsewhere = await visitor.send('/login?interaction=x&lang=../../etc', {
    headers: { 'accept-language': '../../etc/passwd, __proto__;q=0.9' },
  })
  t.match(elsewhere.html, '<html lang="en"')
})

t.test('O8 the method and the address of the endpoint: nothing else answers', async (t) => {
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    t.equal((await visitor.send('/oauth2/authorize', { method })).status, 405, method)
})
