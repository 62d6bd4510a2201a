import t from 'tap'
import { later } from '../../src/clock.ts'
import type { Target } from '../../src/identity/ending.ts'
import { notBeforeOf } from '../../src/oauth/revocations/entry.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aCode, aFamily, aHash, aLogin, aSession, nowhere, start } from '../support/records.ts'
import { aWaiter } from '../support/waiter.ts'

const { database, url } = await aDatabase(t)
const stores = createStores(database, { log: { warn: () => {} } })
const { endings, families, revocations, codes, sessions, users, clients } = stores
const nobody = { userId: undefined, ip: undefined, userAgent: undefined }

/** The same person in the same client, on another device. */
const onAnotherDevice = async ({ userId, clientId }: Awaited<ReturnType<typeof aLogin>>) => {
  const [session, cookie] = [aSession(userId), aHash()]
  await sessions.create(session, cookie, [])
  return { userId, clientId, sessionId: session.id, cookie }
}

/** A login with a family and a code that waits. */
const anEstate = async (given: Parameters<typeof aFamily>[1] = {}, login?: Awaited<ReturnType<typeof aLogin>>) => {
  const who = login ?? (await aLogin(stores))
  const [spent, pending] = [aCode(who), aCode(who)]
  await codes.issue(spent)
  await codes.issue(pending)
  const family = aFamily(who, given)
  t.ok(await codes.spend(spent.hash, family, start, nowhere))
  return { login: who, family: family.id, pending }
}
const since = async (seq: number) =>
  (await revocations.after(seq, start)).map(({ kind, subject, notBefore }) => [kind, subject, notBefore])

/** What an act takes in seconds is added to its bound. */
const isBound = (actual: unknown, at: Date) =>
  actual instanceof Date && actual >= notBeforeOf(at) && actual <= later(notBeforeOf(at), 60)

t.test('each act marks what it ends and writes its one entry in the same transaction', async (t) => {
  const cases: readonly ((
    login: Awaited<ReturnType<typeof aLogin>>,
    family: string,
  ) => readonly [Target, string, string])[] = [
    (_, family) => [{ of: 'family', id: family }, 'family', family],
    (l) => [{ of: 'session', id: l.sessionId }, 'session', l.sessionId],
    (l) => [{ of: 'user', id: l.userId }, 'user', l.userId],
    (l, family) => [{ of: 'app', userId: l.userId, clientId: l.clientId }, 'family', family],
    (l) => [{ of: 'client', id: l.clientId }, 'client', l.clientId],
    () => [{ of: 'all' }, 'all', ''],
  ]
  for (const of of cases) {
    // What goes on without its session ends too: a device that is signed out keeps nothing.
    const { login, family, pending } = await anEstate({ offline: true })
    const bystander = await anEstate()
    const [target, kind, subject] = of(login, family)
    const before = await revocations.state()
    const preview = await endings.preview(target, start)
    const ended = await endings.end(target, 'revoked_by_admin', nobody, start)
    t.same(ended, preview, `${target.of}: what was said is what was done`)
    t.match((await families.find(family))?.revokeReason, 'revoked_by_admin')
    const [entry, ...others] = await since(before.seq)
    t.same([entry?.slice(0, 2), others], [[kind, subject], []])
    if (kind === 'family' || kind === 'session') t.equal(entry?.[2], undefined)
    else t.ok(isBound(entry?.[2], start))
    t.equal((await revocations.state()).seq, before.seq + 1, 'numbers have no gaps')
    const spent = await codes.spend(pending.hash, aFamily(login), start, nowhere)
    t.equal(spent === undefined, target.of !== 'family', 'a code that waits buys nothing any more')
    const isSpared = (await families.find(bystander.family))?.revokedAt === undefined
    t.equal(isSpared, target.of !== 'all', 'one family’s death touches no other')
    const again = await endings.end(target, 'revoked_by_admin', nobody, start)
    t.same(again, target.of === 'app' ? undefined : { sessions: 0, families: 0, codes: 0 })
  }
})

t.test('what had run out is ended and told with the rest, but is not said to have lived', async (t) => {
  for (const of of ['session', 'user', 'client', 'app'] as const) {
    const { login, family } = await anEstate({ idleExpiresAt: later(start, 100) })
    const id = { session: login.sessionId, user: login.userId, client: login.clientId, app: '' }[of]
    const target: Target = of === 'app' ? { of, userId: login.userId, clientId: login.clientId } : { of, id }
    const after = later(start, 200)
    const living = { sessions: of === 'session' || of === 'user' ? 1 : 0, families: 0, codes: 0 }
    t.same(await endings.preview(target, after), living, of)
    const { seq } = await revocations.state()
    t.same(await endings.end(target, 'revoked_by_admin', nobody, after), living, of)
    t.ok((await families.find(family))?.revokedAt, 'another server’s clock may be behind')
    t.equal((await revocations.state()).seq, seq + 1, 'an access token of it may be good still')
  }
})

