import t from 'tap'
import { administratorResource, administratorScope } from '../../../src/oauth/administrator-scope.ts'
import { notBeforeOf } from '../../../src/oauth/revocations/entry.ts'
import { aCaller, adminToken, anAdminClient, anAdministrator } from '../../support/administrator.ts'
import { alive, anEstate, type Estate, endsOf, type Kind, kinds, places } from '../../support/estate.ts'
import { aServer } from '../../support/server.ts'

const one = await aServer(t)
const two = await aServer(t, { beside: one })
const { revocations, events } = one.stores

const shapeOf = (kind: Kind, { person, app, sessionId, familyId }: Estate) => {
  if (kind === 'all') return { kind }
  if (kind === 'app') return { kind, user: person.id, client: app.client_id }
  return { kind, id: { family: familyId, session: sessionId, user: person.id, client: app.client_id }[kind] }
}
const program = async () => {
  const client = await anAdminClient(one)
  return { client, call: aCaller(two, await adminToken(one, client)) }
}

t.test('S22 each target ends what the preview said and nothing else, on both servers', async (t) => {
  for (const kind of kinds) {
    const estate = await anEstate(one)
    const { client, call } = await program()
    const target = shapeOf(kind, estate)
    const expected = endsOf[kind]
    const counts = { sessions: expected.sessions, families: expected.of.length, codes: expected.codes }
    const { seq } = await revocations.state()
    const newest = (await events.list({ limit: 1 }))[0]?.id

    const told = await call('/revocations', { target, preview: true })
    t.match(told, { status: 200, body: { target, preview: true } }, kind)
    if (kind !== 'all') t.match(told.body, counts, `${kind}: what it would end`)
    t.equal((await revocations.state()).seq, seq, 'a preview changes nothing')
    t.equal((await events.list({ limit: 1 }))[0]?.id, newest, 'and leaves no event')
    t.same(await alive([one, two], estate), [places, places])

    const { confirmation, ...ends } = told.body
    t.equal(confirmation !== null, ['user', 'client', 'all'].includes(kind), 'acts on many need a confirmation')
    const done = await call('/revocations', { target, preview: false, ...(confirmation !== null && { confirmation }) })
    t.same(
      done,
      { ...done, status: 200, body: { ...ends, preview: false, confirmation: null } },
      'what was said was done',
    )
    const left = places.filter((place) => !expected.of.includes(place))
    t.same(await alive([one, two], estate), [left, left], `${kind}: and nothing else`)

    const entries = await revocations.after(seq, one.clock.now())
    const stands = kind === 'app' ? 'family' : kind
    for (const entry of entries) t.equal(entry.kind, stands)
    t.equal(entries.length, kind === 'app' ? 2 : 1, 'its entry is in the feed')
    // And what the act itself took.
    const bound = notBeforeOf(one.clock.now())
    if (['user', 'client', 'all'].includes(kind)) t.ok(Number(entries[0]?.notBefore) >= bound.getTime())
    t.match(
      await events.list({ limit: 1 }),
      [
        {
          kind: 'revoked',
          ip: '127.0.0.1',
          detail: { target: kind, byClient: client.client_id, through: 'api', families: ends.families },
        },
      ],
      'O10 one event with actor, address and outcome',
    )
    one.clock.advance({ seconds: 3 })
  }
})

