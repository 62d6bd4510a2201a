import t from 'tap'
import { aCaller, adminToken, anAdminClient } from '../../support/administrator.ts'
import { alive, anEstate, places } from '../../support/estate.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t)
const call = aCaller(server, await adminToken(server, await anAdminClient(server)))
const estate = await anEstate(server)
const { person, other, app, second, sessionId, familyId } = estate

type Item = Record<string, unknown>
const items = async (path: string, of: string): Promise<readonly Item[]> => {
  const { status, body } = await call(path)
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
  return body[of] as readonly Item[]
}
const idsOf = async (path: string, of: string, name: string) => (await items(path, of)).map((item) => item[name])

t.test('sessions and families, by person, client and session', async (t) => {
  t.match(await items(`/sessions?session=${sessionId}`, 'sessions'), [
    { sid: sessionId, sub: person.id, username: person.username, ip: '127.0.0.1', acr: '1', amr: ['pwd'] },
  ])
  t.equal((await items('/sessions', 'sessions')).length, 3)
  t.equal((await items(`/sessions?user=${person.id}`, 'sessions')).length, 2)
  t.same(await idsOf(`/sessions?client=${second.client_id}`, 'sessions', 'sid'), [sessionId])
  t.equal((await items('/families', 'families')).length, places.length)
  t.equal((await items(`/families?user=${person.id}&client=${app.client_id}`, 'families')).length, 2)
  t.equal((await items(`/families?session=${sessionId}`, 'families')).length, 2)
  t.match(await items(`/families?user=${other.id}`, 'families'), [
    {
      client_id: app.client_id,
      client_name: 'App 1',
      username: other.username,
      revoked_at: null,
      offline_access: true,
    },
  ])
  t.same(await items(`/families?user=${familyId}`, 'families'), [], 'nobody of that id')
})

t.test('one family with its ledger and its events, also when it has ended', async (t) => {
  const found = await call(`/families/${familyId}`)
  t.match(found.body, {
    family: { family_id: familyId, username: person.username, client_name: 'App 1' },
    pairs: [{ generation: 1, jti: `${familyId}.1`, verdict: 'issued' }],
  })
  await server.stores.families.revoke(familyId, 'replayed', server.clock.now(), {
    ip: '192.0.2.9',
    userAgent: undefined,
  })
  t.match((await call(`/families/${familyId}`)).body, {
    family: { revoke_reason: 'replayed' },
    events: [{ kind: 'family_revoked', ip: '192.0.2.9' }],
  })
  t.equal((await items('/families', 'families')).length, places.length - 1, 'the list has those that are alive')
  t.match(await call('/families/00000000-0000-4000-8000-000000000000'), { status: 404, body: { error: 'not_found' } })
  for (const id of ['x', `${familyId}.0`, '%00', '..%2fusers', familyId.replace(/.$/, 'F')])
    t.match(await call(`/families/${id}`), { status: 400, body: { error: 'invalid_request' } }, id)
})

