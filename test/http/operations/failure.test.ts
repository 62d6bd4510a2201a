import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { clientAddress, trustedProxies } from '../../../src/http/client-address.ts'
import { formBody } from '../../../src/http/form-body.ts'
import { bounds, capConnections } from '../../../src/http/limits.ts'
import { answerFailures, answerNotFound, frameworkErrors } from '../../../src/http/operations/failure.ts'
import { requestIds, requestLog } from '../../../src/http/operations/request-id.ts'
import { createLogger } from '../../../src/log.ts'
import { invalidClient, invalidGrant, invalidToken, Unavailable } from '../../../src/oauth/errors.ts'
import { systemRandom } from '../../../src/random.ts'

const canary = 'hunter2-canary'
const form = 'application/x-www-form-urlencoded'

const aServer = async (t: Test, { trustProxy = [] as readonly string[] } = {}) => {
  const lines: string[] = []
  const loggerInstance: FastifyBaseLogger = createLogger({
    level: 'trace',
    destination: { write: (line: string) => void lines.push(line) },
  })
  const app = Fastify({
    ...bounds(),
    ...requestIds({ random: systemRandom, trustProxy }),
    trustProxy: trustedProxies(trustProxy),
    frameworkErrors,
    loggerInstance,
  })
  requestLog(app)
  answerFailures(app, { issuer: 'https://issuer.example' })
  const page = ({ code, errorId }: { code: string; errorId: string }) => `<p>${code} ${errorId}</p>`
  answerNotFound(app, { page })
  app.get('/address', async (request) => ({ address: clientAddress(request) }))
  app.get('/unavailable', async () => {
    throw new Unavailable(new Error(canary))
  })
  app.get('/bug', async () => {
    throw new Error(canary)
  })
  app.get('/varies/:id', async () => 'x')
  app.get('/client', async () => {
    throw invalidClient('no such client')
  })
  app.get('/token', async () => {
    throw invalidToken('The token is over.')
  })
  app.register(async (scope) => {
    answerFailures(scope, { page })
    scope.get('/page', async () => {
      throw new Error(canary)
    })
  })
  app.register(async (scope) => {
    formBody(scope)
    scope.post('/form', async (request) => {
      if (!(request.body instanceof URLSearchParams)) throw new Error('no form')
      if (request.body.has('code')) throw invalidGrant('unknown code')
      return [...request.body]
    })
  })
  t.teardown(() => app.close())
  await app.ready()
  return { app, log: () => lines.join('\n') }
}

const isOAuthJson = (
  t: Test,
  answer: { headers: Record<string, unknown>; json: () => unknown; body: string },
  error: string,
) => {
  t.match(answer.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.match(answer.json(), { error, error_description: String, error_id: answer.headers['x-request-id'] })
  t.notMatch(answer.body, canary)
  t.notMatch(answer.body, /\bat \S+:\d+/)
}

t.test('O12: an error of our own is 500 without stack, with the id that the log has', async (t) => {
  const { app, log } = await aServer(t)
  const answer = await app.inject('/bug')
  t.equal(answer.statusCode, 500)
  isOAuthJson(t, answer, 'server_error')
  t.match(log(), `"request_id":"${String(answer.headers['x-request-id'])}"`)
  t.notMatch(log(), canary)
})

t.test('a database that is away is 503 with Retry-After, never invalid_grant', async (t) => {
  const { app } = await aServer(t)
  const answer = await app.inject('/unavailable')
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '2')
  isOAuthJson(t, answer, 'temporarily_unavailable')
})

t.test('the reason goes to the log and the description to the client (RFC 6749 §5.2)', async (t) => {
  const { app, log } = await aServer(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/form',
    headers: { 'content-type': form },
    payload: `code=${canary}`,
  })
  t.equal(answer.statusCode, 400)
  isOAuthJson(t, answer, 'invalid_grant')
  t.notMatch(answer.body, 'unknown code')
  t.match(log(), '"reason":"unknown code"')
  t.notMatch(log(), canary)
})

t.test('a 401 says how to authenticate (RFC 6749 §5.2, RFC 6750 §3)', async (t) => {
  const { app } = await aServer(t)
  t.match(
    (await app.inject({ url: '/client', headers: { authorization: 'Basic x' } })).headers['www-authenticate'],
    /^Basic realm=/,
  )
  // RFC 9110 §15.5.2: also where the client tried to authenticate in its body.
  t.match((await app.inject('/client')).headers['www-authenticate'], /^Basic realm=/)
  t.match((await app.inject('/token')).headers['www-authenticate'], /^Bearer error="invalid_token"/)
})

