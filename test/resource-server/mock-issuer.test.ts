import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { introspect, protect } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'
import { aClock } from '../support/clock.ts'

const basic = { authorization: `Basic ${Buffer.from('api:secret').toString('base64')}` }

const anIssuer = async (t: Test) => {
  const clock = aClock()
  const issuer = await mockIssuer({ now: clock.now })
  t.teardown(() => issuer.close())
  const ask = async (form: Record<string, string>, headers: Record<string, string> = basic) => {
    const body = new URLSearchParams(form)
    const answer = await fetch(`${issuer.issuer}/oauth2/introspect`, { method: 'POST', body, headers })
    return { status: answer.status, said: await answer.json() }
  }
  return { clock, issuer, ask }
}

t.test('introspection knows the tokens of the mock issuer, and what became of them (RFC 7662)', async (t) => {
  const { clock, issuer, ask } = await anIssuer(t)
  const token = await issuer.issue({ jti: 'here.1', sid: 'this', scope: 'orders.read', tenant: 7 })
  const claims = { iss: issuer.issuer, sub: 'alice', client_id: 'app', jti: 'here.1', scope: 'orders.read', tenant: 7 }
  t.match(await ask({ token }), { status: 200, said: { ...claims, active: true } })

  const inactive = { status: 200, said: { active: false } }
  const { kid } = issuer.keys.tokens
  t.same(await ask({ token: await issuer.sign({ sub: 'alice' }) }), inactive, 'signed, and not issued')
  t.same(await ask({ token: 'abc' }), inactive)
  t.same(await ask({ token: await issuer.issue({ exp: 1 }) }), inactive, 'expired')
  const other = await issuer.issue({ jti: 'there.1', sid: 'that' })
  await issuer.revoke({ family: 'there' })
  t.same(await ask({ token: other }), inactive, 'revoked')
  await issuer.revoke({ user: 'alice', spare: 'this' })
  t.match(await ask({ token }), { said: { active: true } }, 'spared')
  await issuer.revoke({ key: kid })
  t.same(await ask({ token }), inactive, 'its key')
  await issuer.restore()
  t.match(await ask({ token }), { said: { active: true } }, 'nobody remembers')
  clock.advance({ seconds: 302 })
  t.same(await ask({ token }), inactive, 'expired meanwhile')

  t.same(await ask({ token }, {}), { status: 401, said: { error: 'invalid_client' } })
  t.same(await ask({}), { status: 400, said: { error: 'invalid_request' } })
  t.equal((await fetch(`${issuer.issuer}/oauth2/introspect`)).status, 404)
})

t.test('a guard whose list is stale asks the mock issuer', async (t) => {
  const { issuer, clock } = await anIssuer(t)
  issuer.answer('/oauth2/revocations', { status: 503 })
  const staleFeed = introspect({ clientId: 'api', clientSecret: 'secret' })
  const { audience } = issuer
  const guard = protect({
    issuer: issuer.issuer,
    audience,
    staleFeed,
    now: clock.now,
    feedWait: 0,
    onTrouble: () => {},
  })
  t.teardown(() => guard.close())
  const token = await issuer.issue()
  t.equal((await guard.verify(token)).sub, 'alice')
  await issuer.revoke({ session: 'session-1' })
  t.match(await guard.verify(token).catch((error) => ({ ...error })), { rule: 'inactive', status: 401 })
})

t.test('an address that is none is answered 404', async (t) => {
  const { issuer } = await anIssuer(t)
  const { port, host } = new URL(issuer.issuer)
  for (const target of ['//', '//jwks', '*', 'http://[', 'http://127.0.0.1/jwks']) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.end(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    t.match(await text(socket), /^HTTP\/1\.1 404 /, target)
  }
})
