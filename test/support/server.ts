import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { decodeJwt, type JWTPayload } from 'jose'
import { createApp } from '../../src/app.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Courier } from '../../src/courier.ts'
import { createDevelopment } from '../../src/development.ts'
import { listenForCertificates } from '../../src/http/mutual-tls.ts'
import { createReadiness } from '../../src/http/operations/stop.ts'
import { createOutbound, type Outbound } from '../../src/http/outbound/index.ts'
import { createRemoteKeys } from '../../src/http/outbound/remote-keys.ts'
import { createPasswords, type Hasher } from '../../src/identity/password.ts'
import { parseUsername } from '../../src/identity/username.ts'
import type { KeyRing } from '../../src/keys/key-ring.ts'
import { createLogger } from '../../src/log.ts'
import type { RemoteKeys } from '../../src/oauth/client-authentication/index.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { systemRandom } from '../../src/random.ts'
import { assemble, startCourier } from '../../src/server.ts'
import type { Database } from '../../src/storage/database.ts'
import { createStores, type Stores } from '../../src/storage/stores.ts'
import { tlsOptions } from '../../src/tls.ts'
import { aSecret } from './clients.ts'
import { aClock, type HeldClock } from './clock.ts'
import { aDatabase, type Lifetime } from './database.ts'
import { freePort } from './free-port.mjs'
import { giveKeys } from './signing-keys.ts'
import { aVisitor, type Visitor } from './visitor.ts'

export type Person = { readonly id: string; readonly username: string; readonly password: string }
export type App = { readonly client_id: string; readonly secret: string | undefined; readonly redirectUri: string }
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }
export type Tokens = {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly scope: string
}

export type TestServer = {
  readonly issuer: string
  /** Where this one listens: of two servers that are one issuer, each has its own. */
  readonly base: string
  readonly clock: HeldClock
  readonly stores: Stores
  readonly database: Database
  readonly databaseUrl: string
  readonly keys: KeyRing
  /** Tells clients of logouts. */
  readonly courier: Courier
  /** Every line the server logged. */
  readonly log: () => string
  visitor(): Visitor
  /** Every connection is cut and none accepted any more, as when the process is killed. */
  cut(): void
  aPerson(username?: string, claims?: Record<string, unknown>): Promise<Person>
  /** Confidential, with `client_secret_basic`, unless the metadata says otherwise. */
  anApp(metadata?: Record<string, unknown>): Promise<App>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** A form to a back-channel endpoint, by the app's own method. */
  post(
    path: string,
    form: Record<string, string> | URLSearchParams,
    app?: App,
    headers?: Record<string, string>,
  ): Promise<Answer>
  authorizeUrl(app: App, parameters?: Record<string, string>): { readonly url: string; readonly verifier: string }
  /** Logs in and consents, with the visitor's cookies if one is given. @returns where the browser was sent */
  authorize(
    person: Person,
    app: App,
    parameters?: Record<string, string>,
    visitor?: Visitor,
  ): Promise<{ readonly to: URL; readonly verifier: string }>
  redeem(app: App, code: string, verifier: string, more?: Record<string, string>): Promise<Answer>
  /** The whole way. */
  logIn(person: Person, app: App, parameters?: Record<string, string>, visitor?: Visitor): Promise<Tokens>
  refresh(app: App, refreshToken: string, more?: Record<string, string>): Promise<Answer>
  introspect(app: App, token: string): Promise<Record<string, unknown>>
}

export const claims = (token: unknown): JWTPayload => decodeJwt(String(token))
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

/** One person's password is hashed once for all tests of a process: its cost is not what they are about. */
const password = 'correct horse battery staple'
let hashed: Promise<string> | undefined

export type ServerOptions = {
  readonly clock?: HeldClock
  readonly remoteKeys?: RemoteKeys
  /** A door of the test's own; by default the real one, which reaches this machine too. */
  readonly outbound?: Outbound
  readonly env?: Readonly<Record<string, string>>
  /** A database that the test brings, for instance one behind something it can cut. */
  readonly on?: { readonly url: string; readonly database: Database }
  /** A second server on the same database and keys. */
  readonly beside?: TestServer
  /** Of the issuer, for instance `/tenant`. */
  readonly path?: string
  /** The slow hash, for a test that counts it. */
  readonly hasher?: Hasher
  /** How many may wait for it. */
  readonly waiting?: number
  /** With the demo person, the demo app and the demo API beside it. */
  readonly demo?: boolean
  /** pino's, or `silent`; everything is kept by default. */
  readonly logLevel?: string
  /** Takes what is logged, in place of `log()`. */
  readonly onLog?: (lines: string) => void
}

