import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { type App, aServer, type TestServer } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'

const api = 'https://api.example'
const hour = 3600
const day = 24 * hour
const SIGNING_ALGORITHMS = 'RS256,ES256'

/** jose reads the clock of the process to know how old its copy of the keys is: it goes with the servers' clock. */
const holdClock = (t: Test, server: TestServer): void => {
  const { now } = Date
  Date.now = () => server.clock.now().getTime()
  t.teardown(() => {
    Date.now = now
  })
}

type Minted = { readonly token: string; readonly kid: string | undefined; readonly by: string }

/** Two replicas that sign by turns, and four APIs that use jose as its documentation says: two at each replica. */
const aWorld = async (t: Test) => {
  const first = await aTlsServer(t, { env: { SIGNING_ALGORITHMS }, logLevel: 'warn' })
  const { certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE } = first.certificate
  const env = { TLS_CERT_FILE, TLS_KEY_FILE, SIGNING_ALGORITHMS }
  const second = await aServer(t, { beside: first, env, logLevel: 'warn' })
  const replicas = [first, second]
  holdClock(t, first)
  const machine = (algorithm: string): Promise<App> =>
    first.anApp({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      scope: 'read',
      resources: [api],
      access_token_lifetime: day,
      access_token_signed_response_alg: algorithm,
    })
  const apps = [await machine('RS256'), await machine('ES256')]
  const verifiers = [...replicas, ...replicas].map(({ base }) =>
    createRemoteJWKSet(new URL(`${base}/.well-known/jwks.json`)),
  )

  /** A token of each algorithm from each replica. */
  const mint = async (): Promise<readonly Minted[]> => {
    const asked = replicas.flatMap((replica) => apps.map((app) => ({ replica, app })))
    return Promise.all(
      asked.map(async ({ replica, app }) => {
        const { body } = await replica.post('/oauth2/token', { grant_type: 'client_credentials' }, app)
        const token = String(body.access_token)
        const { kid, alg: by = '' } = decodeProtectedHeader(token)
        return { token, kid, by }
      }),
    )
  }

  const counted = { verified: 0 }
  /** Every API verifies every token. @returns those that any refused */
  const refused = async (tokens: readonly Minted[]): Promise<readonly Minted[]> => {
    const verify = (keys: (typeof verifiers)[number], minted: Minted) =>
      jwtVerify(minted.token, keys, {
        issuer: first.issuer,
        audience: api,
        typ: 'at+jwt',
        algorithms: ['RS256', 'ES256'],
        currentDate: first.clock.now(),
      }).then(
        () => {
          counted.verified++
          return []
        },
        () => [minted],
      )
    return (await Promise.all(verifiers.flatMap((keys) => tokens.map((minted) => verify(keys, minted))))).flat()
  }
  return { first, second, mint, refused, counted }
}

t.test('jose: an ordered rotation under load, two replicas, four APIs: no token is refused (K1)', async (t) => {
  const { first, second, mint, refused, counted } = await aWorld(t)
  const kids = new Set<string | undefined>()
  let live: { readonly minted: readonly Minted[]; readonly until: number }[] = []
  const failures: Minted[] = []
  const step = async (seconds: number) => {
    first.clock.advance({ seconds })
    const now = first.clock.now().getTime()
    live = live.filter(({ until }) => until > now)
    const before = refused(live.flatMap(({ minted }) => minted))
    const minted = await mint()
    live.push({ minted, until: now + day * 1000 })
    for (const { kid, by } of minted) if (by === 'RS256') kids.add(kid)
    failures.push(...(await before), ...(await refused(minted)))
  }

  await step(0)
  const { kid } = await first.keys.rotate('RS256', { emergency: false })
  // As every replica does once a minute.
  await second.keys.tend()
  await step(1)
  for (let hours = 4; hours < 24; hours += 4) await step(4 * hour)
  await step(4 * hour - 2)
  t.equal(kids.size, 1, 'published, and not signing')
  await step(1)
  t.ok(kids.has(kid), 'the successor signs at once, at every replica')
  for (let hours = 0; hours < 24; hours += 4) await step(4 * hour)
  await step(301)
  const { body } = await first.get('/.well-known/jwks.json')
  t.notMatch(JSON.stringify(body), [...kids][0], 'the old key is gone')
  await step(11 * 60)

  t.same(failures, [])
  t.equal(kids.size, 2)
  t.ok(counted.verified > 1000, `${counted.verified} verifications`)
})

t.test('jose: an emergency rotation: refused is what the replaced key signed, and nothing else (K2)', async (t) => {
  const { first, second, mint, refused } = await aWorld(t)
  const old = await mint()
  t.same(await refused(old), [])
  first.clock.advance({ seconds: 60 })
  const { breaks } = await first.keys.rotate('RS256', { emergency: true })
  await second.keys.tend()
  const fresh = await mint()
  t.ok(fresh.every(({ kid }) => !breaks.includes(kid ?? '')))
  t.same(await refused(fresh), [], 'each API finds the new key by itself')
  const kidsRefused = (await refused([...old, ...fresh])).map(({ kid }) => kid)
  t.same(new Set(kidsRefused), new Set(breaks))
  t.equal(kidsRefused.length, 4 * old.filter(({ by }) => by === 'RS256').length, 'by every API')
})
