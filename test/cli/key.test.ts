import { chown, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { createRefreshKeyRing } from '../../src/keys/refresh-key-ring.ts'
import { systemRandom } from '../../src/random.ts'
import { aBoughtFamily, start } from '../support/records.ts'
import { aConsole } from './console.ts'

const { run, json, stores, keysDir, config } = await aConsole(t)
const clock = { now: () => start }

t.test('without keys there is nothing to rotate, and a look makes none', async (t) => {
  t.match((await run(['key', 'list'])).stdout, /No keys yet/)
  t.same(await json(['key', 'list']), { keys: [], refresh_keys: [] })
  for (const argv of [[], ['RS256'], ['refresh']]) {
    const { exitCode, stderr } = await run(['key', 'rotate', ...argv])
    t.equal(exitCode, 1)
    t.match(stderr, /There are no keys yet/)
  }
  t.same(await stores.signingKeys.list(), [])
})

t.test('keys are listed and rotated', async (t) => {
  const directory = createKeyDirectory({ path: keysDir, random: systemRandom })
  const { issuer } = config
  const ring = await createKeyRing({
    directory,
    store: stores.signingKeys,
    clock,
    issuer,
    algorithms: ['RS256', 'ES256'],
  })
  const store = stores.revocationKeys
  const feed = await createKeyRing({ directory, store, purpose: 'revocations', clock, issuer, algorithms: [] })
  await createRefreshKeyRing({ directory, store: stores.refreshKeys, clock, random: systemRandom })
  const kid = ring.signer('RS256').kid

  await t.test('key list names status, instants and files', async (t) => {
    const { keys, refresh_keys } = await json(['key', 'list'])
    const active = { status: 'active', purpose: 'tokens', private_key: 'present', retires_at: null }
    t.match(keys, [active, active, { ...active, purpose: 'revocations' }])
    t.match(refresh_keys, [{ status: 'active', secret: 'present' }])
    t.match((await run(['key', 'list'])).stdout, new RegExp(`^${kid} +RS256 +active +${start.toISOString()} +–`, 'm'))
  })

  await t.test('an orderly rotation is made once, published first', async (t) => {
    const rotated = await json(['key', 'rotate', 'RS256'])
    t.match(rotated, { keys: [{ alg: 'RS256', activates_at: '2026-11-22T12:00:00.250Z' }] })
    const again = await run(['key', 'rotate', 'RS256'])
    t.equal(again.exitCode, 1)
    t.match(again.stderr, /scheduled already/)
    const all = await run(['key', 'rotate'])
    t.match(all.stdout, /RS256: a successor is scheduled already\.\nES256: .* signs from/)
    const { stdout } = await run(['key', 'list'])
    t.match(stdout, /RS256 +next/)
  })

  await t.test('an emergency says what it breaks and wants --yes', async (t) => {
    const asked = await run(['key', 'rotate', 'RS256', '--emergency'])
    t.equal(asked.exitCode, 1)
    t.match(asked.stderr, kid)
    t.match(asked.stderr, /is refused from here on[\s\S]*Nothing was changed; add --yes/)
    await ring.refresh()
    t.equal(ring.signer('RS256').kid, kid)
    const done = await json(['key', 'rotate', 'RS256', '--emergency', '--yes'])
    t.match(done, { alg: 'RS256', kid: /^[\w-]{43}$/ })
    await ring.refresh()
    t.equal(ring.signer('RS256').kid, done.kid)
    t.equal((await stat(join(keysDir, `${done.kid}.pem`))).mode & 0o777, 0o600)
    t.equal(ring.signerOf(kid), undefined)
  })

  await t.test('the key of the feed: with all the others, or alone in an emergency', async (t) => {
    const listed = async () => JSON.stringify((await json(['key', 'list'])).keys)
    t.equal((await listed()).match(/"purpose":"revocations"/g)?.length, 2, '`key rotate` made it a successor')
    t.match((await run(['key', 'rotate', 'revocations'])).stderr, /scheduled already/)
    const old = feed.signer('RS256').kid
    const asked = await run(['key', 'rotate', 'revocations', '--emergency'])
    t.equal(asked.exitCode, 1)
    t.match(asked.stderr, old)
    t.match(asked.stderr, /Tokens are not concerned[\s\S]*Nothing was changed; add --yes/)
    const tokenKid = ring.signer('RS256').kid
    const done = await json(['key', 'rotate', 'revocations', '--emergency', '--yes'])
    t.match(done, { alg: 'RS256', purpose: 'revocations', withdrawn: [old, String] })
    await Promise.all([feed.refresh(), ring.refresh()])
    t.equal(feed.signer('RS256').kid, done.kid)
    t.equal(ring.signer('RS256').kid, tokenKid, 'tokens are not concerned')
  })

  await t.test('the key of refresh tokens: in order, or voiding all of them', async (t) => {
    const [first] = await stores.refreshKeys.list()
    t.match(await json(['key', 'rotate', 'refresh']), { refresh_key: /^[0-9a-f]{8}$/, emergency: false })
    // Both were made in the same instant here, so their order says nothing.
    const listed = JSON.stringify(await json(['key', 'list']))
    t.match(listed, `{"id":"${first?.id}","status":"active"`)
    t.match(listed, /"status":"next"/)
    await aBoughtFamily(stores)
    const asked = await run(['key', 'rotate', 'refresh', '--emergency'])
    t.equal(asked.exitCode, 1)
    t.match(asked.stderr, /voids every refresh token: 1 login in apps/)
    const done = await json(['key', 'rotate', 'refresh', '--emergency', '--yes'])
    t.same(
      (await stores.refreshKeys.list()).map(({ id }) => id),
      [done.refresh_key],
    )
  })

  const root = process.getuid?.() === 0
  await t.test(
    'a key is not made that the server’s account could not read',
    { skip: !root && 'needs root' },
    async (t) => {
      await chown(keysDir, 12345, 12345)
      const { exitCode, stderr } = await run(['key', 'rotate', 'ES256', '--emergency', '--yes'])
      await chown(keysDir, 0, 0)
      t.equal(exitCode, 1)
      t.match(stderr, /belongs to the account 12345, and this command runs as 0/)
    },
  )

  await t.test('bad input is 2, an algorithm without a key 1', async (t) => {
    const cases = [
      [['HS256'], 2, /no algorithm/],
      [['--emergency'], 2, /names what was stolen/],
      [['PS256'], 1, /No key signs with PS256/],
      [['PS256', '--emergency', '--yes'], 1, /No key signs with PS256/],
    ] as const
    for (const [argv, exitCode, says] of cases) {
      const ran = await run(['key', 'rotate', ...argv])
      t.equal(ran.exitCode, exitCode, String(says))
      t.match(ran.stderr, says)
    }
  })
})