t.test('a scope of pages answers with a page', async (t) => {
  const { app } = await aServer(t)
  const answer = await app.inject('/page')
  t.equal(answer.statusCode, 500)
  t.match(answer.headers['content-type'], /^text\/html/)
  t.equal(answer.body, `<p>server_error ${String(answer.headers['x-request-id'])}</p>`)
})

t.test('an unknown address is told without repeating it, and is not in the log', async (t) => {
  const { app, log } = await aServer(t)
  const answer = await app.inject(`/none?code=${canary}`)
  t.equal(answer.statusCode, 404)
  isOAuthJson(t, answer, 'invalid_request')
  t.match((await app.inject({ url: '/none', headers: { accept: 'text/html' } })).headers['content-type'], /^text\/html/)
  const bad = await app.inject(`/%zz${canary}?code=${canary}`)
  t.equal(bad.statusCode, 400)
  isOAuthJson(t, bad, 'invalid_request')
  t.notMatch(log(), canary)
})

t.test('RFC 9110 §15.5.6: an address that is served by another method says by which', async (t) => {
  const { app, log } = await aServer(t)
  const answer = await app.inject({ method: 'PUT', url: `/form?code=${canary}` })
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'POST')
  isOAuthJson(t, answer, 'invalid_request')
  t.equal((await app.inject({ method: 'DELETE', url: '/page' })).headers.allow, 'GET, HEAD')
  const page = await app.inject({ url: '/form', headers: { accept: 'text/html' } })
  t.match(page, { statusCode: 405, headers: { allow: 'POST', 'content-type': /^text\/html/ } })
  const unread = { 'content-type': 'application/json' }
  const put = await app.inject({ method: 'PUT', url: '/form', headers: unread, payload: '{' })
  t.match(put, { statusCode: 405, headers: { allow: 'POST' } }, 'whatever came with it (RFC 9126 §2.3)')
  t.equal((await app.inject({ method: 'PUT', url: '/none', headers: unread, payload: '{' })).statusCode, 404)
  // No address is taken for a pattern, least of all for an expression.
  for (const url of ['/none', '/:id(', '/:id([z-a])', '/*', '*', '/:any', '/:a(((a+)+)+$)', '/varies/:id']) {
    const nowhere = await app.inject({ method: 'PUT', url })
    t.equal(nowhere.statusCode, 404, url)
    t.notOk('allow' in nowhere.headers, url)
  }
  t.notMatch(log(), canary)
})

t.test('O8: a body that is not a form is refused', async (t) => {
  const { app } = await aServer(t)
  const post = (type: string | undefined, payload: string) =>
    app.inject({ method: 'POST', url: '/form', headers: type === undefined ? {} : { 'content-type': type }, payload })
  for (const type of [
    'application/json',
    'text/plain',
    `${form}; charset=utf-7`,
    `${form}; charset=iso-8859-1`,
    'application/json ; x',
    `${form}; x=y`,
    'multipart/form-data; boundary=x',
    `application/json; ${form}`,
    `${form}, application/json`,
    `${form}x`,
    '',
    ' ',
  ]) {
    const answer = await post(type, '{"a":"b"}')
    t.ok(answer.statusCode === 415 || answer.statusCode === 400, `${type}: ${answer.statusCode}`)
    isOAuthJson(t, answer, 'invalid_request')
  }
  t.equal((await post(undefined, 'a=b')).statusCode, 415)
  for (const type of [form, form.toUpperCase(), `${form};charset=UTF-8`, `${form}; charset="utf-8"`])
    t.same(
      (await post(type, 'a=1&a=2&b=%C3%A9+x')).json(),
      [
        ['a', '1'],
        ['a', '2'],
        ['b', 'é x'],
      ],
      type,
    )
  t.same((await app.inject({ method: 'POST', url: '/form' })).json(), [], 'no body is an empty form')
})

