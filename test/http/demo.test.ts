import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { createApp } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { type DemoClientStore, demoPerson, demoSecrets, seedDemo } from '../../src/demo.ts'
import { createDevelopment } from '../../src/development.ts'
import { createReadiness } from '../../src/http/operations/stop.ts'
import { createOutbound } from '../../src/http/outbound/index.ts'
import { createLogger } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { assemble } from '../../src/server.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.mjs'
import { aVisitor, type Page, type Visitor } from '../support/visitor.ts'

/** The server as `npm start` makes it, demo and all. */
const aDevelopmentServer = async (t: Test, { path = '' } = {}) => {
  const { database, url } = await aDatabase(t)
  const keysDir = await mkdtemp(join(tmpdir(), 'tessera-demo-'))
  const port = await freePort()
  const config = readConfig({
    NODE_ENV: 'test',
    ISSUER: `http://127.0.0.1:${port}${path}`,
    KEYS_DIR: keysDir,
    DATABASE_URL: url,
  })
  let logged = ''
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk)
      done()
    },
  })
  const log = createLogger({ level: 'trace', destination })
  const stores = createStores(database, { log })
  const readiness = createReadiness()
  const parts = await assemble({ config, database, stores, clock: systemClock, random: systemRandom, readiness, log })
  const { routes, shown } = await createDevelopment({ parts, stores })
  const app = await createApp({
    ...parts,
    log,
    tls: undefined,
    outbound: createOutbound({ allowLoopback: false }),
    remoteKeys: { get: async () => undefined },
    development: async () => ({ ...shown, administratorMissing: true }),
    demo: routes,
  })
  await app.listen({ host: '127.0.0.1', port })
  t.teardown(async () => {
    await app.close()
    await stores.changes.close()
    await rm(keysDir, { recursive: true, force: true })
  })
  const { issuer } = config
  return { issuer, shown, stores, log: () => logged, visitor: () => aVisitor(issuer) }
}

const logIn = async (visitor: Visitor, issuer: string): Promise<Page> => {
  const { username, password } = demoPerson
  await visitor.visit(`${issuer}/demo/login`)
  const page = await visitor.submit('login-form', { username, password }, 'login-submit')
  // Who has consented before is not asked again.
  return page.forms.some(({ id }) => id === 'consent-form') ? visitor.submit('consent-form', {}, 'consent-allow') : page
}

