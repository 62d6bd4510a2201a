import t from 'tap'
import { createLogger } from '../src/log.ts'
import { OAuthError } from '../src/oauth/errors.ts'

const aLog = () => {
  const lines: string[] = []
  const log = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } })
  return { log, all: () => lines.join('\n'), last: (): unknown => JSON.parse(lines.at(-1) ?? '{}') }
}
const canary = 'hunter2-canary'

t.test('O10: what is listed is logged', async (t) => {
  const { log, last } = aLog()
  log.info({ request_id: 'r', route: '/oauth2/token', status: 200, client_id: 'c', error: 'invalid_grant' }, 'answered')
  t.match(last(), {
    level: 'info',
    msg: 'answered',
    request_id: 'r',
    route: '/oauth2/token',
    status: 200,
    client_id: 'c',
  })
})

t.test('O10: nothing else is, however it comes', async (t) => {
  const { log, all } = aLog()
  const request = {
    method: 'POST',
    url: `/cb?code=${canary}`,
    headers: { authorization: canary, cookie: canary },
    socket: {},
    body: { password: canary },
    query: { code: canary },
    raw: { url: canary },
  }
  log.info(request)
  log.info({ req: request, res: { setHeader: () => undefined, headers: canary } }, 'answered')
  log.info({ token: canary, route: { nested: canary }, reason: [canary] }, 'answered')
  log.info('token %s', canary)
  log.info({ status: 200 }, 'token %s', canary)
  log.error(new Error(`duplicate key value (${canary})`))
  log.error(new Error(`two\n    at ${canary} (/a/b.ts:1:1)`))
  log.error({ err: new Error(canary) }, canary)
  log.error({ err: new Error(canary) }, `failed: ${canary}`)
  log.error(
    Object.assign(new Error('pg'), { code: '23505', detail: `Key (a)=(${canary})`, parameters: [canary] }),
    'failed',
  )
  log.error(new Error('outer', { cause: Object.assign(new Error(canary), { query: canary }) }), 'failed')
  log.info(`Route GET:/cb?code=${canary} not found`)
  log.child({ req: request, token: canary }).info('answered')
  log
    .child({ status: 1 })
    .child({ token: canary }, { serializers: { status: () => canary } })
    .info({ status: 2 }, 'answered')
  log.child({ status: 1 }, { msgPrefix: canary, redact: [] }).info('answered')
  log.setBindings({ token: canary })
  log.info('answered')
  log.info(null, 'answered')
  log.info(Symbol(canary), 'answered')
  t.equal(all().split('\n\n').length, 18)
  t.notMatch(all(), canary)
})

t.test('O10: what looks like a token is masked where a text is allowed', async (t) => {
  const { log, all } = aLog()
  const token = `tsr_${'A1b2'.repeat(12)}`
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  log.info({ reason: `unknown ${token}`, client_id: jwt }, `was ${token} and ${jwt}`)
  t.notMatch(all(), token)
  t.notMatch(all(), 'eyJ')

  const id = 'AAAAeyJBBBBCCCCC'
  log.info({ request_id: id }, 'answered')
  t.match(all(), id, 'an id of chance is no token, and must be found again')
})

t.test('an error says its class, its code, where it happened, and its cause', async (t) => {
  const { log, last } = aLog()
  log.error({ err: new OAuthError('invalid_grant', 'd', 'r') }, 'refused')
  t.match(last(), { err: { type: 'OAuthError', code: 'invalid_grant', stack: [/^at .*log\.test\.ts/] } })
  log.error(new Error('x', { cause: Object.assign(new TypeError('y'), { code: 'ECONNREFUSED' }) }), 'failed')
  t.match(last(), { msg: 'failed', err: { type: 'Error', cause: { type: 'TypeError', code: 'ECONNREFUSED' } } })
})

t.test('an identifier survives: a UUID and a thumbprint (RFC 7638)', async (t) => {
  const { log, last } = aLog()
  const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
  const id = 'b1f5b0d2-8a52-4a1c-9a41-3d2b7f6c1e00'
  log.info({ kid, family_id: id }, 'answered')
  t.match(last(), { kid, family_id: id })
})
