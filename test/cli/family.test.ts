import t from 'tap'
import { later } from '../../src/clock.ts'
import { aBoughtFamily, anAdvance, start } from '../support/records.ts'
import { aConsole } from './console.ts'

const { run, json, stores } = await aConsole(t)
const unknown = '00000000-0000-4000-8000-000000000000'
const chrome =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36'

t.test('family show draws each pair with time, verdict, network and device, and why it ended', async (t) => {
  const { family } = await aBoughtFamily(stores)
  const origin = { ip: '203.0.113.7', userAgent: chrome }
  await stores.families.advance(anAdvance(family, { origin }))
  const alive = await run(['family', 'show', family.id])
  t.match(alive.stdout, /^State +alive$/m)
  t.match(alive.stdout, /^○ 0 +2026-11-21T12:00:00\.250Z +issued +192\.0\.2\.1 +test/m)
  t.match(alive.stdout, /^● 1 +2026-11-21T12:00:10\.250Z +rotated +203\.0\.113\.7 +Chrome on macOS +0 +live$/m)

  await stores.families.revoke(family.id, 'replayed', later(start, 99), {
    ip: '198.51.100.9',
    userAgent: 'a\u001b[2Jb',
  })
  const { stdout } = await run(['family', 'show', `${family.id}.0`])
  t.match(stdout, /^○ 0 .*◀ this one$/m, 'a jti is marked')
  t.match(stdout, /^✕ +2026-11-21T12:01:39\.250Z +family_revoked +198\.51\.100\.9 .*replayed$/m)
  t.match(stdout, /had been exchanged before, and its retry window was over: somebody may have a copy, or the app kept/)
  t.notOk(stdout.includes('\u001b'), 'a user agent cannot clear the screen')
  t.match(await json(['family', 'show', `${family.id.toUpperCase()}.1.suffix`]), {
    family_id: family.id,
    active: false,
    revoke_reason: 'replayed',
    generation: 1,
    pairs: [
      { jti: `${family.id}.0`, verdict: 'issued' },
      { jti: `${family.id}.1`, verdict: 'rotated', ip: '203.0.113.7' },
    ],
    events: [{ kind: 'family_revoked' }],
  })
  t.match((await run(['family', 'show', `${family.id}.7`])).stdout, /no pair of generation 7: it is ahead/)
})

t.test('family show says which pair came back, and how often each was asked for again', async (t) => {
  const { family } = await aBoughtFamily(stores)
  await stores.families.advance(anAdvance(family))
  const honest = { ip: undefined, userAgent: undefined }
  await stores.families.countRetry(family.id, later(start, 20), honest, [])
  await stores.families.revoke(family.id, 'replayed', later(start, 99), honest, { presented: 0 })
  const { stdout } = await run(['family', 'show', family.id])
  t.match(stdout, /^PAIR .*DEVICE +RETRIES/m)
  t.match(stdout, /^○ 1 .* 1$/m)
  t.match(stdout, /^✕ .*replayed: pair 0 came back$/m)
  t.match(await json(['family', 'show', family.id]), {
    pairs: [{ retries: 0 }, { retries: 1 }],
    events: [{ detail: { presented: 0 } }],
  })
})

t.test('family show says of too many logins that the one that began first ended', async (t) => {
  const { family } = await aBoughtFamily(stores)
  await stores.families.revoke(family.id, 'session_evicted', later(start, 99), { ip: undefined, userAgent: undefined })
  t.match((await run(['family', 'show', family.id])).stdout, /more devices than are allowed.*the first to begin/)
})

t.test('family show names the honest causes of a stale token beside the thief', async (t) => {
  const { family } = await aBoughtFamily(stores)
  await stores.families.revoke(family.id, 'stale', later(start, 99), { ip: undefined, userAgent: undefined })
  t.match(
    (await run(['family', 'show', family.id])).stdout,
    /restored backup, a process or tab that slept .*or a thief/,
  )
})

t.test('family list and revoke', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  const username = (await stores.users.find(login.userId))?.username ?? ''
  t.match(await json(['family', 'list', '--user', username]), { families: [{ family_id: family.id, username }] })
  t.match((await run(['family', 'list', '--client', login.clientId])).stdout, family.id)
  t.match(await json(['family', 'revoke', family.id]), { revoke_reason: 'revoked_by_admin' })
  const events = () => stores.events.list({ familyId: family.id, limit: 100 })
  const before = await events()
  t.match(await run(['family', 'revoke', family.id]), { exitCode: 1, stderr: /ended already/ })
  t.same(await events(), before, 'what did nothing leaves no event')
  t.match((await run(['family', 'list', '--user', username])).stdout, /No family is alive/)
})

t.test('session revoke ends one with everything on the device, or all of a person with --yes', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  t.match(await json(['session', 'list']), { sessions: [{}, {}, { acr: '1', auth_time: 1795262400 }] })
  t.match(await json(['session', 'revoke', login.sessionId]), { ended: { sessions: 1, families: 1 } })
  t.match(await stores.families.find(family.id), { revokeReason: 'revoked_by_admin' })
  t.match((await run(['session', 'revoke', login.sessionId])).stderr, /or it has ended/)

  const other = await aBoughtFamily(stores, { offline: true })
  const username = (await stores.users.find(other.login.userId))?.username ?? ''
  t.match(
    (await run(['session', 'list', '--user', username])).stdout,
    new RegExp(`^${other.login.sessionId} +${username}`, 'm'),
  )
  const asked = await run(['session', 'revoke', '--user', username])
  t.equal(asked.exitCode, 1)
  t.match(asked.stderr, /would end 1 session, 1 token family and 0 pending codes of .*add --yes/)
  t.match(await json(['session', 'list', '--user', username]), { sessions: [{ sid: other.login.sessionId }] })
  const done = await json(['session', 'revoke', '--user', username, '--yes'])
  t.match(done, { target: { kind: 'user', id: other.login.userId }, sessions: 1, families: 1 })
  t.ok((await stores.families.find(other.family.id))?.revokedAt, 'offline_access ends with its device')
  t.match((await run(['session', 'list', '--user', username])).stdout, /Nobody is logged in/)

  const away = await aBoughtFamily(stores, { offline: true })
  await stores.sessions.end(away.login.sessionId, 'logged_out', start)
  t.equal((await stores.families.find(away.family.id))?.revokedAt, undefined)
  t.match(await json(['session', 'revoke', away.login.sessionId]), { ended: { sessions: 0, families: 1 } })
  t.ok((await stores.families.find(away.family.id))?.revokedAt, 'what a logout left')
})

t.test('not found is 1, bad input 2', async (t) => {
  const cases = [
    [['family', 'show', unknown], 1],
    [['family', 'revoke', `${unknown}.3`], 1],
    [['family', 'list', '--user', 'nobody'], 1],
    [['family', 'list', '--client', 'nope'], 1],
    [['session', 'list', '--user', 'nobody'], 1],
    [['session', 'revoke', unknown], 1],
    [['session', 'revoke', "'; DROP"], 1],
    [['session', 'revoke', '--user', 'nobody'], 1],
    [['session', 'revoke'], 2],
    [['session', 'revoke', unknown, '--user', 'nobody'], 2],
    [['family', 'show', 'abc'], 2],
    [['family', 'show', `${unknown}.x`], 2],
    [['family', 'show'], 2],
    [['family'], 2],
  ] as const
  for (const [argv, exitCode] of cases) {
    const ran = await run(argv)
    t.equal(ran.exitCode, exitCode, argv.join(' '))
    t.not(ran.stderr, '')
    t.equal(ran.stdout, '')
    t.type((await json(argv)).error, 'string')
  }
})
