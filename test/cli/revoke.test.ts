import t from 'tap'
import { opened } from '../../src/cli/database.ts'
import { administratorScope } from '../../src/oauth/administrator-scope.ts'
import { alive, anEstate, type Estate, endsOf, type Kind, kinds, places } from '../support/estate.ts'
import { aBoughtFamily, aCode } from '../support/records.ts'
import { aServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { aConsole } from './console.ts'

const { run, json, stores } = await aConsole(t)
const unknown = '00000000-0000-4000-8000-000000000000'

const argumentsOf = (kind: Kind, { person, app, sessionId, familyId }: Estate): readonly string[] => {
  if (kind === 'all') return [kind]
  if (kind === 'app') return [kind, app.client_id, '--user', person.username]
  return [kind, { family: familyId, session: sessionId, user: person.username, client: app.client_id }[kind]]
}

t.test('S22 each target ends what was said and nothing else, on both of two servers that run', async (t) => {
  const one = await aServer(t)
  const two = await aServer(t, { beside: one })
  const there = { open: async () => opened(one.database, async () => {}), clock: one.clock }
  for (const kind of kinds) {
    const estate = await anEstate(one)
    const expected = endsOf[kind]
    const counts = { sessions: expected.sessions, families: expected.of.length, codes: expected.codes }
    const argv = ['revoke', ...argumentsOf(kind, estate)]
    const { seq } = await one.stores.revocations.state()
    const told = await json([...argv, '--dry-run'], there)
    t.match(told, { preview: true, target: { kind } })
    if (kind !== 'all') t.match(told, counts, `${kind}: what it would end`)
    t.equal((await one.stores.revocations.state()).seq, seq, 'nothing was changed')
    t.same(await json([...argv, '--yes'], there), { ...told, preview: false })
    const left = places.filter((place) => !expected.of.includes(place))
    // Servers hear of it from PostgreSQL: quickly, and not at once.
    await until(async () => (await alive([two], estate))[0]?.length === left.length, 'the news')
    t.same(await alive([one, two], estate), [left, left], `${kind}: and nothing else`)
    const entries = await one.stores.revocations.after(seq, one.clock.now())
    for (const entry of entries) t.equal(entry.kind, kind === 'app' ? 'family' : kind)
    t.equal(entries.length, kind === 'app' ? 2 : 1, 'its entry is in the feed')
    t.match(await one.stores.events.list({ limit: 1 }), [
      { kind: 'revoked', detail: { target: kind, by: null, through: 'command_line' } },
    ])
    one.clock.advance({ seconds: 3 })
  }
})

t.test('it asks at a terminal, refuses without one, and takes nothing but yes', async (t) => {
  const { login, family } = await aBoughtFamily(stores)
  await stores.codes.issue(aCode(login))
  const argv = ['revoke', 'session', login.sessionId]
  const isAlive = async () => (await stores.families.find(family.id))?.revokedAt === undefined

  const alone = await run(argv)
  t.match(alone, { exitCode: 1, stdout: '' })
  t.match(alone.stderr, /would end 1 session, 1 token family and 1 pending code of session .* no terminal .*--yes/)
  t.match(await json(argv), { error: 'confirmation_required' })
  const dry = await run([...argv, '--dry-run'])
  t.match(dry, { exitCode: 0, stdout: /would end 1 session, 1 token family and 1 pending code .*Nothing was changed/ })
  for (const typed of ['no\n', 'y\n', '\n', 'yes please\n', 'x'.repeat(2000)]) {
    const asked = await run(argv, { typed: [typed] })
    t.match(
      asked,
      { exitCode: 1, stderr: /This ends 1 session.*Type yes to go on: Nothing was changed/ },
      typed.slice(0, 9),
    )
  }
  t.ok(await isAlive())
  const done = await run(argv, { typed: ['yes\n'] })
  t.match(done, { exitCode: 0, stdout: /^Ended 1 session, 1 token family and 1 pending code of session/ })
  t.notOk(await isAlive())
  t.match(await run(argv), { exitCode: 1, stderr: /ended already/ })
})

t.test('the consent of an app ends with it, also where nobody is logged in any more', async (t) => {
  const server = await aServer(t)
  const there = { open: async () => opened(server.database, async () => {}), clock: server.clock }
  const [person, app] = [await server.aPerson('carol'), await server.anApp({ first_party: false })]
  const argv = ['revoke', 'app', app.client_id, '--user', 'carol']
  await server.logIn(person, app)
  t.match((await run([...argv, '--dry-run'], there)).stdout, /1 token family .* of carol in .*, with the consent\./)

  await run(['revoke', 'user', 'carol', '--yes'], there)
  t.equal((await server.stores.consents.list(person.id)).length, 1)
  const asked = await run(argv, there)
  t.match(asked, { exitCode: 1, stderr: /would end 0 sessions, 0 token families .*, with the consent\. Nothing was/ })
  t.match(await run([...argv, '--yes'], there), {
    exitCode: 0,
    stdout: /^Ended .* of carol in .*, with the consent\.$/m,
  })
  t.same(await server.stores.consents.list(person.id), [])
  t.match(await run([...argv, '--yes'], there), { exitCode: 1, stderr: /ended already/ })
})

t.test('a person or a client of whom nothing is counted: tokens that are written down nowhere end', async (t) => {
  const { login } = await aBoughtFamily(stores)
  await run(['revoke', 'client', login.clientId, '--yes'])
  t.match(await json(['revoke', 'client', login.clientId, '--yes']), { sessions: 0, families: 0, codes: 0 })
  t.ok((await stores.clients.find(login.clientId))?.notBefore)
})

t.test('a family by a jti; not found is 1, bad input 2', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  t.match(await json(['revoke', 'family', `${family.id.toUpperCase()}.3`, '--yes']), {
    target: { kind: 'family', id: family.id },
    families: 1,
  })
  const username = (await stores.users.find(login.userId))?.username ?? ''
  const cases = [
    [['session', unknown], 1],
    [['family', unknown], 1],
    [['user', 'nobody'], 1],
    [['client', 'nobody'], 1],
    [['app', 'nobody', '--user', username], 1],
    [['app', login.clientId, '--user', 'nobody'], 1],
    [['app', login.clientId], 2],
    [['session', "' OR 1=1"], 2],
    [['family', 'x'], 2],
    [['session'], 2],
    [['everything'], 2],
    [[], 2],
  ] as const
  const { seq } = await stores.revocations.state()
  for (const [argv, exitCode] of cases) {
    const ran = await run(['revoke', ...argv, '--yes'])
    t.match(ran, { exitCode, stdout: '' }, argv.join(' '))
    t.not(ran.stderr, '')
  }
  t.equal((await stores.revocations.state()).seq, seq)
})

t.test('O1 client create --admin-api gives the scope and the resource of the API', async (t) => {
  const made = await json(['client', 'create', '--name', 'Reports', '--admin-api'])
  t.match(made, { scope: administratorScope, resources: [/\/api\/v1$/], grant_types: ['client_credentials'] })
  t.type(made.client_secret, 'string')
  const wide = await json([
    'client',
    'create',
    '--name',
    'Console',
    '--admin-api',
    '--type',
    'web',
    '--scope',
    'openid',
    '--redirect-uri',
    'https://console.example/cb',
    '--resource',
    'https://api.example',
  ])
  t.match(wide, { scope: `openid ${administratorScope}`, resources: [/\/api\/v1$/, 'https://api.example'] })
  t.match(await json(['client', 'update', String(made.client_id), '--name', 'Other']), { scope: administratorScope })
  t.notMatch(
    await json(['client', 'create', '--name', 'Plain', '--type', 'machine', '--resource', 'https://a.example']),
    {
      scope: administratorScope,
    },
  )
})
