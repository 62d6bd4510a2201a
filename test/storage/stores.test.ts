import { randomUUID } from 'node:crypto'
import t from 'tap'
import { later } from '../../src/clock.ts'
import { Unavailable } from '../../src/oauth/errors.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aCode, aFamily, aHash, aLogin, anAdvance, aUser, nowhere, someMetadata, start } from '../support/records.ts'
import { until } from '../support/until.ts'

const log = { warn: () => {} }
const { database, url } = await aDatabase(t)
const stores = createStores(database, { log })

t.test('a jti is first once, however many ask, and again when it expired (T4)', async (t) => {
  const hash = aHash()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => stores.replays.first(hash, later(start, 60), start)),
  )
  t.equal(answers.filter(Boolean).length, 1)
  t.equal(await stores.replays.first(hash, later(start, 60), later(start, 59)), false)
  t.equal(await stores.replays.first(hash, later(start, 120), later(start, 60)), true)
})

t.test('an interaction is completed once, with its code and its consent', async (t) => {
  const login = await aLogin(stores)
  const request = {
    clientId: login.clientId,
    redirectUri: 'https://app.example/cb',
    responseMode: 'query',
    state: undefined,
    scope: ['openid'],
    resources: [],
    nonce: 'n',
    codeChallenge: undefined,
    prompt: [],
    maxAge: 0,
    loginHint: undefined,
    hintedSubject: undefined,
    acrValues: [],
    uiLocales: [],
    claims: {},
    dpopJkt: undefined,
    pushedHash: undefined,
  } as const // prettier-ignore
  const interaction = {
    idHash: aHash(),
    browserHash: aHash(),
    clientId: login.clientId,
    request,
    receivedAt: start,
    expiresAt: later(start, 600),
    completedAt: undefined,
  } // prettier-ignore
  await stores.interactions.create(interaction)
  const before = await stores.interactions.find(interaction.idHash, login.cookie, start)
  t.same(before?.interaction, interaction)
  t.match(before, { person: { userId: login.userId, sessionId: login.sessionId }, consent: undefined })
  t.match(await stores.interactions.find(interaction.idHash, aHash(), start), { person: undefined })
  t.equal(await stores.interactions.find(interaction.idHash, login.cookie, interaction.expiresAt), undefined)

  const consent = { scope: ['openid'], resources: [], grantedAt: start }
  const codes = Array.from({ length: 10 }, () => aCode(login))
  const completed = await Promise.all(
    codes.map((code) => stores.interactions.complete(interaction.idHash, code, consent, start)),
  )
  t.equal(completed.filter(Boolean).length, 1)
  const stored = await Promise.all(codes.map(({ hash }) => stores.codes.find(hash)))
  t.same(stored.map(Boolean), completed)
  t.match(await stores.interactions.person(login.cookie, login.clientId, start), {
    person: { sessionId: login.sessionId },
    consent,
  })
  t.match(await stores.interactions.find(interaction.idHash, login.cookie, start), {
    interaction: { completedAt: start },
  })

  const app = { of: 'app', userId: login.userId, clientId: login.clientId } as const
  const person = { userId: login.userId, ip: undefined, userAgent: undefined }
  t.match(await stores.endings.end(app, 'revoked_by_user', person, start), { codes: 1 })
  const code = codes[completed.indexOf(true)] ?? aCode(login)
  t.equal(await stores.codes.spend(code.hash, aFamily(login), start, nowhere), undefined)
  t.match(await stores.interactions.person(login.cookie, login.clientId, start), { consent: undefined })
})