t.test('D4: a body that is too much is refused', async (t) => {
  const { app } = await aServer(t)
  const post = (payload: string) =>
    app.inject({ method: 'POST', url: '/form', headers: { 'content-type': form }, payload })
  t.equal((await post(`a=${'x'.repeat(1024 * 1024)}`)).statusCode, 413)
  isOAuthJson(t, await post(`a=${'x'.repeat(65 * 1024)}`), 'invalid_request')
  t.equal((await post('a&'.repeat(30_000))).statusCode, 400)
  t.equal((await post('a=%00')).statusCode, 400)
  t.same((await post('__proto__=1&__proto__=2&a[b][c]=3')).json(), [
    ['__proto__', '1'],
    ['__proto__', '2'],
    ['a[b][c]', '3'],
  ])
})

t.test('a request id is taken from a trusted proxy only, and only when it looks like one', async (t) => {
  const headers = { 'x-request-id': 'from-the-proxy' }
  const trusting = (await aServer(t, { trustProxy: ['127.0.0.1'] })).app
  t.equal((await trusting.inject({ url: '/address', headers })).headers['x-request-id'], 'from-the-proxy')
  for (const bad of ['short', 'x'.repeat(65), 'has space in it', '<script>alert'])
    t.not((await trusting.inject({ url: '/address', headers: { 'x-request-id': bad } })).headers['x-request-id'], bad)
  for (const trustProxy of [[], ['10.0.0.0/8']]) {
    const { app } = await aServer(t, { trustProxy })
    t.match((await app.inject({ url: '/address', headers })).headers['x-request-id'], /^[\w-]{16}$/)
  }
})

t.test('a forged X-Forwarded-For is ignored', async (t) => {
  const addressOf = async (trustProxy: readonly string[], forwarded: string, remoteAddress = '127.0.0.1') => {
    const { app } = await aServer(t, { trustProxy })
    const answer = await app.inject({ url: '/address', headers: { 'x-forwarded-for': forwarded }, remoteAddress })
    return answer.json().address
  }
  t.equal(await addressOf([], '1.2.3.4'), '127.0.0.1')
  t.equal(await addressOf(['10.0.0.0/8'], '1.2.3.4'), '127.0.0.1')
  t.equal(await addressOf(['127.0.0.1'], '1.2.3.4'), '1.2.3.4')
  t.equal(await addressOf(['127.0.0.1'], '1.2.3.4', '::ffff:127.0.0.1'), '1.2.3.4')
  t.equal(await addressOf(['127.0.0.1'], '6.6.6.6, 1.2.3.4'), '1.2.3.4', 'what the client itself wrote is left of it')
  t.equal(await addressOf(['127.0.0.1', '10.0.0.0/8'], '6.6.6.6, 1.2.3.4, 10.1.1.1'), '1.2.3.4')
  t.equal(await addressOf(['127.0.0.1'], 'unknown'), '127.0.0.1')
  t.equal(await addressOf(['127.0.0.1'], '1.2.3.4:567'), '1.2.3.4')
  t.equal(await addressOf(['127.0.0.1'], '[2001:DB8::0:1]:567'), '2001:db8::1')
})

t.test('D7: what could be read in two ways is refused and its connection closed', async (t) => {
  const { app } = await aServer(t)
  capConnections(app, 1)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [address] = app.addresses()
  const port = typeof address === 'object' ? address.port : 0
  const send = async (...lines: readonly string[]): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.on('data', (data) => {
      received += data.toString()
    })
    socket.on('error', () => undefined)
    socket.write(lines.join('\r\n'))
    // Not `once` of events, for which a reset would be a failure.
    await new Promise((resolve) => socket.once('close', resolve))
    return received
  }
  const head = ['POST /form HTTP/1.1', 'Host: a', `Content-Type: ${form}`]
  for (const lines of [
    [...head, 'Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', ''],
    [...head, 'Transfer-Encoding: xchunked', '', '0', '', ''],
    [...head, 'Content-Length: 3', 'Content-Length: 4', '', 'a=b'],
    [...head, 'X: a\n b', '', ''],
    ['GET /address HTTP/1.1\nHost: a\n\n'],
    ['GET /address HTTP/1.1', '', ''],
  ])
    t.match(await send(...lines), /^HTTP\/1\.1 400 /, JSON.stringify(lines.slice(-4)))
  t.match(
    await send(...head, `X: ${'x'.repeat(17 * 1024)}`, '', ''),
    /^HTTP\/1\.1 431 [\s\S]*"error":"invalid_request"/,
  )

  const first = connect(port, '127.0.0.1')
  await once(first, 'connect')
  t.equal(await send('GET /address HTTP/1.1', 'Host: a', '', ''), '', 'D3: connections beyond the cap are dropped')
  first.destroy()
})