t.test('people by a part of any of their names; never a hash', async (t) => {
  await server.aPerson('Zoë.Marsh', { name: 'Zoë Marsh', email: 'zoe@example.com', password_hash: 'x' })
  const [someone] = await items('/users?name=OWNER', 'users')
  t.match(someone, { username: person.username, sub: person.id, admin: false, disabled_at: null })
  for (const name of ['zo%C3%AB', 'ZOE%40example', 'marsh', '%EF%BD%8Darsh'])
    t.same(await idsOf(`/users?name=${name}`, 'users', 'username'), ['Zoë.Marsh'], name)
  t.same(await idsOf(`/users?name=${person.id}`, 'users', 'sub'), [person.id])
  t.same(
    Object.keys(someone ?? {}).sort(),
    ['admin', 'created_at', 'disabled_at', 'email', 'name', 'sub', 'username'].sort(),
  )
  t.match(await items('/clients?name=second', 'clients'), [{ client_id: second.client_id, client_name: 'Second 1' }])
  t.notMatch(JSON.stringify((await call('/clients')).body), /secret":|hash/)
})

t.test('O9 what is searched for is text: no wildcard, no SQL, no pattern', async (t) => {
  await server.aPerson('100%_sure\\')
  t.same(await idsOf('/users?name=%25_', 'users', 'username'), ['100%_sure\\'])
  t.same(await idsOf('/users?name=sure%5C', 'users', 'username'), ['100%_sure\\'])
  for (const name of ["' OR 1=1--", '(a+)+$', '.*', '*', '__', '%%', '"; DROP TABLE users', 'a'.repeat(200)])
    for (const list of ['users', 'clients'])
      t.same(await items(`/${list}?name=${encodeURIComponent(name)}`, list), [], name.slice(0, 30))
  t.same(await alive([server], estate), [places.filter((place) => place !== 'phone, app')], 'and nothing happened')
})

t.test('O9 pages are bounded, and what is asked in another way is refused', async (t) => {
  const wrong = [
    '/users?limit=0',
    '/users?limit=201',
    '/users?limit=1000000',
    '/users?limit=-1',
    '/users?limit=1.5',
    '/users?limit=1e1',
    '/users?limit=%201',
    '/users?limit=0x1',
    '/users?limit=x',
    '/users?limit=1&limit=2',
    '/users?sort=password_hash',
    '/users?name=%00',
    '/users?name=%0a',
    `/users?name=${'a'.repeat(201)}`,
    '/users?after=%1b',
    '/users?__proto__=x',
    '/sessions?user=1',
    "/sessions?user=' OR 1=1",
    '/sessions?after=1',
    `/sessions?after=999999999999999.${sessionId}`,
    '/families?client=%C3%A9',
    `/families?client=${'a'.repeat(129)}`,
    '/families?session[]=x',
    '/events?after=99999999999999999999',
    '/events?after=-1',
    `/families/${familyId}?user=${person.id}`,
  ]
  for (const path of wrong) t.match(await call(path), { status: 400, body: { error: 'invalid_request' } }, path)
  t.equal((await call('/users?name=')).status, 200, 'R8 empty is absent')
})

t.test('a refusal says what form a parameter has, in words and not as an expression', async (t) => {
  const says = [
    ['/sessions?foo=1', 'A parameter is not known here. Known are: user, client, session, after, limit.'],
    ['/sessions?after=xyz', 'The parameter after does not have its form. It is: `next` of an earlier answer.'],
    ['/sessions?user=1', 'The parameter user does not have its form. It is: of one person, by `sub`.'],
    ['/events?after=-1', 'The parameter after does not have its form. It is: `next` of an earlier answer.'],
    ['/users?limit=0', 'The parameter limit must be >= 1.'],
    ['/users?limit=x', 'The parameter limit must be integer.'],
  ] as const
  for (const [path, error_description] of says) t.match((await call(path)).body, { error_description }, path)
})

t.test('a list is walked to its end, each item once, while others are added', async (t) => {
  const walks = [
    ['/sessions', 'sessions', 'sid'],
    ['/families', 'families', 'family_id'],
    ['/users', 'users', 'sub'],
    ['/clients', 'clients', 'client_id'],
    ['/events', 'events', 'id'],
  ] as const
  for (const [path, of, name] of walks) {
    const whole = await idsOf(path, of, name)
    const seen: unknown[] = []
    let after: string | undefined
    do {
      const query = after === undefined ? '' : `&after=${encodeURIComponent(after)}`
      const { body } = await call(`${path}?limit=1${query}`)
      const page = body[of] as readonly Item[]
      t.equal(page.length, 1)
      seen.push(...page.map((item) => item[name]))
      after = body.next === null ? undefined : String(body.next)
      if (seen.length === 1) {
        server.clock.advance({ seconds: 1 })
        await server.logIn(other, app)
      }
    } while (after !== undefined)
    t.same(seen, whole, path)
  }
})
