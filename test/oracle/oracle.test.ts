import fc from 'fast-check'
import t from 'tap'
import type { Case } from './cases.ts'
import { createComparing } from './compare.ts'
import { differences } from './differences.ts'
import { authorizations, pushes, redemptions, registrations, showings } from './generating.ts'
import { theParties } from './parties.ts'

/** RUNS and SEED say how many cases for each endpoint, and which; `RUNS=2000 npx tsx test/oracle/oracle.test.ts`. */
const runs = Number(process.env.RUNS ?? 60)
const seed = Number(process.env.SEED ?? 20261121)

const endpoints: readonly (readonly [string, fc.Arbitrary<Case>])[] = [
  ['authorization endpoint (RFC 6749 §3.1)', authorizations],
  ['pushed requests (RFC 9126)', pushes],
  ['token endpoint (RFC 6749 §3.2)', redemptions],
  ['introspection and revocation (RFC 7662, RFC 7009)', showings],
  ['registration (RFC 7591)', registrations],
]

// As long as RUNS takes.
t.setTimeout(0)

t.test('oidc-provider answers what was asked as we do, or the difference is listed', { timeout: 0 }, async (t) => {
  t.comment(`RUNS=${runs} SEED=${seed}`)
  const parties = await theParties(t)
  const compare = createComparing(parties, differences)
  const occurred = new Set<string>()

  await t.test('a difference that is not listed is found', async (t) => {
    const unknownScope: Case = {
      at: 'authorize',
      client: 'basic',
      by: 'GET',
      who: 'nobody',
      pushed: false,
      changes: [{ name: 'scope', how: 'set', value: 'openid unknown' }],
    }
    const { unlisted } = await createComparing(parties, [])(fc.constant(unknownScope), 2, seed)
    t.match(unlisted, [{ asked: unknownScope, ours: 'query invalid_scope', theirs: 'log-in', count: 2 }])
  })

  for (const [name, cases] of endpoints)
    await t.test(name, { timeout: 0 }, async (t) => {
      const { compared, equal, justified, unlisted, outcomes } = await compare(cases, runs, seed)
      t.comment(`compared ${compared}, equal ${equal}, justified ${compared - equal - unlisted.length}`)
      for (const [id, count] of justified) {
        occurred.add(id)
        t.comment(`justified ${count}: ${id}`)
      }
      for (const { asked, ours, theirs, count } of unlisted)
        t.fail(`${count} × ours: ${ours}; theirs: ${theirs}; for instance ${JSON.stringify(asked)}`)
      t.ok(outcomes.size > 3, `ours gave ${outcomes.size} different answers: ${[...outcomes.keys()].sort().join(', ')}`)
      t.equal(parties.faults.length, 0, `nothing broke inside the other: ${parties.faults[0]?.stack ?? ''}`)
    })

  for (const { id } of differences) if (!occurred.has(id)) t.comment(`listed, and never occurred in this run: ${id}`)
})
