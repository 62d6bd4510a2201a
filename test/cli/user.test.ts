import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createPasswords } from '../../src/identity/password.ts'
import { systemRandom } from '../../src/random.ts'
import { aBoughtFamily, start } from '../support/records.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores, keysDir, open } = await aConsole(t)
const passwords = createPasswords({ concurrency: 1, random: systemRandom })
const password = 'correct horse battery'

const usernameOf = async (userId: string) => (await stores.users.find(userId))?.username ?? ''

t.test(
  'user create takes the password from standard input, a file or a terminal, never from the arguments',
  async (t) => {
    const file = join(keysDir, 'password')
    await writeFile(file, `${password}\n`)
    const cases = [
      ['ada', ['--password-stdin'], { input: `${password}\n` }],
      ['bea', ['--password-file', file], {}],
      ['cia', [], { typed: [`${password}\r`, `${password}\r`] }],
      ['dea', [], { typed: [`corrx\u007fect horse battery\r`, `${password}\n`] }],
    ] as const
    for (const [name, options, sitting] of cases) {
      const ran = await run(['user', 'create', name, ...options], sitting)
      t.equal(ran.exitCode, 0, `${name}: ${ran.stderr}`)
      t.notOk(holds(ran, password), 'the password is not shown')
      const user = await stores.users.findByUsername(name)
      t.equal(await passwords.verify(user?.passwordHash, password), true, name)
      t.equal(open(), 0, 'the database is closed')
    }
  },
)

t.test('user create gives claims by their names (OIDC Core §5.1), and shows them', async (t) => {
  const memberships = ['--group', 'staff', 'ops', '--role', 'editor']
  const options = ['--password-stdin', '--email', 'eve@example.com', '--name', 'Eve', '--admin', ...memberships]
  const created = await json(['user', 'create', 'Eve', ...options], { input: password })
  const expected = { username: 'Eve', email: 'eve@example.com', email_verified: false, name: 'Eve', admin: true }
  t.match(created, { groups: ['staff', 'ops'], roles: ['editor'] })
  t.match(created, { ...expected, has_password: true, disabled_at: null, created_at: start.toISOString() })
  t.match(await json(['user', 'show', 'EVE']), { ...expected, sessions: 0, families: 0 })
  t.match(await json(['user', 'show', String(created.sub)]), expected, 'by the subject too')
  const { users } = await json(['user', 'list'])
  t.ok(Array.isArray(users) && users.some((user) => user.username === 'Eve'))
  const { stdout } = await run(['user', 'list'])
  t.match(stdout, /^USERNAME +SUBJECT +ADMIN +STATE +CREATED +EMAIL$/m)
  t.match(stdout, /^Eve +[0-9a-f-]{36} +yes +enabled +2026-11-21T12:00:00\.250Z +eve@example\.com$/m)
  t.notMatch(stdout, /argon2/)
})

t.test('user create refuses, and makes nobody', async (t) => {
  const cases = [
    ['somebody', ['--password-stdin'], { input: 'short' }, 1, /at least 8 characters/],
    ['somebody', ['--password-stdin'], { input: '' }, 1, /too short/],
    ['somebody', ['--password-stdin', '--password-file', '/x'], {}, 2, /keep one/],
    ['somebody', ['--password-file', '/does/not/exist'], {}, 1, /cannot be read \(ENOENT\)/],
    ['somebody', [], {}, 2, /no terminal/],
    ['somebody', [], { typed: [`${password}\r`, `${password}!\r`] }, 1, /differ/],
    ['somebody', [], { typed: ['corr\u0003'] }, 1, /Interrupted; nothing was changed/],
    ['somebody', ['--email', 'nowhere', '--password-stdin'], { input: password }, 2, /--email/],
    ['some\u202ebody', ['--password-stdin'], { input: password }, 2, /no username/],
    ['EVE', ['--password-stdin'], { input: password }, 1, /exists already/],
    ['somebody', ['--password', password], {}, 2, /unknown option/],
  ] as const
  for (const [name, options, sitting, exitCode, says] of cases) {
    const ran = await run(['user', 'create', name, ...options], sitting)
    t.equal(ran.exitCode, exitCode, String(says))
    t.match(ran.stderr, says)
    t.equal(ran.stdout, '')
    t.notOk(holds(ran, password))
  }
  t.equal(await stores.users.findByUsername('somebody'), undefined)
  t.equal(open(), 0)
})

t.test('user disable and a new password end everything and say how much; enable revives nothing', async (t) => {
  for (const [argv, sitting] of [
    [['user', 'disable'], {}],
    [['user', 'password', '--password-stdin'], { input: password }],
  ] as const) {
    const { login, family } = await aBoughtFamily(stores)
    const name = await usernameOf(login.userId)
    const { stdout, exitCode } = await run([...argv, name], sitting)
    t.equal(exitCode, 0)
    t.match(stdout, /Ended: 1 session, 1 token family\./)
    t.ok((await stores.families.find(family.id))?.revokedAt, argv.join(' '))
    t.match(await json(['user', 'show', name]), { sessions: 0, families: 0 })
  }
  const { login } = await aBoughtFamily(stores, { offline: true })
  const name = await usernameOf(login.userId)
  t.match(await json(['user', 'disable', name]), { username: name, ended: { sessions: 1, families: 1 } })
  const again = await run(['user', 'disable', name])
  t.equal(again.exitCode, 1)
  t.match(again.stderr, /disabled already/)
  t.match(await json(['user', 'enable', name]), { disabled_at: null })
  t.match(await json(['user', 'show', name]), { disabled_at: null, families: 0 })
  const { exitCode, stderr } = await run(['user', 'enable', name])
  t.equal(exitCode, 1)
  t.match(stderr, /is not disabled/)
})

t.test('nobody of that name is 1 with advice, and JSON where it was asked for', async (t) => {
  for (const argv of [['show'], ['disable'], ['enable'], ['password', '--password-stdin']]) {
    const ran = await run(['user', ...argv, 'nobody'], { input: password })
    t.equal(ran.exitCode, 1)
    t.match(ran.stderr, /There is no user nobody\. `tessera user list`/)
    t.match(await json(['user', ...argv, 'nobody'], { input: password }), { error: 'not_found' })
  }
  const { stderr } = await run(['user', 'show', 'a\u001b[31mb'])
  t.notOk(stderr.includes('\u001b'), 'a terminal obeys nothing that was typed')
})
