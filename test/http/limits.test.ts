import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import t from 'tap'
import { dumpOf } from '../support/dump.ts'
import { type Answer, aServer } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const app = await server.anApp({ first_party: true })
const tokens = await server.logIn(alice, app)
const { hostname, port } = new URL(server.issuer)
const form = 'application/x-www-form-urlencoded'
const authorization = `Basic ${Buffer.from(`${app.client_id}:${app.secret}`).toString('base64')}`
const endpoints = [
  '/oauth2/token',
  '/oauth2/device_authorization',
  '/oauth2/introspect',
  '/oauth2/revoke',
  '/oauth2/userinfo',
]
const send = (path: string, body: string, type: string | undefined, headers: Record<string, string> = {}) =>
  fetch(server.issuer + path, {
    method: 'POST',
    // A Blob without a type is sent without one.
    body: new Blob([body]),
    headers: { authorization, ...(type !== undefined && { 'content-type': type }), ...headers },
    redirect: 'manual',
  })

/** Bytes as they are, and what comes back until the connection ends. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('close', () => resolve(text))
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    socket.setTimeout(2000, () => socket.destroy())
  })

t.test('D4 bodies that are too large, too many or too deep', async (t) => {
  const before = await dumpOf(server.databaseUrl)
  const bodies: readonly [string, string, readonly number[]][] = [
    ['10^5 parameters', Array.from({ length: 100_000 }, (_, at) => `p${at}=1`).join('&'), [413]],
    ['10^4 parameters in little space', 'a&'.repeat(10_000), [400]],
    ['600 parameters', Array.from({ length: 600 }, (_, at) => `p${at}=1`).join('&'), [400]],
    ['a form of 1 MiB', `a=${'x'.repeat(1024 * 1024)}`, [413]],
    ['brackets', `a${'[b]'.repeat(5000)}=1`, [400, 401]],
    ['__proto__ twice', '__proto__=1&__proto__=2', [400, 401]],
    ['__proto__ once', '__proto__=1&constructor=2&hasOwnProperty=3', [400, 401]],
    ['not UTF-8', 'grant_type=%ff%fe', [400, 401]],
    ['NUL', 'grant_type=a%00b', [400, 401]],
  ]
  for (const path of endpoints)
    for (const [why, body, statuses] of bodies) {
      const answer = await send(path, body, form)
      t.ok(statuses.includes(answer.status), `${path}: ${why}: ${answer.status}`)
      t.match(await answer.json(), { error: String, error_description: String })
    }
  const deep = '['.repeat(10_000) + ']'.repeat(10_000)
  t.equal((await send('/oauth2/token', deep, 'application/json')).status, 415, 'JSON of depth 10^4')
  const claims = await server.visitor().visit(server.authorizeUrl(app, { claims: '['.repeat(4000) }).url)
  t.ok(claims.status < 500)
  t.equal(await dumpOf(server.databaseUrl), before)
})

t.test('O8 a form is a form, and nothing else is one', async (t) => {
  const body = `grant_type=refresh_token&refresh_token=${tokens.refresh_token}`
  const json = JSON.stringify({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
  const before = await dumpOf(server.databaseUrl)
  for (const type of [
    'application/json',
    'text/plain',
    `${form}; charset=utf-7`,
    `${form}; charset=utf-16`,
    'application/json ; x',
    `${form}, application/json`,
    `${form}x`,
    'multipart/form-data; boundary=x',
    'application/xml',
    '*/*',
    'x',
    ';',
  ])
    for (const sent of [body, json]) {
      const answer = await send('/oauth2/token', sent, type)
      t.ok([400, 415].includes(answer.status), `${type}: ${answer.status}`)
      t.match(await answer.json(), { error: 'invalid_request' })
    }
  const missing = await send('/oauth2/token', body, undefined)
  t.ok([400, 415].includes(missing.status), `without a type: ${missing.status}`)
  t.equal(await dumpOf(server.databaseUrl), before, 'no token was refreshed')
  for (const type of [form, `${form}; charset=UTF-8`, `${form};charset="utf-8"`, form.toUpperCase()])
    t.equal((await send('/oauth2/token', 'grant_type=x', type)).status, 400, type)
})

