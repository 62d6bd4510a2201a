import { chmod } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { ConfigurationError, readConfig } from '../../src/config.ts'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { systemRandom } from '../../src/random.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores, keysDir, config } = await aConsole(t)
// The database's clock is the real one: what is compared with it must be too.
const { systemClock: clock } = await import('../../src/clock.ts')
const { issuer } = config

const answers =
  (given: Readonly<Record<string, unknown>>, status = 200): typeof fetch =>
  async (url) => {
    const path = new URL(String(url)).pathname
    if (!(path in given)) throw new TypeError('fetch failed')
    return new Response(JSON.stringify(given[path]), { status })
  }
const healthy = {
  '/health/ready': { status: 'ready', checks: { database: 'ok' } },
  '/.well-known/openid-configuration': { issuer },
}
const good = { clock, fetch: answers(healthy) }

t.test('doctor finds nothing wrong with a server that is well', async (t) => {
  const ran = await run(['doctor'], good)
  t.equal(ran.exitCode, 0, ran.stdout)
  for (const line of [
    /^ok +database: PostgreSQL \d+/m,
    /^ok +clock/m,
    /^ok +schema/m,
    /^ok +discovery/m,
    /Nothing is wrong\./,
  ])
    t.match(ran.stdout, line)
  t.match(await json(['doctor'], good), { ok: true, checks: [{ check: 'configuration', status: 'ok' }] })
})

t.test('doctor names what failed and what to do, and ends with 1', async (t) => {
  const silence: typeof fetch = async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) })
  }
  const busy = createServer()
  await new Promise<void>((resolve) => busy.listen(0, 'localhost', resolve))
  t.teardown(() => busy.close())
  const address = busy.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const taken = { ...config, port, issuer: `http://localhost:${port}` }
  const cases = [
    ['clock', { ...good, clock: { now: () => new Date(clock.now().getTime() + 5000) } }, /NTP/],
    ['port', { clock, fetch: silence, config: () => taken }, /Stop the program that has it/],
    ['server', { clock, fetch: answers({ '/health/ready': { hello: 1 } }) }, /is not Tessera/],
    [
      'server',
      {
        clock,
        fetch: answers({ ...healthy, '/health/ready': { status: 'not ready', checks: { keys: 'failed' } } }, 503),
      },
      /not ready: keys/,
    ],
    [
      'discovery',
      { clock, fetch: answers({ ...healthy, '/.well-known/openid-configuration': { issuer: `${issuer}/` } }) },
      /ISSUER=/,
    ],
  ] as const
  for (const [check, world, says] of cases) {
    const ran = await run(['doctor'], world)
    t.equal(ran.exitCode, 1, String(says))
    t.match(ran.stdout, new RegExp(`^failed +${check}:`, 'm'))
    t.match(ran.stdout, says)
  }
})

t.test('doctor looks after the files of the keys (mode 0600)', async (t) => {
  const directory = createKeyDirectory({ path: keysDir, random: systemRandom })
  const ring = await createKeyRing({ directory, store: stores.signingKeys, clock, issuer, algorithms: ['RS256'] })
  t.match((await run(['doctor'], good)).stdout, /^failed +subject key: subject\.key not in /m)
  await directory.subjectSecret()
  const first = (await run(['doctor'], good)).stdout
  t.match(first, /^ok +signing keys: 1, each for its owner alone/m)
  t.match(first, /^ok +subject key: 1, each for its owner alone/m)
  const store = stores.revocationKeys
  const feed = await createKeyRing({ directory, store, purpose: 'revocations', clock, issuer, algorithms: [] })
  t.match((await run(['doctor'], good)).stdout, /^ok +signing keys: 2, each for its owner alone/m)
  const file = join(keysDir, `${ring.signer('RS256').kid}.pem`)
  await chmod(file, 0o644)
  const readable = await run(['doctor'], good)
  t.equal(readable.exitCode, 1)
  t.match(readable.stdout, `chmod 600 ${file}`)
  await directory.removeSigningKey(ring.signer('RS256').kid)
  const missing = await run(['doctor'], good)
  t.equal(missing.exitCode, 1)
  t.match(missing.stdout, /^failed +signing keys: .*\.pem not in /m)
  await directory.removeSigningKey(feed.signer('RS256').kid)
  const both = new RegExp(`^failed +signing keys: .*${feed.signer('RS256').kid}\\.pem`, 'm')
  t.match((await run(['doctor'], good)).stdout, both, 'the key of the feed, too')
})

t.test('doctor says of a database only its code: its address holds the password', async (t) => {
  const secret = 'hunter2hunter2'
  const { openConfigured } = await import('../../src/cli/database.ts')
  const away = readConfig({ DATABASE_URL: `postgresql://u:${secret}@127.0.0.1:1/x`, KEYS_DIR: keysDir })
  const world = { ...good, config: () => away, open: openConfigured }
  const ran = await run(['doctor'], world)
  t.equal(ran.exitCode, 1)
  t.match(ran.stdout, /^failed +database: cannot be reached \(ECONNREFUSED\)/m)
  t.notOk(holds(ran, secret))
  const listed = await run(['user', 'list'], world)
  t.equal(listed.exitCode, 1)
  t.match(listed.stderr, /The database is slow or away\. `tessera doctor`/)
  t.notOk(holds(listed, secret))
})

t.test('a wrong configuration is 78, for every command', async (t) => {
  const world = {
    config: () => {
      throw new ConfigurationError(['ISSUER must be https.', 'PORT must be a number.'])
    },
  }
  const doctor = await run(['doctor'], world)
  t.equal(doctor.exitCode, 78)
  t.match(doctor.stdout, /^failed +configuration[\s\S]*ISSUER[\s\S]*PORT/m)
  const list = await run(['client', 'list'], world)
  t.equal(list.exitCode, 78)
  t.match(list.stderr, /ISSUER[\s\S]*PORT/)
  t.match(await json(['client', 'list'], world), { error: 'configuration' })
})
