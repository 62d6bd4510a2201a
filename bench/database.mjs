import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbedded } from '../dist/storage/embedded.js'

/** A PostgreSQL of its own, with PostgreSQL's own settings: fsync is on, and a commit waits for the disk. */
export const startDatabase = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-bench-'))
  const embedded = await startEmbedded({ dataDir: directory, log: { info() {} } })
  const logFile = join(directory, 'postgres.log')
  const admin = new pg.Client({ connectionString: embedded.url, application_name: 'bench' })
  await admin.connect()
  const [pid = ''] = (await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')

  const set = async (...settings) => {
    for (const setting of settings) await admin.query(`ALTER SYSTEM ${setting}`)
    await admin.query('SELECT pg_reload_conf()')
    await sleep(300) // backends read it before their next statement
  }
  const walBytes = async () => {
    const { rows } = await admin.query(`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes`)
    return Number(rows[0].bytes)
  }
  /** What the connections of that name have executed since a position of the log. */
  const statementsSince = async (position, application) => {
    const file = await open(logFile)
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
      return buffer.toString().match(new RegExp(`^\\[${application}\\] LOG: {2}(execute|statement)`, 'gm'))?.length ?? 0
    } finally {
      await file.close()
    }
  }

  return {
    url: embedded.url,
    pid: Number(pid),
    query: (text, values) => admin.query(text, values),
    /** @returns the URL of another, empty database in the same PostgreSQL */
    async create(name) {
      await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
      const url = new URL(embedded.url)
      url.pathname = `/${name}`
      return url.href
    },
    /**
     * Statements and bytes of WAL that something costs. PostgreSQL itself logs each statement it executes, BEGIN and
     * COMMIT included, whoever sent it: commits would count a transaction as one, and a wrapper would miss what Prisma
     * sends. The heartbeat of the idle server is a statement each five seconds, less than what is rounded away.
     */
    async count(application, act) {
      await admin.query('CHECKPOINT')
      await set(`SET log_statement = 'all'`, `SET log_line_prefix = '[%a] '`)
      try {
        const position = (await stat(logFile)).size
        const before = await walBytes()
        await act()
        await sleep(200)
        return { statements: await statementsSince(position, application), bytes: (await walBytes()) - before }
      } finally {
        await set('RESET log_statement', 'RESET log_line_prefix')
      }
    },
    async stop() {
      await admin.end()
      await embedded.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