t.test('O10 whatever ends logins leaves one event: who did it, why, and how much that was', async (t) => {
  const { login, family } = await anEstate()
  const { userId, clientId } = login
  const client = await clients.find(clientId)
  if (!client) throw new Error('there is no client')
  const { client_id: _, secrets: __, disabledAt: ___, notBefore: ____, createdAt: _____, ...metadata } = client
  const person = { userId, ip: '192.0.2.7', userAgent: 'a browser', through: 'pages' } as const
  const cases = [
    ['password_changed', 'command_line', () => users.setPassword(userId, 'new', start)],
    ['password_changed', 'pages', () => users.setPassword(userId, 'newer', start, { by: person })],
    ['user_disabled', 'command_line', () => users.disable(userId, start)],
    [
      'client_changed',
      'command_line',
      () => clients.update(clientId, { ...metadata, subject_type: 'pairwise' }, start),
    ],
    ['client_disabled', 'command_line', () => clients.disable(clientId, start)],
    ['client_disabled', 'command_line', () => clients.delete(clientId, start)],
  ] as const
  const acts = async () =>
    (await stores.events.list({ limit: 100 })).filter(
      (event) => event.kind === 'revoked' && (event.userId === userId || event.clientId === clientId),
    )
  for (const [index, [reason, through, act]] of cases.entries()) {
    await act()
    const [event, ...before] = await acts()
    t.equal(before.length, index, `${index}: one more`)
    const ended = index === 0 ? { sessions: 1, families: 1, codes: 1 } : { sessions: 0, families: 0, codes: 0 }
    t.match(event?.detail, { reason, through, by: through === 'pages' ? userId : null, ...ended }, reason)
    if (through === 'pages') t.match(event, { ip: '192.0.2.7', userAgent: 'a browser' })
  }
  const told = (await acts()).length
  await endings.end({ of: 'family', id: family }, 'revoked_by_admin', nobody, start)
  t.equal((await acts()).length, told, 'a family that has ended is not ended again')
})

t.test('“my other devices” spares one session, its families and its codes', async (t) => {
  const { login, family, pending } = await anEstate()
  const other = await onAnotherDevice(login)
  const theirs = await anEstate({ offline: true }, other)
  const { seq } = await revocations.state()
  const target = { of: 'user', id: login.userId, sparedSessionId: login.sessionId } as const
  await endings.end(target, 'revoked_by_user', nobody, start)
  t.match(await revocations.after(seq, start), [{ kind: 'user', sparedSessionId: login.sessionId }])
  t.equal((await families.find(family))?.revokedAt, undefined)
  t.ok((await families.find(theirs.family))?.revokedAt)
  t.ok(await sessions.find(login.cookie, start))
  t.equal(await sessions.find(other.cookie, start), undefined)
  t.ok(await codes.spend(pending.hash, aFamily(login), start, nowhere))
})

t.test('a logout names the session, or, where something goes on without it, each family that ended', async (t) => {
  const plain = await anEstate()
  const { seq } = await revocations.state()
  await sessions.end(plain.login.sessionId, 'logged_out', start)
  t.same(await since(seq), [['session', plain.login.sessionId, undefined]])

  const mixed = await anEstate()
  const offline = await anEstate({ offline: true }, mixed.login)
  await sessions.end(mixed.login.sessionId, 'logged_out', start)
  t.same(await since(seq + 1), [['family', mixed.family, undefined]])
  t.equal((await families.find(offline.family))?.revokedAt, undefined)
})

t.test('a session that has ended spares nothing', async (t) => {
  const { login } = await anEstate()
  await sessions.end(login.sessionId, 'logged_out', start)
  const { seq } = await revocations.state()
  const target = { of: 'user', id: login.userId, sparedSessionId: login.sessionId } as const
  t.equal(await endings.end(target, 'revoked_by_user', nobody, start), undefined)
  t.equal((await revocations.state()).seq, seq)
})