/** The demo's forms have no ids of their own; their buttons have. */
const press = (visitor: Visitor, buttonId: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> => {
  const form = visitor.at().forms.find(({ buttons }) => buttons.some(({ id }) => id === buttonId))
  if (!form) throw new Error(`there is no button ${buttonId} at ${visitor.at().url}: ${visitor.at().html}`)
  const body = new URLSearchParams({ ...form.fields, ...fields })
  return visitor.visit(new URL(form.action, visitor.at().url).href, { method: 'POST', body })
}

const shownIn = (page: Page, id: string): string => new RegExp(`id="${id}"[^>]*>([^<]*)`).exec(page.html)?.[1] ?? ''

for (const path of ['', '/tenant'])
  t.test(
    `the demo person logs in, refreshes, calls the API and logs out, without a script (issuer path "${path}")`,
    async (t) => {
      const { issuer } = await aDevelopmentServer(t, { path })
      const visitor = aVisitor(issuer)
      t.match((await visitor.visit(`${issuer}/demo/`)).html, 'demo-log-in')

      const signedIn = await logIn(visitor, issuer)
      t.equal(signedIn.url, `${issuer}/demo/`)
      t.match(signedIn.html, demoPerson.claims.email)
      t.match(signedIn.html, `Hello, ${demoPerson.claims.name}`)
      const generation = Number(shownIn(signedIn, 'demo-generation'))

      const refreshed = await press(visitor, 'demo-refresh')
      t.equal(refreshed.url, `${issuer}/demo/`)
      t.equal(Number(shownIn(refreshed, 'demo-generation')), generation + 1)

      const called = await press(visitor, 'demo-call')
      t.equal(shownIn(called, 'demo-status'), '200')
      t.match(shownIn(called, 'demo-answer'), /hello/)

      const home = await press(visitor, 'demo-log-out')
      t.equal(home.url, `${issuer}/demo/`, 'OIDC RP-Initiated Logout §3: back at the app')
      t.match(home.html, 'demo-log-in')
      await visitor.visit(`${issuer}/demo/login`)
      t.ok(
        visitor.at().forms.some(({ id }) => id === 'login-form'),
        'the server has forgotten the person too',
      )
    },
  )

t.test('what may go wrong is a page of the app with the code of the error', async (t) => {
  const { issuer, stores, visitor, log } = await aDevelopmentServer(t)

  await t.test('the person declines (RFC 6749 §4.1.2.1)', async (t) => {
    const person = visitor()
    await person.visit(`${issuer}/demo/login`)
    const page = await person.submit('login-form', {}, 'login-cancel')
    t.equal(page.status, 400)
    t.match(page.html, 'access_denied')
  })

  await t.test('an answer without a question (RFC 6749 §10.12)', async (t) => {
    const nobody = await visitor().visit(`${issuer}/demo/callback?code=x&state=y&iss=${encodeURIComponent(issuer)}`)
    t.equal(nobody.status, 400)
    t.match(nobody.html, 'invalid_request')
    const begun = visitor()
    await begun.visit(`${issuer}/demo/login`)
    t.match((await begun.visit(`${issuer}/demo/callback?code=x&state=y`)).html, 'invalid_request')
  })

  await t.test('O12 what is no query is a mistake of whoever sent it', async (t) => {
    const { status, html } = await visitor().visit(`${issuer}/demo/callback?state=%00`)
    t.equal(status, 400)
    t.match(html, 'invalid_request')
  })

  await t.test('an answer of another issuer (RFC 9207 §2.4)', async (t) => {
    const person = visitor()
    const { url } = await person.visit(`${issuer}/demo/login`)
    t.match(url, 'interaction', 'at the login page')
    const away = await fetch(`${issuer}/demo/login`, { redirect: 'manual' })
    const state = new URL(away.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const cookie = away.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const mixed = await fetch(`${issuer}/demo/callback?code=x&state=${state}&iss=https://evil.example`, {
      headers: { cookie },
    })
    t.equal(mixed.status, 502)
    t.match(await mixed.text(), 'server_error')
  })

  await t.test('a form without the token of its session', async (t) => {
    const person = visitor()
    await logIn(person, issuer)
    const page = await press(person, 'demo-refresh', { csrf: 'x' })
    t.equal(page.status, 403)
    t.match(page.html, 'invalid_request')
    t.match((await person.visit(`${issuer}/demo/`)).html, 'demo-refresh', 'and nothing happened')
  })

  await t.test('a refresh token that was revoked ends the login', async (t) => {
    const person = visitor()
    const signedIn = await logIn(person, issuer)
    const sub = /<code>sub<\/code>[\s\S]*?<td><code>([^<]+)/.exec(signedIn.html)?.[1] ?? ''
    t.ok(await stores.users.disable(sub, systemClock.now()))
    const page = await press(person, 'demo-refresh')
    t.equal(page.status, 400)
    t.match(page.html, 'invalid_grant')
    t.match((await person.visit(`${issuer}/demo/`)).html, 'demo-log-in')
    await stores.users.enable(sub)
  })

  t.notMatch(log(), demoPerson.password)
})

t.test('a session that was planted before the login is not the one after it', async (t) => {
  const { issuer, visitor } = await aDevelopmentServer(t)
  const person = visitor()
  await person.visit(`${issuer}/demo/login`)
  const before = person.cookies.get('tessera-demo')
  await logIn(person, issuer)
  t.not(person.cookies.get('tessera-demo'), before)
  t.match(before, /^tds_/)
})

t.test('seeding again changes nothing, and seeding at once creates one of each', async (t) => {
  const { stores, issuer, shown } = await aDevelopmentServer(t)
  const key = Buffer.from('another key')
  const seed = ({
    clients = stores.clients,
    ...of
  }: {
    issuer: string
    secretOf: (id: string) => string
    clients?: DemoClientStore
  }) =>
    seedDemo({
      stores: { users: stores.users, clients },
      passwords: { hash: async () => 'a hash of the demo password' },
      clock: systemClock,
      random: systemRandom,
      ...of,
    })
  const alice = await stores.users.findByUsername('alice')
  t.ok(alice)
  await stores.users.setPassword(alice?.id ?? '', 'a hash of a new password', systemClock.now())
  const secretOf = (id: string) => shown.clients.find((client) => client.id === id)?.secret ?? ''

  await Promise.all([seed({ issuer, secretOf }), seed({ issuer, secretOf })])
  t.equal((await stores.users.findByUsername('alice'))?.passwordHash, 'a hash of a new password')
  t.equal((await stores.clients.find('demo-app'))?.secrets.length, 1)

  await stores.clients.delete('demo-app', systemClock.now())
  await Promise.all([seed({ issuer, secretOf }), seed({ issuer, secretOf })])
  t.equal((await stores.clients.find('demo-app'))?.secrets.length, 1, 'one of them created it')
  const broken = {
    ...stores.clients,
    find: async () => undefined,
    create: () => Promise.reject(new Error('disk full')),
  }
  await t.rejects(seed({ issuer, secretOf, clients: broken }), { message: 'disk full' })

  await seed({ issuer: 'http://localhost:4000', secretOf: (id) => `${id}${key}` })
  const moved = await stores.clients.find('demo-app')
  t.same(moved?.redirect_uris, ['http://localhost:4000/demo/callback'], 'ISSUER changed')
  t.same(moved?.resources, ['http://localhost:4000/demo/api'])
  t.equal(moved?.secrets.length, 2, 'the key changed')
  t.not(demoSecrets(key)('demo-app'), demoSecrets(key)('demo-machine'))
  t.equal(demoSecrets(key)('demo-app'), demoSecrets(key)('demo-app'))
})
