import { connect } from 'node:net'
import t from 'tap'
import { dumpOf } from '../support/dump.ts'
import { aServer } from '../support/server.ts'

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
    socket.setTimeout(30_000, () => socket.destroy())
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

t.test(
  'O12 an expectation that nobody knows changes nothing: the answer is ours, with its id (RFC 9110 §10.1.1)',
  async (t) => {
    const answer = await raw('POST /oauth2/token HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n')
    t.match(answer, /^HTTP\/1\.1 401 /)
    t.match(answer, /x-request-id: [\w-]{16}/)
    t.match(answer, '"error":"invalid_client"')
  },
)

t.test('R18 an address that is too long', async (t) => {
  const answer = await fetch(server.authorizeUrl(app, { state: 'x'.repeat(64 * 1024) }).url, { redirect: 'manual' })
  t.ok([400, 414, 431].includes(answer.status), String(answer.status))
})