t.test(
  'a session lives until it is idle, expired or ended, and a new authority has a new cookie (S1, S22)',
  async (t) => {
    const { userId, sessionId, cookie } = await aLogin(stores)
    t.match(await stores.sessions.find(cookie, later(start, 3599)), {
      session: { id: sessionId, amr: ['pwd'] },
      user: { id: userId, claims: { list: [1, 2] } },
    })
    t.equal(await stores.sessions.find(cookie, later(start, 3600)), undefined)
    await stores.sessions.touch(sessionId, later(start, 3000), later(start, 1e6))
    t.ok(await stores.sessions.find(cookie, later(start, 86399)))
    t.equal(await stores.sessions.find(cookie, later(start, 86400)), undefined)
    const renewed = {
      authenticatedAt: later(start, 5),
      amr: ['pwd', 'otp'],
      acr: '2',
      idleExpiresAt: later(start, 3600),
    }
    const next = aHash()
    t.equal(await stores.sessions.renew(sessionId, next, renewed, []), true)
    t.equal(await stores.sessions.find(cookie, start), undefined)
    t.match(await stores.sessions.find(next, start), { session: { acr: '2' } })
    const ended = await Promise.all([1, 2, 3].map(() => stores.sessions.end(sessionId, 'logged_out', start)))
    t.equal(ended.filter(Boolean).length, 1)
    t.equal(await stores.sessions.find(next, start), undefined)
    t.equal(await stores.sessions.renew(sessionId, aHash(), renewed, []), false)
  },
)

t.test('of servers that start at once on an empty database one stores its keys (K3)', async (t) => {
  const key = (alg: 'RS256' | 'ES256') => {
    const kid = randomUUID()
    const publicJwk = { kty: 'X', kid }
    return { kid, alg, publicJwk, createdAt: start, activatesAt: start, retiresAt: undefined, goneAt: undefined }
  }
  const sets = await Promise.all([1, 2, 3, 4].map(() => stores.signingKeys.insertIfNone([key('RS256'), key('ES256')])))
  t.equal(sets[0]?.length, 2)
  for (const set of sets) t.same(set, sets[0])
  const refresh = await Promise.all(
    ['0000000a', '0000000b', '0000000c'].map((id) =>
      stores.refreshKeys.insertIfNone({ id, createdAt: start, retiresAt: undefined }),
    ),
  )
  t.equal(refresh[0]?.length, 1)
  for (const set of refresh) t.same(set, refresh[0])

  const old = sets[0]?.find(({ alg }) => alg === 'RS256') ?? key('RS256')
  const end = { kid: old.kid, retiresAt: later(start, 10), goneAt: later(start, 20) }
  const successors = await Promise.all([1, 2, 3].map(() => stores.signingKeys.succeed(key('RS256'), end)))
  t.equal(successors.filter(Boolean).length, 1)
  const emergency = { ...key('RS256'), activatesAt: later(start, 5) }
  await stores.signingKeys.replaceAll(emergency)
  const after = await stores.signingKeys.list()
  t.same(
    after.filter(({ alg, goneAt }) => alg === 'RS256' && !goneAt),
    [emergency],
  )
  t.match(
    after.find(({ kid }) => kid === old.kid),
    { retiresAt: later(start, 5), goneAt: later(start, 5) },
  )
})

t.test('the link for the administrator is spent once', async (t) => {
  const hash = aHash()
  await stores.adminLinks.create(hash, start, later(start, 60))
  t.equal(await stores.adminLinks.isOpen(hash, later(start, 60)), false)
  t.equal(await stores.adminLinks.spend(aHash(), aUser(), start), false)
  t.equal(await stores.adminLinks.hasAdministrator(), false)
  const spent = await Promise.all([1, 2, 3, 4].map(() => stores.adminLinks.spend(hash, aUser(), start)))
  t.equal(spent.filter(Boolean).length, 1)
  t.equal(await stores.adminLinks.hasAdministrator(), true)
})

t.test('a client is kept in memory until somebody changes it anywhere', async (t) => {
  const other = createStores(database, { log })
  await Promise.all([stores.changes.start(), other.changes.start()])
  t.teardown(() => Promise.all([stores.changes.close(), other.changes.close()]))
  const heard: unknown[] = []
  stores.changes.subscribe((change) => heard.push(change))
  const secret = { id: randomUUID(), hash: aHash(), createdAt: start, expiresAt: undefined }
  const created = await stores.clients.create('cached', someMetadata(), [secret], start)
  await until(() => heard.length === 1)
  t.same(await stores.clients.find('cached'), created)
  t.same(created.secrets, [secret])
  t.equal(await stores.clients.find('cached'), await stores.clients.find('cached'), 'the same object')
  await other.clients.update('cached', someMetadata({ client_name: 'Renamed' }), start)
  await until(() => heard.length === 2)
  t.same(heard, Array(2).fill({ of: 'client', id: 'cached' }))
  t.equal((await stores.clients.find('cached'))?.client_name, 'Renamed')

  await withClient(url, (client) =>
    client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query IN ('LISTEN tessera_changes', 'SELECT')",
    ),
  )
  await until(() => heard.length === 3)
  t.equal(heard[2], undefined, 'a new connection, before which anything may have changed')
  t.equal(stores.changes.isUp(), true)
})