const keysDirs = new WeakMap<TestServer, string>()

/** The real server on a real port over a real PostgreSQL; only its clock is held. */
export const aServer = async (t: Lifetime, options: ServerOptions = {}): Promise<TestServer> => {
  const { beside } = options
  const clock = options.clock ?? beside?.clock ?? aClock()
  const own = options.on ?? (beside ? undefined : await aDatabase(t))
  const database = own?.database ?? beside?.database
  const databaseUrl = own?.url ?? beside?.databaseUrl
  if (!database || databaseUrl === undefined) throw new Error('a server needs a database')
  const keysDir = (beside && keysDirs.get(beside)) ?? (await mkdtemp(join(tmpdir(), 'tessera-keys-')))
  const port = await freePort()
  const scheme = options.env?.TLS_CERT_FILE === undefined ? 'http' : 'https'
  const issuer = beside?.issuer ?? `${scheme}://127.0.0.1:${port}${options.path ?? ''}`
  const config: Config = readConfig({
    NODE_ENV: 'test',
    ISSUER: issuer,
    KEYS_DIR: keysDir,
    DATABASE_URL: databaseUrl,
    ...options.env,
  })

  let logged = ''
  const destination = new Writable({
    write(chunk, _encoding, done) {
      if (options.onLog) options.onLog(String(chunk))
      else logged += String(chunk)
      done()
    },
  })
  const log = createLogger({ level: options.logLevel ?? 'trace', destination })
  const stores = createStores(database, { log })
  if (!beside) await giveKeys(config, stores, clock)
  const readiness = createReadiness()
  const parts = await assemble({ config, database, stores, clock, random: systemRandom, readiness, log })
  const demo = options.demo ? await createDevelopment({ parts, stores }) : undefined
  const { outboundAllow: allow, registrationOutboundAllow: allowRegistered } = config
  const outbound = options.outbound ?? createOutbound({ allowLoopback: true, allow, allowRegistered, timeout: 60_000 })
  const app = await createApp({
    ...parts,
    ...(options.hasher && {
      passwords: createPasswords({
        concurrency: 4,
        random: systemRandom,
        hasher: options.hasher,
        waiting: options.waiting,
      }),
    }),
    log,
    tls: config.tls && tlsOptions(config.tls),
    outbound,
    remoteKeys: options.remoteKeys ?? createRemoteKeys({ clock, log, outbound }),
    development: async () =>
      demo && { ...demo.shown, administratorMissing: !(await stores.adminLinks.hasAdministrator()) },
    ...(demo && { demo: demo.routes }),
  })
  await app.listen({ host: '127.0.0.1', port })
  const { mutualTls } = parts.senderConstraint
  const mutualTlsPort = config.mutualTls?.port
  const forCertificates =
    config.tls && mutualTls && mutualTlsPort !== undefined
      ? await listenForCertificates(app, {
          ...mutualTls,
          tls: tlsOptions(config.tls),
          issuer,
          host: '127.0.0.1',
          port: mutualTlsPort,
        })
      : undefined
  const courier = startCourier({ parts, stores, outbound, log })
  t.teardown(async () => {
    await forCertificates?.close()
    await app.close()
    await courier.close()
    await parts.feed.close()
    await stores.changes.close()
    if (!beside) await rm(keysDir, { recursive: true, force: true })
  })
  const base = `${scheme}://127.0.0.1:${port}${new URL(issuer).pathname.replace(/\/$/, '')}`

  const answer = async (response: Response): Promise<Answer> => {
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } }
  }

  const server: TestServer = {
    issuer,
    clock,
    stores,
    base,
    database,
    databaseUrl,
    keys: parts.keys,
    courier,
    log: () => logged,
    visitor: () => aVisitor(base),
    cut: () => {
      app.server.close()
      app.server.closeAllConnections()
    },

    async aPerson(username = 'alice', claims = {}) {
      hashed ??= parts.passwords.hash(password)
      const key = parseUsername(username)?.key ?? username
      const person = { id: systemRandom.uuid(), username, usernameKey: key, passwordHash: await hashed, claims }
      await stores.users.create({ ...person, admin: false, createdAt: clock.now() })
      return { id: person.id, username, password }
    },

    async anApp(metadata = {}) {
      const client_id = `app-${randomBytes(6).toString('hex')}`
      const redirectUri = 'https://app.example/cb'
      const checked = checkMetadata({
        client_name: 'An app',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'openid profile email offline_access read write',
        ...metadata,
      })
      const usesSecret = checked.token_endpoint_auth_method.startsWith('client_secret')
      const secret = usesSecret ? randomBytes(32).toString('base64url') : undefined
      const secrets = secret === undefined ? [] : [aSecret(secret)]
      await stores.clients.create(client_id, checked, secrets, clock.now())
      return { client_id, secret, redirectUri: checked.redirect_uris[0] ?? redirectUri }
    },

    get: async (path, headers = {}) => answer(await fetch(base + path, { headers, redirect: 'manual' })),

    async post(path, form, app, headers = {}) {
      const body = new URLSearchParams(form)
      const basic =
        app?.secret === undefined ? undefined : Buffer.from(`${app.client_id}:${app.secret}`).toString('base64')
      if (app && basic === undefined && !body.has('client_id')) body.set('client_id', app.client_id)
      const authorization = basic === undefined ? {} : { authorization: `Basic ${basic}` }
      return answer(
        await fetch(base + path, {
          method: 'POST',
          body,
          headers: { ...authorization, ...headers },
          redirect: 'manual',
        }),
      )
    },

    authorizeUrl(app, parameters = {}) {
      const verifier = randomBytes(32).toString('base64url')
      const query = new URLSearchParams({
        client_id: app.client_id,
        redirect_uri: app.redirectUri,
        response_type: 'code',
        scope: 'openid offline_access read',
        state: 'the state',
        nonce: 'the nonce',
        code_challenge: challengeOf(verifier),
        code_challenge_method: 'S256',
      })
      // An empty value leaves the parameter out.
      for (const [name, value] of Object.entries(parameters)) value === '' ? query.delete(name) : query.set(name, value)
      return { url: `${base}/oauth2/authorize?${query}`, verifier }
    },

    async authorize(person, app, parameters, visitor = server.visitor()) {
      const { url, verifier } = server.authorizeUrl(app, parameters)
      let page = await visitor.visit(url)
      if (page.forms.some(({ id }) => id === 'login-form')) {
        const { username, password } = person
        page = await visitor.submit('login-form', { username, password }, 'login-submit')
      }
      if (page.forms.some(({ id }) => id === 'consent-form'))
        page = await visitor.submit('consent-form', {}, 'consent-allow')
      if (!page.leaves) throw new Error(`the browser stays at ${page.url}: ${page.status} ${page.html.slice(0, 3000)}`)
      return { to: page.leaves, verifier }
    },

    redeem: (app, code, verifier, more = {}) =>
      server.post(
        '/oauth2/token',
        { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri, code_verifier: verifier, ...more },
        app,
      ),

    async logIn(person, app, parameters, visitor) {
      const { to, verifier } = await server.authorize(person, app, parameters, visitor)
      const code = to.searchParams.get('code')
      if (code === null) throw new Error(`no code: ${to.href}`)
      const { status, body } = await server.redeem(app, code, verifier)
      if (status !== 200) throw new Error(`the code was refused: ${JSON.stringify(body)}`)
      return {
        access_token: String(body.access_token),
        refresh_token: String(body.refresh_token),
        id_token: String(body.id_token),
        expires_in: Number(body.expires_in),
        scope: String(body.scope),
      }
    },

    refresh: (app, refreshToken, more = {}) =>
      server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...more }, app),

    introspect: async (app, token) => (await server.post('/oauth2/introspect', { token }, app)).body,
  }
  keysDirs.set(server, keysDir)
  return server
}
