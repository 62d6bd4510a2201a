import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { type Database, statement } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aDevice, aDeviceApp } from '../support/devices.ts'
import { aServer } from '../support/server.ts'

type Plan = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly Plans?: readonly Plan[]
}
const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

/** The table has one row. */
const small = ['revocation_counter']
/** What begins so is no part of a request, or rare: the note of an early refresh is written once in a family's life. */
const aside = /^(client_|database_|maintenance_|revocations?_|logout_|family_note)/

/** A database, and the text of each statement that was sent to it. */
const aWatchedDatabase = async (t: Test) => {
  const { url, database } = await aDatabase(t)
  const texts = new Map<string, string>()
  const watched: Database = {
    ...database,
    rows: (statement, values) => {
      texts.set(statement.name, statement.text)
      return database.rows(statement, values)
    },
    count: (statement, values) => {
      texts.set(statement.name, statement.text)
      return database.count(statement, values)
    },
  }
  return { url, database: watched, texts }
}

const planOf = async (client: pg.ClientBase, text: string): Promise<readonly Plan[]> => {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
    `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
  )
  const [explained] = rows[0]?.['QUERY PLAN'] ?? []
  return explained ? nodesOf(explained.Plan) : []
}

t.test(
  'on a database too new for statistics, each statement of the hot path finds its rows by unique keys',
  async (t) => {
    const { url, database, texts } = await aWatchedDatabase(t)
    const server = await aServer(t, { on: { url, database } })
    const alice = await server.aPerson()
    const app = await server.anApp()
    texts.clear()
    const visitor = server.visitor()
    const tokens = await server.logIn(alice, app, {}, visitor)
    const pushed = await server.post(
      '/oauth2/par',
      Object.fromEntries(new URL(server.authorizeUrl(app).url).searchParams),
      app,
    )
    await visitor.visit(
      `/oauth2/authorize?${new URLSearchParams({ client_id: app.client_id, request_uri: String(pushed.body.request_uri) })}`,
    )
    await server.refresh(app, tokens.refresh_token)
    await server.introspect(app, tokens.access_token)
    await server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
    const device = await aDevice(server, await aDeviceApp(server))
    await device.poll()

    for (const name of [
      'interaction_find',
      'code_spend',
      'family_advance_observe_all',
      'token_standing',
      'session_create',
    ])
      t.ok(texts.has(name), `${name} was sent`)
    await withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisunique',
      )
      const shared = new Set(rows.map(({ name }) => name))
      for (const [name, text] of texts) {
        if (aside.test(name)) continue
        const nodes = await planOf(client, text)
        t.ok(nodes.length > 0, `${name} has a plan`)
        const wide = nodes.filter(
          (node) =>
            (node['Node Type'] === 'Seq Scan' && !small.includes(node['Relation Name'] ?? '')) ||
            shared.has(node['Index Name'] ?? ''),
        )
        t.same(
          wide.map((node) => `${node['Node Type']} ${node['Relation Name'] ?? ''} ${node['Index Name'] ?? ''}`),
          [],
          name,
        )
      }
    })
  },
)

t.test(
  'a page of an administrator: one person is found by an index, and the newest of all are read in their order',
  async (t) => {
    const { url, database, texts } = await aWatchedDatabase(t)
    const { administration } = createStores(database, { log: { warn: () => {} } })
    const now = new Date()
    const first = { after: undefined, limit: 51 }
    const next = { after: { at: now, id: randomUUID() }, limit: 51 }
    const [userId, sessionId] = [randomUUID(), randomUUID()]
    for (const wanted of [{}, { userId }, { sessionId }, { clientId: 'app' }])
      for (const slice of [first, next]) {
        t.same(await administration.sessions(wanted, slice, now), [])
        t.same(await administration.families(wanted, slice, now), [])
      }
    await withClient(url, async (client) => {
      await client.query(`INSERT INTO users (id, username, username_key, claims, created_at)
      SELECT gen_random_uuid(), 'user' || n, 'user' || n, '{}', now() FROM generate_series(1, 2000) n`)
      await client.query(`INSERT INTO sessions (id, token_hash, user_id, authenticated_at, amr, acr, created_at, last_used_at,
        idle_expires_at, absolute_expires_at)
      SELECT id, uuid_send(id), id, now(), '{pwd}', '1', now(), now(), now() + interval '1 day', now() + interval '1 day'
      FROM users`)
      await client.query(`INSERT INTO token_families (id, client_id, user_id, session_id, scope, resources, offline, refreshable,
        cookie_bound, claims, auth_time, acr, amr, generation, live_issued_at, live_expires_at, live_scope, live_audience,
        signing_kid, refresh_key_id, tokens_expire_at, idle_expires_at, absolute_expires_at, created_at, last_used_at)
      SELECT id, 'app', id, id, '{}', '{}', true, true, false, '{}', now(), '1', '{pwd}', 1, now(), now(), '{}', '{}', 'k', 'r',
        now(), now(), now(), now(), now() FROM users`)
      await client.query('ANALYZE')
      for (const [name, expected, sorts] of [
        // So few rows would be sorted sooner than read in their order.
        ['sessions', 'sessions_alive_idx', 'off'],
        ['sessions_next', 'sessions_alive_idx', 'off'],
        ['sessions_user', 'sessions_user_id_idx', 'on'],
        ['sessions_user_next', 'sessions_user_id_idx', 'on'],
        ['sessions_session', 'sessions_pkey', 'on'],
        ['families', 'token_families_alive_idx', 'off'],
        ['families_user', 'token_families_user_id_idx', 'on'],
        ['families_session', 'token_families_session_id_idx', 'on'],
      ] as const) {
        await client.query(`SET enable_sort = ${sorts}`)
        const nodes = await planOf(client, texts.get(`administration_${name}`) ?? '')
        t.ok(
          nodes.some((node) => node['Index Name'] === expected),
          name,
        )
      }
    })
  },
)

t.test('what is over is found by an index, minute by minute', async (t) => {
  const { url, database, texts } = await aWatchedDatabase(t)
  await createStores(database, { log: { warn: () => {} } }).maintenance.sweep(new Date())
  // A handful of rows, and what the partitions of the ledger leave over.
  const few = ['sweep_admin_links', 'sweep_token_pairs_default', 'sweep_clients', 'sweep_crowding_clients']
  await withClient(url, async (client) => {
    await client.query('SET enable_seqscan = off')
    for (const [name, text] of texts) {
      if (few.includes(name)) continue
      const read = (await planOf(client, text)).filter((node) => node['Node Type'] === 'Seq Scan')
      t.same(read, [], name)
    }
    t.ok(texts.has('sweep_sessions'))
  })
})

t.test('D3 whoever takes logouts to tell reads a handful, however many wait', async (t) => {
  const { url, database, texts } = await aWatchedDatabase(t)
  const { logouts } = createStores(database, { log: { warn: () => {} } })
  const now = new Date()
  const most = { all: 32, perClient: 4, failing: 16 }
  t.same(await logouts.claim(most, { underWay: new Map(), failing: [] }, now, now), [])
  const text = texts.get('logout_claim') ?? ''
  const values = [now, ['busy'], [most.perClient], [], most.perClient, most.failing, most.all, now]
  const read = `SELECT seq_tup_read + idx_tup_fetch AS count FROM pg_stat_xact_user_tables WHERE relname = 'logout_deliveries'`
  const crowds = {
    'an app has its share already': ["CASE WHEN n <= 20000 THEN 'busy' ELSE 'app' || n % 20 END", '0', 32, 20],
    'nearly all are asked again in an hour': ["'app' || n", 'CASE WHEN n <= 20197 THEN 3600 ELSE 0 END', 3, 3],
  } as const
  await withClient(url, async (client) => {
    const readSoFar = async () => Number((await client.query<{ count: string }>(read)).rows[0]?.count)
    for (const [title, [clientId, wait, taken, apps]] of Object.entries(crowds)) {
      await client.query('TRUNCATE logout_deliveries')
      await client.query(
        `INSERT INTO logout_deliveries (client_id, user_id, session_id, created_at, next_attempt_at)
         SELECT ${clientId}, gen_random_uuid(), gen_random_uuid(), $1::timestamptz, $1 + ${wait} * interval '1 s'
         FROM generate_series(1, 20200) n`,
        [now],
      )
      for (const statistics of ['', 'ANALYZE']) {
        await client.query(statistics)
        await client.query('BEGIN')
        const before = await readSoFar()
        const { rows } = await client.query<{ client_id: string }>(text, values)
        const work = (await readSoFar()) - before
        t.equal(rows.length, taken, title)
        t.equal(new Set(rows.map((row) => row.client_id)).size, apps, 'each of the others has its first')
        t.ok(work > 0 && work < 1300, `${work} rows ${statistics}`)
        await client.query('ROLLBACK')
      }
    }
  })

  await logouts.list({ limit: 1 })
  const kept = await database.rows(statement<{ name: string }>('kept', 'SELECT name FROM pg_prepared_statements'), [])
  const names = kept.map(({ name }) => name)
  t.ok(names.includes('logout_list'), 'what is planned once')
  t.notOk(names.includes('logout_claim'), 'and not what was planned when few waited')
})
