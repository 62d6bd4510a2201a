import { createHash } from 'node:crypto'
import t from 'tap'
import { later } from '../../src/clock.ts'
import type { Database } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { start } from '../support/records.ts'

const { url, database } = await aDatabase(t)

/** How many rows each deleting statement took. */
const batches: number[] = []
const counted: Database = {
  ...database,
  count: async (...asked) => {
    const count = await database.count(...asked)
    if (asked[0].name === 'sweep_spent_jtis') batches.push(count)
    return count
  },
}
const stores = createStores(counted, { log: { warn: () => {} } })
const hashOf = (index: number) => createHash('sha256').update(`jti ${index}`).digest()
const kept = () =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM spent_jtis')
    return rows[0]?.count ?? 0
  })

/** As many as ten batches: what holds for them holds for a million, for nothing depends on how many there are. */
const many = 10_000

t.test(
  'K7 unique jtis are rows of a bounded life: what is over goes in small batches, what is not stays',
  async (t) => {
    await withClient(url, (client) =>
      client.query(
        `INSERT INTO spent_jtis (hash, expires_at)
       SELECT sha256(convert_to('jti ' || i, 'UTF8')), $1::timestamptz + make_interval(secs => 60 + i % 2 * 3600)
       FROM generate_series(1, ${many}) AS i`,
        [start],
      ),
    )
    t.equal(await kept(), many)
    t.equal(await stores.replays.first(hashOf(1), later(start, 60), start), false, 'each is known')

    t.equal(await stores.maintenance.sweep(later(start, 60)), 0, 'none is forgotten while it counts')
    batches.length = 0
    t.equal(await stores.maintenance.sweep(later(start, 61)), many / 2)
    t.equal(await kept(), many / 2, 'those that live on')
    t.ok(
      batches.every((count) => count <= 1000),
      `each statement is short: ${batches}`,
    )
    t.ok(batches.length <= many / 2 / 1000 + 1, 'and there are no more of them than are needed')
    t.equal(await stores.replays.first(hashOf(1), later(start, 60), later(start, 61)), false, 'of the later ones')

    await stores.maintenance.sweep(later(start, 3661))
    t.equal(await kept(), 0, 'after the longest life of an assertion nothing is left')
  },
)

t.test('K7 the sweep waits for nobody, and two servers may sweep at once', async (t) => {
  for (let index = 0; index < 20; index++) await stores.replays.first(hashOf(index), later(start, 60), start)
  await withClient(url, async (client) => {
    await client.query('BEGIN')
    await client.query('SELECT FROM spent_jtis WHERE hash = $1 FOR UPDATE', [hashOf(7)])
    const swept = await Promise.all([1, 2].map(() => stores.maintenance.sweep(later(start, 61))))
    t.equal(
      swept.reduce((sum, count) => sum + count, 0),
      19,
      'each row once, and not the one in use',
    )
    await client.query('COMMIT')
  })
  t.equal(await stores.maintenance.sweep(later(start, 61)), 1)
})

t.test('K7 looking for what is over reads an index, not the table', async (t) => {
  await withClient(url, async (client) => {
    await client.query('SET enable_seqscan = off')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      'EXPLAIN SELECT ctid FROM spent_jtis WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED',
    )
    t.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /spent_jtis_expires_at_idx/)
  })
})