t.test('T2 D7 what is not HTTP, or could be read in two ways', async (t) => {
  const post = (headers: string, body = '') => `POST /oauth2/token HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`
  const shapes: readonly [string, string, RegExp][] = [
    ['a header of 100 KiB', post(`X-Large: ${'x'.repeat(100 * 1024)}\r\n`), /^HTTP\/1\.1 431 /],
    ['both lengths', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['xchunked', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['two lengths', post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab'), /^HTTP\/1\.1 400 /],
    ['a folded header', post('X-A: 1\r\n 2: 3\r\nContent-Length : 0\r\n'), /^HTTP\/1\.1 400 /],
    ['a bare LF', 'GET / HTTP/1.1\nHost: x\n\n', /^HTTP\/1\.1 400 /],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no HTTP at all', '\x16\x03\x01\r\n\r\n', /^HTTP\/1\.1 400 /],
  ]
  for (const [why, bytes, status] of shapes) {
    const answer = await raw(bytes)
    t.match(answer, status, why)
    t.match(answer, /connection: close/i, why)
  }
})

t.test('R18 an address that is too long', async (t) => {
  const answer = await fetch(server.authorizeUrl(app, { state: 'x'.repeat(64 * 1024) }).url, { redirect: 'manual' })
  t.ok([400, 414, 431].includes(answer.status), String(answer.status))
})

/** Mulberry32: the seed that is printed makes the same requests again. */
const generator = (seed: number) => {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
  return { chance: next, below: (most: number) => Math.floor(next() * most) }
}

t.test('O12 two thousand requests that mean nothing: never a failure of ours, always well-formed', async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31))
  t.comment(`FUZZ_SEED=${seed}`)
  const { chance, below } = generator(seed)
  const pick = <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0]
  const forms = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/userinfo'] as const
  const pages = [
    '/oauth2/authorize',
    '/login',
    '/consent',
    '/oauth2/logout',
    '/account',
    '/admin',
    '/',
    '/nowhere',
  ] as const
  const names = [
    ...['grant_type', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'client_id', 'client_secret', 'scope'],
    ...['client_assertion', 'client_assertion_type', 'resource', 'token', 'token_type_hint', 'access_token', 'state'],
    ...['response_type', 'response_mode', 'prompt', 'max_age', 'claims', 'id_token_hint', 'ui_locales', 'interaction'],
    ...['username', 'password', 'decision', 'csrf', '__proto__', '', 'a[b]', '\u0000', 'nonce', 'acr_values'],
  ]
  const values = [
    ...[
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'code',
      'S256',
      'none',
      'query',
      'form_post',
      'openid',
    ],
    ...[app.client_id, app.redirectUri, app.secret ?? '', tokens.access_token, tokens.id_token, tokens.refresh_token],
    ...[
      '',
      ' ',
      '\u0000',
      '\r\nSet-Cookie: a=b',
      '"><script>alert(1)</script>',
      '../../etc/passwd',
      "' OR 1=1 --",
      '💥',
    ],
    ...[
      '\ud800',
      '%',
      '%zz',
      '{"a":',
      '{"id_token":{"sub":{"value":1}}}',
      '-1',
      '1e9',
      '9'.repeat(400),
      'x'.repeat(5000),
    ],
    ...[
      'tsr_',
      'eyJhbGciOiJub25lIn0.e30.',
      'eyJ.eyJ.x',
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      '[]',
    ],
  ]
  const some = (list: readonly string[]) => list[below(list.length)] ?? ''
  const parameters = () =>
    new URLSearchParams(Array.from({ length: below(9) }, () => [some(names), some(values)] satisfies [string, string]))
  const header = (text: string) => text.replace(/[^\x20-\x7e]/g, '').trim()
  const problems: string[] = []

  const attempt = async (): Promise<void> => {
    const isPage = chance() < 0.4
    const path = isPage ? pick(pages) : pick(forms)
    const method =
      isPage && chance() < 0.6 ? 'GET' : chance() < 0.95 ? 'POST' : pick(['PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    const query = (method === 'GET' && isPage) || chance() < 0.1 ? `?${parameters()}` : ''
    const headers: Record<string, string> = {}
    if (chance() < 0.5) headers.authorization = authorization
    else if (chance() < 0.3) headers.authorization = header(`${pick(['Basic', 'Bearer', 'DPoP', ''])} ${some(values)}`)
    if (chance() < 0.2)
      headers.cookie = header(
        `tessera=${encodeURIComponent(some(values).replaceAll('\ud800', ''))}; a; =b; ${some(names)}`,
      )
    if (chance() < 0.2) headers.origin = pick([server.issuer, 'https://evil.example', 'null', 'x'])
    if (chance() < 0.2) headers['accept-language'] = header(some(values)).slice(0, 1000)
    if (chance() < 0.1) headers['content-type'] = pick([`${form}; charset=x`, 'application/json', 'text/html', ';'])
    const response = await fetch(server.issuer + path + query, {
      method,
      headers: { accept: isPage ? 'text/html' : '*/*', ...headers },
      ...(method !== 'GET' && { body: parameters() }),
      redirect: 'manual',
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    const note = `${response.status} ${method} ${path}${query.slice(0, 200)}: ${text.slice(0, 200)}`
    if (response.status >= 500) problems.push(note)
    if (!isPage && response.status >= 400) {
      const body: Answer['body'] = type.startsWith('application/json') ? JSON.parse(text) : {}
      if (typeof body.error !== 'string' || typeof body.error_description !== 'string') problems.push(note)
    }
    if (isPage && text !== '' && type.startsWith('text/html') && /<script>alert/.test(text)) problems.push(note)
    if (response.headers.has('set-cookie') && /a=b/.test(response.headers.get('set-cookie') ?? '')) problems.push(note)
  }
  for (let round = 0; round < 100; round++) await Promise.all(Array.from({ length: 20 }, attempt))
  t.same(problems, [], `FUZZ_SEED=${seed}`)
  t.notMatch(server.log(), /"level":"error"/, `FUZZ_SEED=${seed}`)
  t.match(await server.get('/health/live'), { status: 200 })
})
