import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { later } from '../../src/clock.ts'
import { administratorLinkHash } from '../../src/identity/administrator.ts'
import { argumentsOf } from '../support/bundle.ts'
import { aDatabase } from '../support/database.ts'
import { start } from '../support/records.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores } = await aConsole(t)
const execute = promisify(execFile)

t.test('the process answers and ends by itself, its pool closed', async (t) => {
  const { url } = await aDatabase(t)
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  const tessera = (...argv: readonly string[]) =>
    execute(process.execPath, [...argumentsOf('src/cli/tessera.ts'), ...argv], { env, timeout: 120_000 })
  t.same(JSON.parse((await tessera('user', 'list', '--json')).stdout), { users: [] })
  await t.rejects(tessera('user', 'show', 'nobody'), { code: 1, stdout: '', stderr: /no user nobody/ })
})

t.test('help is 0 and loads no database; a wrong word is 2 and teaches', async (t) => {
  const open = async () => {
    throw new Error('help needs no database')
  }
  for (const argv of [['--help'], ['user', '--help'], ['client', 'create', '--help'], ['help', 'token']]) {
    const ran = await run(argv, { open })
    t.equal(ran.exitCode, 0, argv.join(' '))
    t.match(ran.stdout, /Usage: tessera/)
  }
  for (const argv of [
    [],
    ['usr'],
    ['user', 'lst'],
    ['user', 'list', '--jsn'],
    ['user', 'create'],
    ['user', 'list', 'extra'],
  ]) {
    const ran = await run(argv, { open })
    t.equal(ran.exitCode, 2, argv.join(' '))
    t.equal(ran.stdout, '')
    t.match(ran.stderr, /help/)
  }
  t.match((await run(['usr'])).stderr, /Did you mean user\?/)
})

t.test('admin link makes a link that is open for a day', async (t) => {
  const { link, expires_at } = await json(['admin', 'link'])
  const token = new URL(String(link)).searchParams.get('token') ?? undefined
  const hash = administratorLinkHash(token)
  t.ok(hash && (await stores.adminLinks.isOpen(hash, start)))
  t.notOk(hash && (await stores.adminLinks.isOpen(hash, later(start, 86_400))))
  t.equal(expires_at, later(start, 86_400).toISOString())
  t.match((await run(['admin', 'link'])).stdout, /^http:\/\/localhost:3000\/administrator\?token=tal_/)
})

t.test('an unforeseen error says where, and not what it held', async (t) => {
  const open = async () => {
    throw new Error('the secret is hunter2')
  }
  const ran = await run(['user', 'list'], { open })
  t.equal(ran.exitCode, 1)
  t.match(ran.stderr, /Unforeseen: Error[\s\S]* at /)
  t.notOk(holds(ran, 'hunter2'))
})