t.test('the ledger: weeks ahead, and a refresh without one', async (t) => {
  const login = await aLogin(stores)
  const code = aCode(login)
  await stores.codes.issue(code)
  const family = aFamily(login)
  t.ok(await stores.codes.spend(code.hash, family, start, nowhere), 'no week was made')
  const [one, two] = await Promise.all([
    stores.maintenance.partition(later(start, 7 * 86400)),
    stores.maintenance.partition(later(start, 7 * 86400)),
  ])
  t.equal(new Set([...one.made, ...two.made]).size, 5)
  const now = later(start, 7 * 86400)
  t.ok(await stores.families.advance(anAdvance({ ...family, offline: true }, { now: later(start, 1) })))
  t.equal((await stores.maintenance.partition(now)).made.length, 0)
  const gone = await stores.maintenance.partition(later(start, 500 * 86400))
  t.equal(gone.dropped.length, 5)
  t.equal(
    (await stores.maintenance.partition(start)).made.length,
    4,
    'the week whose rows are in the default is left there',
  )
})

t.test('what is over is swept, and nothing else', async (t) => {
  const login = await aLogin(stores)
  const code = aCode(login)
  await stores.codes.issue(code)
  await stores.replays.first(aHash(), later(start, 5), start)
  await stores.maintenance.sweep(later(start, 599))
  t.ok(await stores.codes.find(code.hash))
  t.ok((await stores.maintenance.sweep(later(start, 601))) > 0)
  t.equal(await stores.codes.find(code.hash), undefined)
  t.ok(await stores.sessions.find(login.cookie, start))
  t.equal(await stores.maintenance.sweep(later(start, 601)), 0)
})

t.test('what cannot be swept keeps what comes behind it waiting once, and not for ever', async (t) => {
  const hash = aHash()
  await stores.replays.first(hash, later(start, 700), start)
  const impatient = openDatabase({ url, poolSize: 1, statementTimeoutMs: 3000, onError: () => {} })
  t.teardown(() => impatient.close())
  const { maintenance } = createStores(impatient, { log })
  const now = later(start, 701)
  const isKept = () => database.prisma((prisma) => prisma.spentJti.count({ where: { hash: Uint8Array.from(hash) } }))
  await withClient(url, async (other) => {
    await other.query('BEGIN')
    await other.query('LOCK TABLE interactions')
    await t.rejects(maintenance.sweep(now), Unavailable)
    t.equal(await isKept(), 1)
    await t.rejects(maintenance.sweep(now), Unavailable, 'and still says so')
    t.equal(await isKept(), 0)
  })
  t.equal(await maintenance.sweep(now), 0, 'then all of it is swept again')
})

t.test('a database that is away or slow is Unavailable, and is found again without a restart', async (t) => {
  const away = openDatabase({
    url: 'postgresql://x:y@127.0.0.1:1/z',
    poolSize: 1,
    statementTimeoutMs: 500,
    onError: () => {},
  })
  t.teardown(() => away.close())
  const none = createStores(away, { log })
  await t.rejects(none.families.find(randomUUID()), Unavailable)
  await t.rejects(none.users.find(randomUUID()), Unavailable)
  await t.rejects(none.users.disable(randomUUID(), start), Unavailable)
  await t.rejects(away.ping(), Unavailable)

  const brief = openDatabase({ url, poolSize: 2, statementTimeoutMs: 3000, onError: () => {} })
  t.teardown(() => brief.close())
  await t.rejects(
    brief.prisma((prisma) => prisma.$executeRaw`SELECT pg_sleep(30)`),
    Unavailable,
  )
  const killed = brief.prisma((prisma) => prisma.$executeRaw`SELECT pg_terminate_backend(pg_backend_pid())`)
  await t.rejects(killed, Unavailable)
  await brief.ping()
  t.type(await brief.databaseNow(), Date)
  await t.rejects(
    brief.prisma((prisma) => prisma.$executeRaw`SELECT nonsense`),
    /nonsense/,
  )
})
