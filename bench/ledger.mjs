/**
 * What a login leaves behind, and what it costs to clear away.
 *
 *   npm run build && node bench/ledger.mjs [--refreshes 1,100,10000] [--dead 1000000] [--seconds 20]
 *
 * First rows and bytes of one family after so many refreshes, and after the retention: the family's one row stays, its
 * ledger goes with its week. Then a million dead rows are cleared away while 16 clients refresh, and their latency is
 * compared with the same before. The database and the server are its own; nothing is left behind.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '../dist/storage/database.js'
import { migrate } from '../dist/storage/migrate.js'
import { createStores } from '../dist/storage/stores.js'
import { startDatabase } from './database.mjs'
import { run } from './load.mjs'
import { scenarios } from './scenarios.mjs'
import { seed } from './seed.mjs'
import { startServer } from './server.mjs'

const { values } = parseArgs({
  options: {
    refreshes: { type: 'string', default: '1,100,10000' },
    dead: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '20' },
  },
})
const say = (text) => process.stdout.write(`${text}\n`)
const log = { info() {}, warn() {} }
const day = 86_400_000

const database = await startDatabase()
const keysDir = await mkdtemp(join(tmpdir(), 'tessera-bench-'))
let server
let storage
try {
  await migrate({ url: database.url, log })
  const seeded = await seed(database.url)
  server = await startServer({ env: { DATABASE_URL: database.url, KEYS_DIR: keysDir } })
  storage = openDatabase({ url: database.url, poolSize: 2, statementTimeoutMs: 60_000, onError: () => {} })
  const { maintenance } = createStores(storage, { log })
  const target = {
    ...seeded,
    origin: server.origin,
    paths: { authorize: '/oauth2/authorize', token: '/oauth2/token' },
    forms: { 'login-form': {}, 'consent-form': { decision: 'allow' } },
  }
  const pids = { server: server.pid, postgres: database.pid }

  say('one family after so many refreshes: rows and bytes, of which the ledger')
  const step = (await scenarios.refresh(target, 1))((await import('./agent.mjs')).createAgent(server.origin), 0)
  let done = 0
  for (const wanted of values.refreshes.split(',').map(Number)) {
    for (; done < wanted; done++) await step()
    const { rows } = await database.query(
      `SELECT (SELECT count(*) FROM token_families) AS families, (SELECT sum(pg_column_size(f.*)) FROM token_families f) AS bytes,
         (SELECT count(*) FROM token_pairs) AS pairs, (SELECT sum(pg_column_size(p.*)) FROM token_pairs p) AS ledger`,
    )
    const { families, bytes, pairs, ledger } = rows[0]
    say(`${wanted}: ${families} row of ${bytes} bytes; ledger ${pairs} rows, ${ledger} bytes`)
  }
  const partition = await maintenance.partition(new Date(Date.now() + 440 * day))
  const { rows: left } = await database.query('SELECT count(*) AS pairs FROM token_pairs')
  say(`after the retention: ${left[0].pairs} rows of the ledger (${partition.dropped.length} partitions dropped)`)

  const dead = Number(values.dead)
  await database.query(
    `INSERT INTO interactions (id_hash, browser_hash, client_id, request, received_at, expires_at)
     SELECT sha256(('i' || n)::bytea), sha256('b'), 'bench-app', '{}', now() - interval '2 hours', now() - interval '1 hour'
     FROM generate_series(1, $1::int) n`,
    [Math.floor(dead / 2)],
  )
  await database.query(
    `INSERT INTO spent_jtis (hash, expires_at) SELECT sha256(('j' || n)::bytea), now() - interval '1 hour'
     FROM generate_series(1, $1::int) n`,
    [dead - Math.floor(dead / 2)],
  )
  await database.query('ANALYZE interactions')
  const load = async () => {
    const makeStep = await scenarios.refresh(target, 16)
    return run({ target, makeStep, concurrency: 16, warmup: 3, seconds: Number(values.seconds), pids })
  }
  const calm = await load()
  const began = performance.now()
  const [busy, swept] = await Promise.all([
    load(),
    maintenance.sweep(new Date()).then((rows) => ({ rows, seconds: (performance.now() - began) / 1000 })),
  ])
  const shown = ({ perSecond, p50, p99 }) =>
    `${perSecond.toFixed(0)} refreshes/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  say(`quiet:    ${shown(calm)}`)
  say(`sweeping: ${shown(busy)}; ${swept.rows} dead rows gone in ${swept.seconds.toFixed(1)} s`)
} finally {
  await storage?.close()
  await server?.stop()
  await database.stop()
  await rm(keysDir, { recursive: true, force: true })
}
