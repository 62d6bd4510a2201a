import t from 'tap'
import { later } from '../../src/clock.ts'
import type { Advance, Family } from '../../src/oauth/stores.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase } from '../support/database.ts'
import { aBoughtFamily, aCode, aFamily, aLogin, anAdvance, nowhere, start } from '../support/records.ts'

const log = { warn: () => {} }
const { database } = await aDatabase(t)
const stores = createStores(database, { log })
const { families, codes, users, sessions, clients } = stores

t.test('a code buys its family once: of 50 at the same time one succeeds (P9)', async (t) => {
  const login = await aLogin(stores)
  const code = aCode(login)
  await codes.issue(code)
  const bought = await Promise.all(
    Array.from({ length: 50 }, () => codes.spend(code.hash, aFamily(login), start, nowhere)),
  )
  t.equal(bought.filter(Boolean).length, 1)
  const spent = await codes.find(code.hash)
  t.same(spent?.spentAt, start)
  t.same(spent?.grant, code.grant)
  const family = await families.show(spent?.familyId ?? '')
  t.same(
    family?.pairs.map(({ jti, verdict }) => [jti, verdict]),
    [[`${spent?.familyId}.0`, 'issued']],
  )
  t.equal((await families.list({ userId: login.userId, limit: 10 }, start)).length, 1)
})

t.test('a code is not spent when it expired, or its session or person was ended (P10, P11, P12)', async (t) => {
  for (const [why, end] of [
    ['session', (l: { sessionId: string }) => sessions.end(l.sessionId, 'logged_out', start)],
    ['person', (l: { userId: string }) => users.disable(l.userId, start)],
    ['password', (l: { userId: string }) => users.setPassword(l.userId, 'new', start)],
    ['client', (l: { clientId: string }) => clients.disable(l.clientId, start)],
  ] as const) {
    const login = await aLogin(stores)
    const code = aCode(login)
    await codes.issue(code)
    t.equal(await end(login), true, why)
    t.equal(await codes.spend(code.hash, aFamily(login), start, nowhere), undefined, why)
  }
  const login = await aLogin(stores)
  const code = aCode(login)
  await codes.issue(code)
  t.equal(await codes.spend(code.hash, aFamily(login), code.expiresAt, nowhere), undefined)
})

t.test('a code is not spent where its client was ended before it was issued (P12)', async (t) => {
  for (const end of [clients.disable, clients.delete]) {
    const login = await aLogin(stores)
    await end(login.clientId, start)
    const code = aCode(login)
    await codes.issue(code)
    t.equal(await codes.spend(code.hash, aFamily(login), start, nowhere), undefined)
    t.same((await families.list({ userId: login.userId, limit: 1 }, start)).length, 0)
  }
})

t.test('what is stored comes back as it was', async (t) => {
  const { family } = await aBoughtFamily(stores, {
    claims: { userinfo: { name: { values: [1, 'a'] } } },
    amr: [],
    jkt: 'k',
    offline: true,
  })
  t.same(await families.find(family.id), { ...family, ...nowhere, lastUsedAt: start })
  t.equal(await families.find('00000000-0000-4000-8000-000000000000'), undefined)
})

t.test('of 64 refreshes with one token exactly one advances the family (T19)', async (t) => {
  const { family } = await aBoughtFamily(stores)
  const answers = await Promise.all(Array.from({ length: 64 }, () => families.advance(anAdvance(family))))
  const winners = answers.filter((answer) => answer !== undefined)
  t.equal(winners.length, 1)
  t.equal(winners[0]?.live.generation, 1)
  const { live, idleExpiresAt, absoluteExpiresAt, claims } = (await families.find(family.id)) ?? {}
  t.match(winners[0], {
    live,
    idleExpiresAt,
    absoluteExpiresAt,
    claims,
    userId: family.userId,
    sessionId: family.sessionId,
  })
  t.same(
    (await families.show(family.id))?.pairs.map(({ generation }) => generation),
    [0, 1],
  )
})

t.test('what advances becomes the live pair, its lifetime within the absolute one', async (t) => {
  const { family } = await aBoughtFamily(stores, { absoluteExpiresAt: later(start, 1000), offline: true })
  const request = anAdvance(family, { scope: ['read'], resources: ['https://other.example'] })
  const advanced = await families.advance(request)
  t.match(advanced, {
    live: { ...request.next, scope: ['read'], audience: ['https://other.example'] },
    idleExpiresAt: later(start, 1000),
  })
  const again = await families.advance(anAdvance(family, { generation: 1, now: later(start, 20) }))
  t.match(
    again?.live,
    { scope: family.scope, audience: ['https://api.example'] },
    'a narrower scope does not narrow later ones (T10)',
  )
  const { family: bare } = await aBoughtFamily(stores, { resources: [] })
  t.same((await families.advance(anAdvance(bare)))?.live.audience, ['https://issuer.example'])
})