t.test('an act on many without the confirmation of its preview is refused, and nothing ends', async (t) => {
  const estate = await anEstate(one)
  const { call } = await program()
  const of = (kind: Kind) => shapeOf(kind, estate)
  const preview = async (kind: Kind, by = call) =>
    String((await by('/revocations', { target: of(kind), preview: true })).body.confirmation)
  const act = (kind: Kind, confirmation?: string) =>
    call('/revocations', { target: of(kind), preview: false, ...(confirmation !== undefined && { confirmation }) })
  const refused = { status: 409, body: { error: 'confirmation_required' } }

  for (const kind of ['user', 'client', 'all'] as const) t.match(await act(kind), refused, `${kind}: none`)
  const ofUser = await preview('user')
  t.match(await act('all', ofUser), refused, 'of another target')
  t.match(await act('client', ofUser), refused)
  t.match(await act('user', await preview('user', (await program()).call)), refused, 'of another caller')
  const altered = ofUser.replace(/^(\d+)\.(\d+)/, (_, expires, sessions) => `${expires}.${Number(sessions) + 9}`)
  t.match(await act('user', altered), refused, 'with other counts')
  t.match(await act('user', 'x'), { status: 400, body: { error: 'invalid_request' } })
  t.same(await alive([one, two], estate), [places, places])

  one.clock.advance({ seconds: 299 })
  t.match(await act('user', ofUser), { status: 200 }, 'it lives for five minutes')
  const late = await preview('client')
  one.clock.advance({ seconds: 300 })
  t.match(await act('client', late), refused, 'and no longer')
})

t.test('an act that would end many more than was said is refused; a few more are no surprise', async (t) => {
  const { call } = await program()
  const person = await one.aPerson('popular')
  const app = await one.anApp({ first_party: true })
  await one.logIn(person, app)
  const target = { kind: 'user', id: person.id }
  const { confirmation } = (await call('/revocations', { target, preview: true })).body
  for (let count = 0; count < 10; count++) await one.logIn(person, app)
  await one.logIn(person, app)
  t.match(await call('/revocations', { target, preview: false, confirmation }), {
    status: 409,
    body: { error: 'confirmation_required', error_description: /many more/ },
  })
  const again = (await call('/revocations', { target, preview: true })).body
  await one.logIn(person, app)
  t.match(await call('/revocations', { target, preview: false, confirmation: again.confirmation }), {
    status: 200,
    body: { sessions: 13, families: 13 },
  })
})

t.test('what does not exist is 404, previewed or ended; O7 what is not in the schema is 400', async (t) => {
  const { call } = await program()
  const id = '00000000-0000-4000-8000-000000000000'
  const nothing = [
    { kind: 'session', id },
    { kind: 'family', id },
    { kind: 'user', id },
    { kind: 'client', id: 'nobody' },
    { kind: 'app', user: id, client: 'nobody' },
  ]
  const { seq } = await revocations.state()
  for (const target of nothing)
    for (const preview of [true, false])
      t.match(
        await call('/revocations', { target, preview }),
        { status: 404, body: { error: 'not_found' } },
        target.kind,
      )

  const person = await one.aPerson('assigned')
  const target = { kind: 'user', id: person.id }
  const wrong: readonly unknown[] = [
    {},
    { target },
    { preview: false },
    { target, preview: 'no' },
    { target, preview: 'true' },
    { target, preview: 1 },
    { target, preview: true, reason: 'not_me' },
    { target: { ...target, sparedSessionId: id }, preview: true },
    { target: { kind: 'all', id }, preview: true },
    { target: { kind: 'session', id: "' OR 1=1" }, preview: true },
    { target: { kind: 'session', id: id.toUpperCase().replaceAll('0', 'A') }, preview: true },
    { target: { kind: 'client', id: 'a\u0000b' }, preview: true },
    { target: { kind: 'key', id: 'x' }, preview: true },
    { target: [target], preview: true },
    [],
    'null',
    '"all"',
    '{"target":{"kind":"all"},"preview":true,"__proto__":{"admin":true}}',
    '{"target":{"kind":"all"},"preview":true,"constructor":{"prototype":{"admin":true}}}',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    '{"target"',
  ]
  for (const body of wrong)
    t.match(
      await call('/revocations', body),
      { status: 400, body: { error: 'invalid_request' } },
      JSON.stringify(body).slice(0, 80),
    )
  t.equal((await revocations.state()).seq, seq)
})

