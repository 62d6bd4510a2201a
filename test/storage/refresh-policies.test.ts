import t from 'tap'
import { later } from '../../src/clock.ts'
import type { Advance } from '../../src/oauth/stores.ts'
import { earlyRefresh } from '../../src/oauth/tokens/suspicion.ts'
import type { Database } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aClient } from '../support/clients.ts'
import { aDatabase } from '../support/database.ts'
import { aBoughtFamily, anAdvance, nowhere, start } from '../support/records.ts'

const { database } = await aDatabase(t)
let statements = 0
const counted: Database = {
  ...database,
  rows: (...asked) => {
    statements++
    return database.rows(...asked)
  },
  count: (...asked) => {
    statements++
    return database.count(...asked)
  },
}
const { families, events } = createStores(counted, { log: { warn: () => {} } })
const stores = createStores(database, { log: { warn: () => {} } })
const [api, other] = ['https://api.example', 'https://other.example']
const both = [api, other]

/** The statement and the function each say what is early: they must say the same. */
const cases = [0, 1, 299_999, 300_000, 300_001, 700_000].flatMap((milliseconds) =>
  [undefined, [api], [other], both, [other, api]].flatMap((resources) =>
    [both, [other], [api]].map((registered) => ({ milliseconds, resources, registered })),
  ),
)
t.test('early in the statement is early in the verdict (T19)', async (t) => {
  const login = await aBoughtFamily(stores, { offline: true })
  const bare = await aBoughtFamily(stores, {
    offline: true,
    resources: [],
    live: { ...login.family.live, audience: ['https://issuer.example'] },
  })
  let early = 0
  for (const { family } of [login, bare])
    for (const { milliseconds, resources, registered } of cases) {
      if (!(resources ?? registered.slice(0, 1)).every((uri) => registered.includes(uri))) continue
      if (family.resources.length === 0 && resources) continue
      const now = new Date(start.getTime() + milliseconds)
      const client = aClient({ resources: registered, scope: 'openid read offline_access' })
      const presented = { generation: 0, clientId: '', jkt: undefined, cookieBound: false, scope: undefined }
      const sign = earlyRefresh(family, { ...presented, resources, half: undefined, origin: nowhere }, client, now)
      const request = anAdvance(family, {
        now,
        resources,
        registered: { scope: ['openid', 'read', 'offline_access'], resources: registered },
        earlyRefresh: 'revoke',
      })
      // Of those that would advance, each is put back to where it was.
      const advanced = await families.advance(request)
      t.equal(advanced === undefined, sign !== undefined, `${milliseconds} ms, ${resources}, registered ${registered}`)
      if (sign) early++
      if (!advanced) continue
      await database.prisma((prisma) =>
        prisma.tokenFamily.update({
          where: { id: family.id },
          data: {
            generation: 0,
            liveIssuedAt: family.live.issuedAt,
            liveExpiresAt: family.live.expiresAt,
            liveAudience: [...family.live.audience],
          },
        }),
      )
    }
  t.ok(early > 10)
})

t.test('a refresh is one statement, and one more where it observes what is new', async (t) => {
  const { family } = await aBoughtFamily(stores, { offline: true })
  const observed = [{ kind: 'pair_mismatch' as const, detail: { presented: 0, half: 'missing' } }]
  statements = 0
  t.ok(await families.advance(anAdvance(family, { earlyRefresh: 'observe', observed })))
  t.equal(statements, 2)
  t.ok(await families.advance(anAdvance(family, { generation: 1, earlyRefresh: 'observe' })))
  t.equal(statements, 3, 'early again, and told before')
  const seen = await events.list({ familyId: family.id, limit: 10 })
  t.same(
    seen.map(({ kind, detail }) => ({ kind, ...detail })).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    [
      { kind: 'early_refresh', presented: 0, generation: 1, remaining: 590, lifetime: 600 },
      { kind: 'pair_mismatch', presented: 0, generation: 1, half: 'missing' },
    ],
  )
})

t.test(
  'the short statement serves whoever asks for all and lost nothing; who lost something has one more (T10)',
  async (t) => {
    const given = { offline: true, scope: ['openid', 'read', 'offline_access'], resources: both }
    const registered = { scope: ['offline_access', 'read', 'openid', 'more'], resources: [other, api] }
    const table: readonly (readonly [string, Partial<Advance>, number, readonly string[], readonly string[]])[] = [
      ['everything', { registered }, 1, given.scope, [api]],
      ['a part', { registered, scope: ['read'], resources: [other] }, 1, ['read'], [other]],
      ['no scope, one resource', { registered, resources: [other] }, 1, given.scope, [other]],
      [
        'a scope lost',
        { registered: { ...registered, scope: ['offline_access', 'read'] } },
        2,
        ['read', 'offline_access'],
        [api],
      ],
      ['a resource lost', { registered: { ...registered, resources: [other] } }, 2, given.scope, [other]],
    ]
    for (const [what, asked, cost, scope, audience] of table) {
      const { family } = await aBoughtFamily(stores, given)
      statements = 0
      const advanced = await families.advance(anAdvance(family, asked))
      t.match(advanced?.live, { scope, audience }, what)
      t.equal(statements, cost, what)
      t.match((await families.find(family.id))?.live, { generation: 1, scope, audience }, what)
    }
  },
)

t.test('what advances nothing observes nothing', async (t) => {
  const { family } = await aBoughtFamily(stores)
  const observed = [{ kind: 'pair_mismatch' as const, detail: { presented: 0 } }]
  for (const given of [{ clientId: 'other' }, { generation: 1 }, { now: later(start, 9e6) }]) {
    const request = anAdvance(family, { ...given, earlyRefresh: 'observe', observed })
    t.equal(await families.advance(request), undefined)
    t.equal(await families.touch(request), undefined)
  }
  t.same(await events.list({ familyId: family.id, limit: 10 }), [])
})