const refused: readonly (readonly [string, Partial<Family>, Partial<Advance>])[] = [
  ['another client', {}, { clientId: 'other' }],
  ['an older generation', {}, { generation: -1 }],
  ['a later generation', {}, { generation: 1 }],
  ['no key', { jkt: 'mine' }, {}],
  ['another key', { jkt: 'mine' }, { jkt: 'theirs' }],
  ['a body for a cookie', { cookieBound: true }, {}],
  ['a cookie for a body', {}, { cookieBound: true }],
  ['more scope', {}, { scope: ['openid', 'admin'] }],
  ['a foreign resource', {}, { resources: ['https://evil.example'] }],
  ['a scope lost', {}, { scope: ['read'], registered: { scope: ['openid'], resources: ['https://api.example'] } }],
  ['every scope lost', {}, { registered: { scope: ['offline_access', 'more'], resources: ['https://api.example'] } }],
  ['every resource lost', {}, { registered: { scope: ['openid'], resources: ['https://more.example'] } }],
  ['openid lost, no resource', { resources: [] }, { registered: { scope: ['read'], resources: [] } }],
  ['the idle expiry', {}, { now: later(start, 3000) }],
  [
    'the absolute expiry',
    { offline: true, idleExpiresAt: later(start, 9e5), absoluteExpiresAt: later(start, 100) },
    { now: later(start, 100) },
  ],
  ['no refresh token was issued', { refreshable: false }, {}],
]
for (const [why, given, asked] of refused)
  t.test(`a refresh advances nothing: ${why} (T10, T11, T19)`, async (t) => {
    const { family } = await aBoughtFamily(stores, given)
    const request = anAdvance(family, asked)
    t.equal(await families.advance(request), undefined)
    t.equal(await families.touch(request), undefined)
    const { live, lastUsedAt } = (await families.find(family.id)) ?? {}
    t.match({ live, lastUsedAt }, { live: { generation: 0 }, lastUsedAt: start })
  })

t.test('the right key and the right cookie advance', async (t) => {
  const { family } = await aBoughtFamily(stores, { jkt: 'mine', cookieBound: true })
  t.ok(await families.advance(anAdvance(family, { jkt: 'mine', cookieBound: true })))
})

t.test('touch slides the idle expiry and leaves the generation (rotation: reuse)', async (t) => {
  const { family } = await aBoughtFamily(stores, { offline: true })
  const now = later(start, 50)
  t.match(await families.touch(anAdvance(family, { now })), {
    live: family.live,
    idleExpiresAt: later(now, 3000),
    lastUsedAt: now,
  })
})

t.test('a family ends once, with one event, and is not advanced any more (P7)', async (t) => {
  const { family } = await aBoughtFamily(stores)
  const ended = await Promise.all(
    Array.from({ length: 10 }, () => families.revoke(family.id, 'replayed', start, nowhere)),
  )
  t.equal(ended.filter(Boolean).length, 1)
  t.equal(await families.revoke(family.id, 'stale', start, nowhere), false)
  const events = await stores.events.list({ familyId: family.id, limit: 10 })
  t.match(events, [{ kind: 'family_revoked', detail: { reason: 'replayed' }, ip: nowhere.ip }])
  t.equal(events.length, 1)
  t.match(await families.find(family.id), { revokedAt: start, revokeReason: 'replayed' })
  t.equal(await families.advance(anAdvance(family)), undefined)
})

t.test('logging out ends what is not offline; a password or a closed account ends all (S19, S22)', async (t) => {
  const online = await aBoughtFamily(stores)
  const offline = await aBoughtFamily(stores, { offline: true })
  for (const { login } of [online, offline]) t.equal(await sessions.end(login.sessionId, 'logged_out', start), true)
  t.equal(await families.advance(anAdvance(online.family)), undefined)
  t.ok(await families.advance(anAdvance(offline.family)))
  t.match(await stores.tokens.standing(online.family.id, 'x'), { sessionEnded: true })
  await users.setPassword(offline.login.userId, 'new', start)
  t.match(await families.find(offline.family.id), { revokeReason: 'password_changed' })
})

t.test('a family without offline_access expires with its session, and says so', async (t) => {
  const { family } = await aBoughtFamily(stores, { idleExpiresAt: later(start, 80000) })
  t.equal(await families.advance(anAdvance(family, { now: later(start, 3600) })), undefined)
  t.same((await families.find(family.id))?.idleExpiresAt, later(start, 3600))
})

t.test('a new password spares the session it was set in', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  t.equal(await users.setPassword(login.userId, 'new', start, { spare: login.sessionId }), true)
  t.ok(await sessions.find(login.cookie, start))
  t.ok(await families.advance(anAdvance(family)))
})

t.test('a client that is disabled, enabled or deleted has no family left', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  await clients.disable(login.clientId, start)
  t.match(await families.find(family.id), { revokeReason: 'client_disabled' })
  await clients.enable(login.clientId, start)
  t.equal(await families.advance(anAdvance(family)), undefined)
  const other = await aBoughtFamily(stores)
  t.equal(await clients.delete(other.login.clientId, start), true)
  t.equal(await families.advance(anAdvance(other.family)), undefined)
})

t.test('a code that is spent while its person is closed out leaves no family alive (S22)', async (t) => {
  for (let round = 0; round < 20; round++) {
    const login = await aLogin(stores)
    const code = aCode(login)
    await codes.issue(code)
    const [spent] = await Promise.all([
      codes.spend(code.hash, aFamily(login, { offline: true }), start, nowhere),
      users.setPassword(login.userId, 'new', start),
    ])
    t.same(
      await families.list({ userId: login.userId, limit: 1 }, start),
      [],
      spent ? 'the code was first' : 'the act was first',
    )
  }
})

t.test('a retry is counted and extends nothing', async (t) => {
  const { family } = await aBoughtFamily(stores)
  await Promise.all([1, 2, 3].map(() => families.countRetry(family.id, later(start, 5), nowhere, [])))
  t.match(await families.find(family.id), { retries: 3, idleExpiresAt: family.idleExpiresAt })
})
