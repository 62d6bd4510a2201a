import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { createReadiness } from '../../src/http/operations/stop.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { createLogger } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { assemble } from '../../src/server.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aClock } from '../support/clock.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aServer } from '../support/server.ts'
import { until } from '../support/until.ts'

t.test('K3 servers that start at once on an empty database agree on one set of keys', async (t) => {
  for (let round = 0; round < 3; round++) {
    const { database, url } = await aDatabase(t)
    const keysDir = await mkdtemp(join(tmpdir(), 'tessera-keys-'))
    t.teardown(() => rm(keysDir, { recursive: true, force: true }))
    const clock = aClock()
    const config = readConfig({
      NODE_ENV: 'test',
      ISSUER: 'http://127.0.0.1:3000',
      KEYS_DIR: keysDir,
      DATABASE_URL: url,
      SIGNING_ALGORITHMS: 'RS256,ES256',
    })
    const log = createLogger({ level: 'silent' })
    const started = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const stores = createStores(database, { log })
        t.teardown(() => stores.changes.close())
        return assemble({ config, database, stores, clock, random: systemRandom, readiness: createReadiness(), log })
      }),
    )
    const sets = started.map(({ keys, revocationKeys }) => createKeySet(keys, revocationKeys)().body.toString())
    t.equal(new Set(sets).size, 1, 'one key set')
    const rings = started[0] ? [started[0].keys, started[0].revocationKeys] : []
    const kids = rings.flatMap((ring) => ring.published().map(({ kid }) => kid))
    t.equal(kids.length, 3, 'one of each algorithm, and one of the feed')
    t.equal(new Set(kids).size, 3, 'no kid twice')
    t.equal(new Set(started.map(({ refreshKeys }) => refreshKeys.minting().id)).size, 1, 'one refresh key')
    t.equal(new Set(started.map(({ cookieSecrets }) => cookieSecrets[0].toString('hex'))).size, 1, 'one cookie secret')
    for (const { keys, revocationKeys, refreshKeys } of started)
      t.same([...keys.missing(), ...revocationKeys.missing(), ...refreshKeys.missing()], [])
    const files = await readdir(keysDir)
    t.equal(files.filter((name) => name.endsWith('.pem')).length, 3, 'and no file that nobody knows')
    const { rows } = await withClient(url, (client) => client.query('SELECT kid FROM signing_keys'))
    t.same(rows.map(({ kid }) => kid).sort(), [...kids].sort())
  }
})

t.test('a subject.key that was lost is made anew once, and not in silence', async (t) => {
  const { database, url } = await aDatabase(t)
  const keysDir = await mkdtemp(join(tmpdir(), 'tessera-keys-'))
  t.teardown(() => rm(keysDir, { recursive: true, force: true }))
  const env = { NODE_ENV: 'test', ISSUER: 'http://127.0.0.1:3000', KEYS_DIR: keysDir, DATABASE_URL: url }
  const warnings: string[] = []
  const log = { warn: (_: object, message: string) => void warnings.push(message) }
  const start = async () => {
    const stores = createStores(database, { log })
    t.teardown(() => stores.changes.close())
    const readiness = createReadiness()
    await assemble({
      config: readConfig(env),
      database,
      stores,
      clock: aClock(),
      random: systemRandom,
      readiness,
      log,
    })
    return warnings.filter((message) => message.includes('subject.key')).length
  }
  t.equal(await start(), 0, 'the first start of all makes it')
  await rm(join(keysDir, 'subject.key'))
  t.equal(await start(), 1)
  t.equal(await start(), 1, 'it is there again')
})

const one = await aServer(t)
const two = await aServer(t, { beside: one })
const alice = await one.aPerson()
const app = await one.anApp({ first_party: true, resources: ['https://api.example'] })
const visitor = one.visitor()
const logIn = () => one.logIn(alice, app, { scope: 'openid read' }, visitor)

t.test('what one server issued, the other redeems, refreshes, introspects and revokes', async (t) => {
  const { to, verifier } = await one.authorize(alice, app, {}, visitor)
  const code = to.searchParams.get('code') ?? ''
  const { body } = await two.redeem(app, code, verifier)
  t.match(await one.redeem(app, code, verifier), { status: 400, body: { error: 'invalid_grant' } }, 'P7: once')
  t.same(await one.introspect(app, String(body.access_token)), { active: false })

  const tokens = await logIn()
  const next = (await two.refresh(app, tokens.refresh_token)).body
  t.match(await one.introspect(app, String(next.access_token)), { active: true })
  await one.post('/oauth2/revoke', { token: String(next.refresh_token) }, app)
  t.same(await two.introspect(app, String(next.access_token)), { active: false })
})

t.test('S22 a disabled person, at the other server, at once', async (t) => {
  const bob = await one.aPerson('bob')
  const tokens = await one.logIn(bob, app)
  const { to, verifier } = await one.authorize(bob, app)
  await two.stores.users.disable(bob.id, one.clock.now())
  t.same(await one.introspect(app, tokens.access_token), { active: false })
  t.match(await one.refresh(app, tokens.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  t.match(await one.redeem(app, to.searchParams.get('code') ?? '', verifier), {
    status: 400,
    body: { error: 'invalid_grant' },
  })
})

t.test('S22 a disabled client, although the other server had it in memory', async (t) => {
  const gone = await one.anApp({ first_party: true })
  const tokens = await one.logIn(alice, gone, {}, visitor)
  t.match(await two.introspect(gone, tokens.access_token), { active: true })
  await one.stores.clients.disable(gone.client_id, one.clock.now())
  await until(async () => (await two.refresh(gone, tokens.refresh_token)).status === 401, 'the refusal')
})

t.test('K1 a rotated key: published before it signs, everywhere, and the old one verifies on', async (t) => {
  const before = await logIn()
  const [old] = one.keys.published()
  // One of each algorithm, and that of the feed.
  const usual = one.keys.published().length + 1
  const { kid } = await one.keys.rotate('RS256', { emergency: false })
  const kidsAt = async (server: typeof one) => {
    const { body } = await server.get('/.well-known/jwks.json')
    return Array.isArray(body.keys) ? body.keys.map((key: { kid: string }) => key.kid) : []
  }
  await until(async () => (await kidsAt(two)).length === usual + 1, 'the key at the other server')
  t.same(await kidsAt(two), await kidsAt(one))
  t.equal(two.keys.signer('RS256').kid, old?.kid, 'and does not sign with it yet')
  one.clock.advance({ seconds: 86_400 })
  t.equal(one.keys.signer('RS256').kid, kid)
  t.equal(two.keys.signer('RS256').kid, kid)
  const after = await logIn()
  t.match(await two.introspect(app, after.access_token), { active: true })
  t.ok((await kidsAt(one)).includes(old?.kid ?? ''), 'the old key is still there')
  t.same(await two.introspect(app, before.access_token), { active: false }, 'though its token has expired by now')

  await one.keys.rotate('RS256', { emergency: true })
  await until(async () => (await two.introspect(app, after.access_token)).active === false, 'the end of all')
  t.equal((await kidsAt(one)).length, usual, 'with the key of the feed')
})
