import t from 'tap'
import { later, numericDate } from '../../src/clock.ts'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { createRefreshKeyRing } from '../../src/keys/refresh-key-ring.ts'
import { mintRefreshToken } from '../../src/oauth/tokens/refresh-token.ts'
import { systemRandom } from '../../src/random.ts'
import { aBoughtFamily, anAdvance, nowhere, someMetadata, start } from '../support/records.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores, keysDir, config } = await aConsole(t)
const clock = { now: () => start }
const directory = createKeyDirectory({ path: keysDir, random: systemRandom })
const { issuer } = config
const keys = await createKeyRing({ directory, store: stores.signingKeys, clock, issuer, algorithms: ['RS256'] })
const refreshKeys = await createRefreshKeyRing({ directory, store: stores.refreshKeys, clock, random: systemRandom })

const iat = numericDate(start) + 1
const sign = (claims: object, typ = 'at+jwt') =>
  keys.signer('RS256').sign(typ, { iss: issuer, sub: 's', aud: 'https://api.example', iat, exp: iat + 600, ...claims })

type Change = (bought: Awaited<ReturnType<typeof aBoughtFamily>>) => Promise<unknown>

t.test('an access token is good, until something it hangs on ends (RFC 7662 §2.2)', async (t) => {
  const cases: readonly (readonly [string, Change | undefined, RegExp | undefined])[] = [
    ['nothing', undefined, undefined],
    [
      'family',
      ({ family }) => stores.families.revoke(family.id, 'replayed', start, nowhere),
      /somebody may have a copy/,
    ],
    ['token', ({ family }) => stores.tokens.revoke(`${family.id}.0`, later(start, 600), start), /It was revoked/],
    ['session', ({ login }) => stores.sessions.end(login.sessionId, 'logged_out', start), /session has ended/],
    ['person', ({ login }) => stores.users.disable(login.userId, start), /person is disabled/],
    ['client', ({ login }) => stores.clients.disable(login.clientId, start), /client is disabled since/],
    ['client deleted', ({ login }) => stores.clients.delete(login.clientId, start), /client was deleted/],
  ]
  for (const [what, change, says] of cases) {
    const bought = await aBoughtFamily(stores)
    const token = await sign({
      jti: `${bought.family.id}.0`,
      client_id: bought.login.clientId,
      sub: bought.login.userId,
    })
    await change?.(bought)
    const ran = await run(['token', 'inspect'], { input: `${token}\n` })
    t.equal(ran.exitCode, says ? 1 : 0, what)
    t.match(ran.stdout, says ?? /^This access token is good\./)
    t.match(ran.stdout, bought.family.id)
    t.notOk(holds(ran, token), 'the token is never shown')
    t.notOk(holds(ran, token.split('.')[2] ?? ''), 'nor its signature')
    t.match(await json(['token', 'inspect', '-'], { input: token }), {
      active: !says,
      kind: 'access_token',
      claims: { jti: `${bought.family.id}.0` },
    })
  }
})

t.test('a token is not good that was changed, is another’s, expired, or whose key was withdrawn', async (t) => {
  const clientId = 'machine'
  await stores.clients.create(clientId, someMetadata(), [], start)
  const good = await sign({ jti: 'alone', client_id: clientId })
  const [header, , signature] = good.split('.')
  const forged = Buffer.from(JSON.stringify({ iss: issuer, sub: 'admin', iat, exp: iat + 600 })).toString('base64url')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const none = `${encode({ alg: 'none', typ: 'at+jwt', kid: keys.signer('RS256').kid })}.${forged}.`
  const foreign = `${encode({ alg: 'RS256', typ: 'at+jwt', kid: 'x' })}.${forged}.${signature}`
  const id = await sign({ aud: clientId }, 'JWT')
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    [good, undefined],
    [id, undefined],
    [`${header}.${forged}.${signature}`, /signature does not fit/],
    [none, /not a token as this server signs them/],
    [foreign, /does not have/],
    [await sign({ iss: 'https://other.example', jti: 'alone', client_id: clientId }), /issuer is another/],
    [await sign({ exp: iat - 100, jti: 'alone', client_id: clientId }), /expired 99 seconds ago/],
    [await sign({ client_id: clientId }), /lacks/],
    [await sign({}, 'logout+jwt'), /none that this server issues/],
    [await sign({ jti: '00000000-0000-4000-8000-000000000000.0', client_id: clientId }), /family is unknown/],
    ['hello', /neither a JWT nor a refresh token/],
  ]
  for (const [token, says] of cases) {
    const ran = await run(['token', 'inspect'], { input: token })
    t.equal(ran.exitCode, says ? 1 : 0, String(says))
    t.match(ran.stdout, says ?? /is good\./)
  }
  t.match(await json(['token', 'inspect'], { input: id }), { active: true, kind: 'id_token' })
  await keys.rotate('RS256', { emergency: true })
  const { stdout } = await run(['token', 'inspect'], { input: good })
  t.match(stdout, /withdrawn at 2026-11-21/)
})

t.test('a refresh token says what would become of it, and nothing does', async (t) => {
  const bought = await aBoughtFamily(stores)
  const key = refreshKeys.minting()
  const mint = (generation: number) => mintRefreshToken(key, { familyId: bought.family.id, generation })
  const inspect = async (generation: number, says: RegExp) => {
    const ran = await run(['token', 'inspect'], { input: mint(generation) })
    t.match(ran.stdout, says)
    t.notOk(holds(ran, mint(generation)))
    return ran.exitCode
  }
  t.equal(await inspect(0, /^This refresh token is good\./), 0)
  t.equal(await inspect(1, /newer than what the database knows/), 1)
  let { family } = bought
  for (const seconds of [-40, -30]) {
    const advanced = await stores.families.advance(anAdvance(family, { now: later(start, seconds) }))
    if (!advanced) throw new Error('the family did not advance')
    family = { ...family, ...advanced }
  }
  t.equal(await inspect(2, /is good/), 0)
  t.equal(await inspect(1, /exchanged already\. Until 60 seconds/), 1)
  t.equal(await inspect(0, /would end the whole family/), 1)
  t.equal((await stores.families.find(family.id))?.revokedAt, undefined, 'looking changed nothing')
  t.match(await json(['token', 'inspect'], { input: mint(2) }), {
    active: true,
    kind: 'refresh_token',
    claims: { family_id: family.id, generation: 2, live_generation: 2, scope: 'openid read' },
  })
  await stores.families.revoke(family.id, 'logged_out', start, nowhere)
  t.equal(await inspect(2, /the person logged out/), 1)
  const other = mintRefreshToken({ id: key.id, secret: Buffer.alloc(32) }, { familyId: family.id, generation: 2 })
  t.match((await run(['token', 'inspect'], { input: other })).stdout, /did not mint it/)
})

t.test('what is no token is 2; an argument is inspected with a warning', async (t) => {
  for (const [input, says] of [
    ['', /There is no token/],
    [`tcs_${'a'.repeat(43)}`, /client secret/],
    [`tss_${'a'.repeat(43)}`, /session cookie/],
  ] as const) {
    const ran = await run(['token', 'inspect'], { input })
    t.equal(ran.exitCode, 2)
    t.match(ran.stderr, says)
    t.notOk(input !== '' && holds(ran, input))
  }
  const ran = await run(['token', 'inspect', 'a.b.c'])
  t.equal(ran.exitCode, 1)
  t.match(ran.stderr, /history of the shell/)
  const typed = await run(['token', 'inspect'], { typed: ['a.b.c\r'] })
  t.match(typed.stdout, /neither a JWT/)
})
