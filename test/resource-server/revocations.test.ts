import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { introspect, type ProtectOptions, protect, TokenRefused } from '../../src/resource-server/index.ts'
import { type MockIssuerOptions, mockIssuer } from '../../src/resource-server/testing/index.ts'
import { aClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const stream = '/oauth2/revocations/stream'
const list = '/oauth2/revocations'

const aScene = async (t: Test, more: Partial<ProtectOptions> = {}, mock: MockIssuerOptions = {}) => {
  const clock = aClock()
  const issuer = await mockIssuer({ now: clock.now, ...mock })
  const troubles: string[] = []
  const onTrouble = ({ reason }: { reason: string }) => void troubles.push(reason)
  const { audience } = issuer
  const guard = protect({
    issuer: issuer.issuer,
    audience,
    now: clock.now,
    chance: () => 0,
    onTrouble,
    feedWait: 60,
    timeout: 60_000,
    ...more,
  })
  t.teardown(async () => {
    guard.close()
    await issuer.close()
  })
  const verdict = (token: string): Promise<string> =>
    guard.verify(token).then(
      () => 'passes',
      (error: unknown) => {
        if (error instanceof TokenRefused) return error.rule
        throw error
      },
    )
  const becomes = (token: string, wanted: string) => until(async () => (await verdict(token)) === wanted)
  const asked = (path: string) => issuer.requests.filter((one) => one === path).length
  return { clock, issuer, guard, verdict, becomes, asked, troubles }
}

t.test('each kind of revocation ends what it names and nothing else', async (t) => {
  const { issuer, guard, verdict, becomes, clock } = await aScene(t)
  const other = { sub: 'bob', client_id: 'other', sid: 'session-2', jti: 'family-2.1' }
  const acts = [
    { family: 'family-9' },
    { session: 'session-9' },
    { token: 'family-9.9' },
    { user: 'carol' },
    { client: 'app-9' },
  ] as const
  for (const act of acts) {
    const concerned = await issuer.issue({
      ...('family' in act && { jti: `${act.family}.1` }),
      ...('session' in act && { sid: act.session, jti: 'family-8.1' }),
      ...('token' in act && { jti: act.token }),
      ...('user' in act && { sub: act.user, sid: 'session-8', jti: 'family-8.2' }),
      ...('client' in act && { client_id: act.client, jti: 'no-family' }),
    })
    const spared = await issuer.issue(other)
    const [kind] = Object.keys(act)
    if (kind !== 'token') t.equal(await verdict(concerned), 'passes', `before: ${kind}`)
    await issuer.revoke(act)
    await becomes(concerned, 'revoked')
    t.equal(await verdict(spared), 'passes', `another's: ${kind}`)
  }
  const anew = await issuer.issue({ sub: 'carol', client_id: 'app-9' })
  t.equal(await verdict(anew), 'passes', 'what is issued afterwards is honoured at once')
  clock.advance({ seconds: 10 })
  await issuer.heartbeat()

  const old = await issuer.issue(other)
  await issuer.revoke({ all: true })
  await becomes(old, 'revoked')
  t.equal(await verdict(await issuer.issue(other)), 'passes', 'all, and afterwards')

  const { kid } = issuer.keys.tokens
  const stolen = await issuer.issue(other)
  await issuer.rotateKeys()
  await issuer.revoke({ key: kid })
  await becomes(stolen, 'revoked')
  await guard.verify(await issuer.issue(other)).catch(({ rule }) => t.equal(rule, 'kid', 'within the cool-down'))
  clock.advance({ seconds: 31 })
  await issuer.heartbeat()
  await becomes(await issuer.issue(other), 'passes')
})

t.test('an act on a user may spare one session, and tokens without a session are not spared', async (t) => {
  const { issuer, becomes, verdict } = await aScene(t)
  const here = await issuer.issue({ sid: 'this', jti: 'f1.1' })
  const there = await issuer.issue({ sid: 'that', jti: 'f2.1' })
  const none = await issuer.issue({ sid: undefined, jti: 'f3.1' })
  await issuer.revoke({ user: 'alice', spare: 'this' })
  await becomes(there, 'revoked')
  t.equal(await verdict(here), 'passes')
  t.equal(await verdict(none), 'revoked')
})

t.test('a stream that is cut is taken up where it ended', async (t) => {
  const { issuer, becomes, verdict, asked } = await aScene(t)
  const [first, second] = [await issuer.issue({ jti: 'a.1' }), await issuer.issue({ jti: 'b.1' })]
  await issuer.revoke({ family: 'a' })
  t.equal(await verdict(first), 'revoked', 'the first request waits for the first list')
  await until(async () => asked(stream) === 1)
  issuer.cutStreams()
  await issuer.revoke({ family: 'b' })
  await becomes(second, 'revoked')
  t.equal(await verdict(first), 'revoked', 'a delta takes nothing away')
  t.ok(asked(stream) >= 2 || asked(list) >= 2)
})

t.test('without a stream the list is polled', async (t) => {
  for (const trouble of ['none', 'an error', 'another type'] as const) {
    const { issuer, becomes, asked } = await aScene(
      t,
      {},
      { maxAge: 1, revocations: trouble === 'none' ? 'poll' : 'stream' },
    )
    if (trouble === 'an error') issuer.answer(stream, { status: 503 })
    if (trouble === 'another type') issuer.answer(stream, { status: 200, type: 'text/html', body: '<p>' })
    const token = await issuer.issue()
    await becomes(token, 'passes')
    await issuer.revoke({ user: 'alice' })
    await becomes(token, 'revoked')
    t.ok(asked(list) >= 2, trouble)
  }
})

t.test('a restored database begins a new epoch, with a list of its own', async (t) => {
  const { issuer, becomes, clock } = await aScene(t)
  const [lost, kept] = [await issuer.issue({ jti: 'a.1' }), await issuer.issue({ jti: 'b.1' })]
  await issuer.revoke({ family: 'a' })
  await becomes(lost, 'revoked')
  clock.advance({ seconds: 1 })
  await issuer.restore()
  await becomes(lost, 'passes')
  await issuer.revoke({ family: 'b' })
  await becomes(kept, 'revoked')
})

t.test('a stale list: refuse is the default, accept and introspection are choices', async (t) => {
  const stale = async (staleFeed?: ProtectOptions['staleFeed']) => {
    const scene = await aScene(t, { staleFeed })
    const { issuer, guard, clock, becomes, asked } = scene
    const [token, revoked] = [await issuer.issue(), await issuer.issue({ jti: 'gone.1' })]
    await guard.ready()
    await until(async () => asked(stream) === 1)
    await issuer.revoke({ family: 'gone' })
    await becomes(revoked, 'revoked')
    issuer.answer(list, { status: 503 })
    issuer.answer(stream, { status: 503 })
    issuer.cutStreams()
    t.same((await guard.verify(token)).sub, 'alice', 'not stale yet')
    clock.advance({ seconds: 36 })
    t.equal(await scene.verdict(revoked), 'revoked', 'an old list is right about what it holds')
    return { ...scene, token }
  }
  const refusing = await stale()
  const refusal: TokenRefused = await refusing.guard.verify(refusing.token).catch((error) => error)
  t.match({ ...refusal }, { status: 503, rule: 'feed_stale', headers: { 'retry-after': '5' } })
  t.notOk(refusal.headers['www-authenticate'], 'the token is not to blame')
  refusing.issuer.answer(list, undefined)
  refusing.issuer.answer(stream, undefined)
  await refusing.becomes(refusing.token, 'passes')

  const accepting = await stale('accept')
  t.equal(await accepting.verdict(accepting.token), 'passes')

  const asking = await stale(introspect({ clientId: 'api', clientSecret: 'a secret' }))
  asking.issuer.answer('/oauth2/introspect', { status: 503 })
  t.equal(await asking.verdict(asking.token), 'feed_stale', 'introspection fails')
  const says = (active: unknown) =>
    asking.issuer.answer('/oauth2/introspect', {
      status: 200,
      type: 'application/json',
      body: JSON.stringify({ active }),
    })
  says(true)
  t.equal(await asking.verdict(asking.token), 'passes')
  says('true')
  t.equal(await asking.verdict(asking.token), 'inactive', 'only true is true')
  says(false)
  t.equal(await asking.verdict(asking.token), 'inactive')
})

t.test('before the first list a request waits, but not for ever', async (t) => {
  for (const [staleFeed, wanted] of [
    ['refuse', 'feed_stale'],
    ['accept', 'passes'],
  ] as const) {
    const { issuer, verdict } = await aScene(t, { staleFeed, feedWait: 0.05 })
    issuer.answer(list, 'hang')
    t.equal(await verdict(await issuer.issue()), wanted)
  }
})

t.test('an issuer that publishes no list must be said to be one', async (t) => {
  const { issuer, verdict, troubles } = await aScene(t, { feedWait: 0.2 }, { revocations: 'off' })
  t.equal(await verdict(await issuer.issue()), 'feed_stale')
  t.match(troubles[0], /revocations: 'off'/)
  const without = await aScene(t, { revocations: 'off' }, { revocations: 'off' })
  t.equal(await without.verdict(await without.issuer.issue()), 'passes')
})

t.test('a list that cannot be trusted or is no list leaves what is held', async (t) => {
  const { issuer, becomes, verdict, troubles } = await aScene(t, {}, { revocations: 'poll', maxAge: 1 })
  const token = await issuer.issue({ jti: 'gone.1' })
  await issuer.revoke({ family: 'gone' })
  await becomes(token, 'revoked')
  const present = await issuer.feed()
  const claims = JSON.parse(Buffer.from(present.split('.')[1] ?? '', 'base64url').toString())
  const feedKey = issuer.keys.revocations
  const typ = 'revocations+jwt'
  const bad: readonly (readonly [title: string, jws: string, says: RegExp])[] = [
    ['signed with a token key', await issuer.sign(claims, { typ }), /purpose is not revocations/],
    ['of another type', await issuer.sign(claims, { typ: 'at+jwt', key: feedKey }), /typ is "at\+jwt"/],
    ['of another issuer', await issuer.feed({ iss: 'https://evil.example' }), /another issuer/],
    ['from the future', await issuer.feed({ iat: claims.iat + 600 }), /future/],
    ['without a number', await issuer.feed({ seq: undefined }), /seq/],
    ['that continues after its end', await issuer.feed({ after: 99 }), /own end/],
    ['without an epoch', await issuer.feed({ epoch: '' }), /epoch/],
    ['without an age', await issuer.feed({ max_age: 0 }), /max_age/],
    ['with names in words', await issuer.feed({ family: { a: 'soon' } }), /family/],
    ['with a user without a bound', await issuer.feed({ user: { a: 1 } }), /user/],
    ['not signed at all', 'no list', /not a JWT/],
    ['without end', 'x'.repeat(17 * 1024 * 1024), /larger than/],
  ]
  for (const [title, body, says] of bad) {
    troubles.length = 0
    issuer.answer(list, { status: 200, type: 'application/revocations+jwt', body })
    await until(async () => troubles.some((reason) => says.test(reason)))
    t.equal(await verdict(token), 'revoked', title)
  }
})

t.test('close ends the following', async (t) => {
  const { issuer, guard, verdict, asked } = await aScene(t)
  await guard.ready()
  await until(async () => asked(stream) === 1)
  guard.close()
  const before = issuer.requests.length
  t.equal(await verdict(await issuer.issue()), 'passes', 'what is known is known')
  t.equal(issuer.requests.length, before)
})

t.test('a process that follows ends when its work is done', async (t) => {
  const { issuer } = await aScene(t)
  const program = `
    const { protect } = await import(${JSON.stringify(new URL('../../src/resource-server/index.ts', import.meta.url))})
    const guard = protect({ issuer: ${JSON.stringify(issuer.issuer)}, audience: ${JSON.stringify(issuer.audience)},
      feedWait: 60, timeout: 60_000 })
    console.log((await guard.verify(${JSON.stringify(await issuer.issue())})).sub)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', '--input-type=module', '-e', program])
  t.equal(stdout.trim(), 'alice')
})
