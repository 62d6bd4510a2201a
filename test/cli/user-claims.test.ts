import t from 'tap'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { createSubjectOf } from '../../src/oauth/subject.ts'
import { systemRandom } from '../../src/random.ts'
import { aBoughtFamily, start } from '../support/records.ts'
import { aConsole } from './console.ts'

const { run, json, stores, keysDir } = await aConsole(t)
const { login, family } = await aBoughtFamily(stores)
const username = (await stores.users.find(login.userId))?.username ?? ''
const change = (...options: readonly string[]) => ['user', 'claims', username, ...options]
const claimsOf = async () => (await stores.users.find(login.userId))?.claims

t.test('OIDC Core §5.1 claims are changed by their names, and nothing ends', async (t) => {
  const many = ['--name', 'Eve', '--email', 'eve@example.com', '--email-verified', '--group', 'staff', 'ops']
  t.match(await json(change(...many)), { name: 'Eve', email_verified: true, groups: ['staff', 'ops'] })
  const set = ['phone_number=123', 'level=3', 'address={"country":"KR"}', 'department=Sales', 'roles=["a"]']
  await run(change('--set', ...set, '--remove', 'groups', 'never_there', 'list'))
  t.same(await claimsOf(), {
    name: 'Eve',
    email: 'eve@example.com',
    email_verified: true,
    phone_number: '123',
    level: 3,
    address: { country: 'KR' },
    department: 'Sales',
    roles: ['a'],
  })
  t.match(await json(change('--email', 'new@example.com')), { email_verified: false }, 'a new address is not proven')
  t.equal((await stores.families.find(family.id))?.revokedAt, undefined)
  t.match((await run(change('--role', 'x'))).stdout, /Nothing was ended/)
})

t.test('each change is an event that names the claims and not what they say', async (t) => {
  await run(change('--set', 'nickname=Secret', '--remove', 'level'))
  const [event] = await stores.events.list({ userId: login.userId, limit: 1 })
  t.match(event, {
    kind: 'claims_changed',
    at: start,
    detail: { set: ['nickname'], removed: ['level'], through: 'command_line' },
  })
  t.notMatch(JSON.stringify(event?.detail), 'Secret')
})

t.test('what is no claim of a person is refused, and changes nothing', async (t) => {
  const before = await claimsOf()
  const cases = [
    [[], /Nothing to change/],
    [['--set', 'sub=x'], /sub is the protocol's/],
    [['--remove', 'iss'], /iss is the protocol's/],
    [['--set', 'nothing'], /CLAIM=VALUE/],
    [['--set', 'email_verified=yes'], /email_verified is true or false/],
    [['--set', 'groups=staff'], /groups is a JSON list/],
    [['--set', 'address=Seoul'], /address is a JSON object/],
    [['--set', 'has space=1'], /is no name of a claim/],
    [['--set', 'a=1', '--remove', 'a'], /set and removed at once/],
    [['--email', 'nobody'], /takes one address/],
  ] as const
  for (const [options, says] of cases) {
    const ran = await run(change(...options))
    t.equal(ran.exitCode, 2, String(says))
    t.match(ran.stderr, says)
  }
  t.equal((await run(['user', 'claims', 'nobody', '--name', 'N'])).exitCode, 1)
  t.same(await claimsOf(), before)
})

t.test('OIDC Core §8.1 user show finds a person by the sub that a client was told', async (t) => {
  const made = ['client', 'create', '--name', 'P', '--type', 'web', '--redirect-uri', 'https://p.example/cb']
  const { client_id } = await json([...made, '--set', 'subject_type=pairwise'])
  const client = await stores.clients.find(String(client_id))
  if (!client) throw new Error('there is no client')
  const by = ['--client', String(client_id)]
  t.match((await run(['user', 'show', login.userId, ...by])).stderr, /no subject\.key in /, 'and none is made')
  const secret = await createKeyDirectory({ path: keysDir, random: systemRandom }).subjectSecret()
  const sub = createSubjectOf(secret)(client, login.userId)
  t.match(await json(['user', 'show', sub, ...by]), { sub: login.userId, username })
  t.equal((await run(['user', 'show', sub])).exitCode, 1, 'to nobody else is it a name')
  t.match((await run(['user', 'show', login.userId, ...by])).stderr, /knows nobody as/)
  t.equal((await run(['user', 'show', sub, '--client', 'none'])).exitCode, 1)
})