t.test('a logout ends what its client may no longer keep alive', async (t) => {
  const { login, family } = await anEstate({ offline: true })
  const client = await clients.find(login.clientId)
  if (!client) throw new Error('there is no client')
  const { client_id: _, secrets: __, disabledAt: ___, notBefore: ____, createdAt: _____, ...metadata } = client
  await clients.update(login.clientId, { ...metadata, scope: 'openid read' }, start)
  await sessions.end(login.sessionId, 'logged_out', start)
  await clients.update(login.clientId, metadata, start)
  t.match((await families.find(family))?.revokeReason, 'logged_out', 'nothing revives when the scope comes back')
})

t.test('what is issued after an act is stamped no earlier than verifiers accept', async (t) => {
  const { login } = await anEstate()
  await users.setPassword(login.userId, 'new', start)
  const again = await onAnotherDevice(login)
  const code = aCode(again)
  await codes.issue(code)
  t.ok(isBound((await codes.spend(code.hash, aFamily(again), start, nowhere))?.issuedAt, start))
})

t.test('no session, family or client of that name: nothing is written', async (t) => {
  const { seq } = await revocations.state()
  const id = '0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000009'
  for (const target of [
    { of: 'family', id },
    { of: 'session', id },
    { of: 'user', id },
    { of: 'client', id },
  ] as const)
    t.equal(await endings.end(target, 'revoked_by_admin', nobody, start), undefined)
  t.equal((await revocations.state()).seq, seq)
})

t.test('an entry is dropped when the last token concerned is dead, and nothing revives', async (t) => {
  const { family } = await anEstate()
  const { seq } = await revocations.state()
  await endings.end({ of: 'family', id: family }, 'revoked_by_admin', nobody, start)
  const later1 = later(start, 600 + 61)
  t.same(await revocations.after(seq, later1), [])
  await stores.maintenance.sweep(later1)
  t.same(await revocations.after(0, start).then((all) => all.filter(({ kind }) => kind === 'family')), [])
  t.ok((await families.find(family))?.revokedAt)
})

t.test('fifty acts at once have fifty numbers, none twice', async (t) => {
  const estates = await Promise.all(Array.from({ length: 50 }, () => anEstate()))
  const { seq } = await revocations.state()
  await Promise.all(estates.map(({ family }) => families.revoke(family, 'replayed', start, nowhere)))
  t.same(
    (await revocations.after(seq, start)).map((entry) => entry.seq),
    estates.map((_, index) => seq + 1 + index),
  )
})

t.test('a client that is disabled and enabled again goes on with what is issued from then on', async (t) => {
  const { login } = await anEstate()
  await clients.disable(login.clientId, start)
  await clients.enable(login.clientId, later(start, 1))
  t.ok(isBound((await clients.find(login.clientId))?.notBefore, later(start, 1)))
})

t.test('acts on one client at the same time wait for one another, in whichever order they come', async (t) => {
  for (let round = 0; round < 20; round++) {
    const { login } = await anEstate()
    const acts = [
      () => endings.end({ of: 'client', id: login.clientId }, 'revoked_by_admin', nobody, start),
      () => clients.disable(login.clientId, start),
      () => endings.end({ of: 'all' }, 'revoked_by_admin', nobody, start),
    ]
    const done = await Promise.allSettled((round % 2 === 0 ? acts : acts.toReversed()).map((act) => act()))
    t.same(
      done.filter(({ status }) => status === 'rejected'),
      [],
      `round ${round}`,
    )
  }
})

t.test('an act that PostgreSQL ended as a deadlock begins once more', async (t) => {
  const { login, family } = await anEstate()
  // It looks for a deadlock when the other waits already, and the other never.
  const own = openDatabase({
    url: `${url}?options=-c%20deadlock_timeout%3D3s`,
    poolSize: 1,
    statementTimeoutMs: 30_000,
    onError: () => {},
  })
  t.teardown(() => own.close())
  const ended = await withClient(url, async (other) => {
    await other.query("SET deadlock_timeout = '1min'")
    await other.query('BEGIN')
    await other.query('SELECT FROM authorization_codes WHERE client_id = $1 FOR UPDATE', [login.clientId])
    const acts = createStores(own, { log: { warn: () => {} } }).endings
    const ending = acts.end({ of: 'client', id: login.clientId }, 'revoked_by_admin', nobody, start)
    // It holds the client and waits for the code: now each waits for the other, and it finds out first.
    await aWaiter(url)
    await other.query('SELECT FROM clients WHERE id = $1 FOR UPDATE', [login.clientId])
    await other.query('COMMIT')
    return ending
  })
  t.match(ended, { families: 1, codes: 1 })
  t.ok((await families.find(family))?.revokedAt)
  t.equal(await database.prisma((p) => p.event.count({ where: { clientId: login.clientId, kind: 'revoked' } })), 1)
})