t.test('a refusal names what is missing or wrong, and says what it is', async (t) => {
  const { call } = await program()
  const target = { kind: 'all' }
  const says = [
    [{ target }, 'The field preview is missing.'],
    [{}, 'The field target and the field preview are missing.'],
    [{ target, preview: 'no' }, 'The field preview must be boolean.'],
    [{ target, preview: true, why: 1 }, 'A field is not known here. Known are: target, preview, confirmation.'],
    [{ target: { kind: 'key' }, preview: true }, /^The field target does not have its form\. It is: `kind` session/],
    [{ target, preview: false, confirmation: 'x' }, /^The field confirmation does not .* what a preview of the same/],
    [[], 'The body is no JSON object; openapi.json describes it.'],
  ] as const
  for (const [body, error_description] of says)
    t.match(await call('/revocations', body), { status: 400, body: { error_description } }, JSON.stringify(body))
})

t.test('of an app that is not connected nobody is told that there is no such app', async (t) => {
  const { call } = await program()
  const [person, app] = [await one.aPerson('unconnected'), await one.anApp({})]
  for (const preview of [true, false])
    t.match(await call('/revocations', { target: { kind: 'app', user: person.id, client: app.client_id }, preview }), {
      status: 404,
      body: { error_description: 'This person is not connected with this app, or not any more.' },
    })
})

t.test('O8 a body that is not JSON is not read', async (t) => {
  const { call } = await program()
  const body = JSON.stringify({ target: { kind: 'all' }, preview: true })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])
    t.match(
      await call('/revocations', body, { 'content-type': type }),
      { status: 415, body: { error_description: /where JSON is asked for/ } },
      type,
    )
  t.match(await call('/revocations', `{"pad":"${'x'.repeat(70_000)}"}`), { status: 413 })
})

t.test(
  'RFC 9470 §3 a person acts on many only soon after a login; a program, a preview and one device are free',
  async (t) => {
    const resource = administratorResource(one.issuer)
    const console = await anAdminClient(one, {
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://console.example/cb'],
      scope: `openid ${administratorScope}`,
    })
    const root = await anAdministrator(one, 'root-late')
    const asked = { scope: `openid ${administratorScope}`, resource }
    const logged = await one.logIn(root, console, asked)
    const estate = await anEstate(one)
    const again = async () => {
      const { body } = await one.refresh(console, refreshToken)
      refreshToken = String(body.refresh_token)
      return aCaller(one, String(body.access_token))
    }
    let refreshToken = logged.refresh_token
    const preview = async (call: ReturnType<typeof aCaller>, kind: Kind) => {
      const { status, body } = await call('/revocations', { target: shapeOf(kind, estate), preview: true })
      t.equal(status, 200, `${kind}: a preview`)
      return body.confirmation
    }
    const act = (call: ReturnType<typeof aCaller>, kind: Kind, confirmation: unknown) =>
      call('/revocations', { target: shapeOf(kind, estate), preview: false, confirmation })

    one.clock.advance({ seconds: 601 })
    const late = await again()
    const { seq } = await revocations.state()
    for (const kind of ['user', 'client', 'all'] as const) {
      const { status, headers, body } = await act(late, kind, await preview(late, kind))
      t.match({ status, body }, { status: 401, body: { error: 'insufficient_user_authentication' } }, kind)
      t.match(headers.get('www-authenticate'), /^Bearer .*error="insufficient_user_authentication".*max_age="600"$/)
    }
    t.equal((await revocations.state()).seq, seq, 'nothing ended')
    const family = { kind: 'family', id: estate.familyId }
    t.match(await late('/revocations', { target: family, preview: false }), { status: 200 }, 'one device')

    const { access_token: fresh } = await one.logIn(root, console, asked)
    one.clock.advance({ seconds: 590 })
    const soon = aCaller(one, fresh)
    t.match(await act(soon, 'user', await preview(soon, 'user')), { status: 200 }, 'after a new login')
  },
)
