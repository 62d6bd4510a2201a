import { type Database, type Statement, statement } from './database.ts'
import { partitionName, type Week, weekAfter, weekOf } from './ledger-week.ts'
import { translated } from './unavailable.ts'
import { crowdingClients, fewClients, unusedClients } from './unused-clients.ts'

const batch = 1000
const weeksAhead = 4
const day = 86_400_000
/** What has ended is kept so long, so that "why was I logged out?" has an answer. */
const afterwards = 30 * day
const retention = 400 * day

export type MaintenanceStore = {
  /** Deletes what is over, in small batches that wait for nobody. @returns how many rows */
  sweep(now: Date): Promise<number>
  /** Makes the ledger's weeks ahead of time and drops those past the retention. @returns the partitions' names */
  partition(now: Date): Promise<{ readonly made: readonly string[]; readonly dropped: readonly string[] }>
}

type Log = { warn(fields: object, message: string): void }

const expired = (table: string, column: string): Statement<Record<string, never>> =>
  statement(
    `sweep_${table}`,
    `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM ${table} WHERE ${column} < $1 LIMIT ${batch} FOR UPDATE SKIP LOCKED))`,
  )

type Sweep = { readonly what: Statement<Record<string, never>>; readonly age: number; readonly most?: number }

/** Families before sessions, so that none is left without the session that explains it. */
const sweeps: readonly Sweep[] = [
  { what: expired('interactions', 'expires_at'), age: 0 },
  // As long as a login that it began, and its account page, may still be completed: then it is spent.
  { what: expired('pushed_requests', 'expires_at'), age: day / 72 },
  // RFC 8628 §3.5: for a while a device that comes too late hears why.
  { what: expired('device_codes', 'expires_at'), age: day / 24 },
  { what: expired('authorization_codes', 'kept_until'), age: 0 },
  { what: expired('spent_jtis', 'expires_at'), age: 0 },
  { what: expired('revoked_tokens', 'expires_at'), age: 0 },
  { what: expired('revocations', 'expires_at'), age: 0 },
  { what: expired('login_attempts', 'expires_at'), age: 0 },
  { what: expired('admin_links', 'expires_at'), age: 0 },
  { what: expired('token_families', 'absolute_expires_at'), age: afterwards },
  { what: expired('sessions', 'absolute_expires_at'), age: afterwards },
  { what: expired('initial_access_tokens', 'expires_at'), age: 0 },
  { what: unusedClients, age: afterwards, most: fewClients },
  { what: crowdingClients, age: day, most: fewClients },
  { what: expired('logout_deliveries', 'created_at'), age: afterwards },
  { what: expired('notices', 'at'), age: retention },
  { what: expired('events', 'at'), age: retention },
  { what: expired('token_pairs_default', 'issued_at'), age: retention },
]

const patience = statement('ledger_patience', "SET LOCAL lock_timeout = '1s'")
const lock = statement('ledger_lock', 'SELECT FROM (SELECT pg_advisory_xact_lock(72707370)) AS locked')
/** Its text is never the same: a connection has no use for keeping it. */
const once = (text: string) => statement('', text, 'each time')

const partitions = statement<{ name: string }>(
  'ledger_partitions',
  `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = 'token_pairs'::regclass ORDER BY 1`,
)

export const createMaintenance = (database: Database, log: Log): MaintenanceStore => {
  /** One server at a time; whoever uses the ledger is not kept waiting for long, else it is left for the next time. */
  const alone = (...statements: readonly string[]) =>
    database.together(async (rows) => {
      for (const each of [patience, lock, ...statements.map(once)]) await rows(each, [])
    })
  const tried = async (act: () => Promise<void>, name: string): Promise<readonly string[]> => {
    try {
      await act()
      return [name]
    } catch (error) {
      // The default partition takes its rows, so nothing is lost: the next run tries again.
      log.warn({ err: translated(error), check: name }, 'a partition of the ledger is left as it is')
      return []
    }
  }
  // Attached, not created in place: that would lock the whole ledger.
  const make = ({ from, to }: Week, name: string) =>
    alone(
      `CREATE TABLE IF NOT EXISTS ${name} (LIKE token_pairs INCLUDING ALL)`,
      `DO $$ BEGIN
         IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = '${name}'::regclass) THEN
           ALTER TABLE token_pairs ATTACH PARTITION ${name} FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}');
         END IF;
       END $$`,
    )

  /** Where the next sweep begins: behind what made the last one fail, which must not keep the rest from being swept. */
  let first = 0

  return {
    sweep: async (now) => {
      let deleted = 0
      for (const { what, age, most = batch } of [...sweeps.slice(first), ...sweeps.slice(0, first)]) {
        first = (first + 1) % sweeps.length
        const before = new Date(now.getTime() - age)
        let count: number
        do {
          count = await database.count(what, [before])
          deleted += count
        } while (count === most)
      }
      first = 0
      return deleted
    },
    partition: async (now) => {
      const there = new Set((await database.rows(partitions, [])).map(({ name }) => name))
      const made: string[] = []
      let week = weekOf(now)
      for (let ahead = 0; ahead <= weeksAhead; ahead++, week = weekAfter(week)) {
        const name = partitionName(week)
        const wanted = week
        if (!there.has(name)) made.push(...(await tried(() => make(wanted, name), name)))
      }
      const oldest = partitionName(weekOf(new Date(now.getTime() - retention)))
      const dropped: string[] = []
      for (const name of there)
        if (/^token_pairs_\d{8}$/.test(name) && name < oldest)
          dropped.push(...(await tried(() => alone(`DROP TABLE IF EXISTS ${name}`), name)))
      return { made, dropped }
    },
  }
}
