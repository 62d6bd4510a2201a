import { createHash, randomUUID } from 'node:crypto'
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import type { Test } from 'tap'
import type { Answer, App, Person, TestServer } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

/** How the answer comes to the client: the two plans "Basic OP" and "Form Post Basic OP" differ in nothing else. */
export const deliveries = ['query', 'form_post'] as const
export type Delivery = (typeof deliveries)[number]

/** The title of a module's test, as the table reads it. */
export const titled = (module: string, delivery: Delivery, holds: string): string =>
  `${module}${delivery === 'form_post' ? ' (form_post)' : ''}: ${holds}`

export const everything = {
  name: 'Rosa Example',
  given_name: 'Rosa',
  family_name: 'Example',
  middle_name: 'Maria',
  nickname: 'ro',
  preferred_username: 'rosa',
  profile: 'https://people.example/rosa',
  picture: 'https://people.example/rosa.png',
  website: 'https://rosa.example',
  gender: 'female',
  birthdate: '1990-05-01',
  zoneinfo: 'Asia/Seoul',
  locale: 'ko-KR',
  updated_at: 1_760_000_000,
  email: 'rosa@example.com',
  email_verified: true,
  address: { formatted: '1 Jong-ro, Seoul', locality: 'Seoul', country: 'KR' },
  phone_number: '+82 2 555 0100',
  phone_number_verified: false,
}

/** What came to the client's redirect URI, and what the person saw on the way. */
export type Asked = {
  readonly sent: Readonly<Record<string, string>>
  readonly page: Page
  readonly visitor: Visitor
  readonly saw: readonly ('login' | 'consent')[]
  /** Undefined when the browser stayed at the server. */
  readonly callback: Readonly<Record<string, string>> | undefined
}
export type LoggedIn = Asked & { readonly tokens: Answer; readonly idToken: JWTPayload }

export type Ask = {
  readonly visitor?: Visitor
  readonly post?: boolean
  /** Makes the query of the parameters. */
  readonly order?: (parameters: URLSearchParams) => URLSearchParams
}

/** What the suite's modules of both plans do alike, through plain HTTP and forms, by the addresses of discovery. */
export type Client = {
  readonly server: TestServer
  readonly discovery: Readonly<Record<string, unknown>>
  readonly person: Person
  /** As registered with the suite: confidential, and it sends no PKCE. */
  anApp(metadata?: Record<string, unknown>): Promise<App>
  ask(app: App, changes?: Record<string, string>, how?: Ask): Promise<Asked>
  /** @throws when the callback has no code */
  redeem(app: App, asked: Asked, more?: Record<string, string>): Promise<Answer>
  /** The whole way, with every check that the suite makes of each part. */
  logIn(t: Test, app: App, changes?: Record<string, string>, how?: Ask): Promise<LoggedIn>
  /** OIDC Core §3.1.3.7. */
  checkIdToken(t: Test, idToken: unknown, app: App, nonce?: string, accessToken?: unknown): Promise<JWTPayload>
  userinfo(accessToken: unknown): Promise<Answer>
  path(endpoint: string): string
}

export const aServerToTest = async (t: Test) => {
  const server = await aTlsServer(t, { env: { REGISTRATION: 'open', REGISTRATION_PKCE: 'optional' } })
  const discovery = (await server.get('/.well-known/openid-configuration')).body
  const person = await server.aPerson('rosa', everything)
  return { server, discovery, person }
}

export const aClient = (under: Awaited<ReturnType<typeof aServerToTest>>, delivery: Delivery): Client => {
  const { server, discovery, person } = under
  const keys = createRemoteJWKSet(new URL(String(discovery.jwks_uri)), { cooldownDuration: 0 })
  const path = (endpoint: string) => new URL(String(discovery[endpoint])).pathname

  const callbackOf = (page: Page, redirectUri: string) => {
    if (delivery === 'query' || page.leaves) {
      const at = page.leaves && page.leaves.origin + page.leaves.pathname
      return delivery === 'query' && at === redirectUri && page.leaves
        ? Object.fromEntries(page.leaves.searchParams)
        : undefined
    }
    const form = page.forms.find(({ action }) => action === redirectUri)
    return form?.method === 'post' && page.status === 200 ? form.fields : undefined
  }

  const ask: Client['ask'] = async (app, changes = {}, how = {}) => {
    const visitor = how.visitor ?? server.visitor()
    const parameters = new URLSearchParams({
      client_id: app.client_id,
      redirect_uri: app.redirectUri,
      scope: 'openid',
      state: randomUUID(),
      nonce: randomUUID(),
      response_type: 'code',
      ...(delivery === 'form_post' && { response_mode: 'form_post' }),
    })
    // An empty value leaves the parameter out.
    for (const [name, value] of Object.entries(changes))
      value === '' ? parameters.delete(name) : parameters.set(name, value)
    const body = how.order?.(parameters) ?? parameters
    const endpoint = String(discovery.authorization_endpoint)
    const foreign = { origin: new URL(app.redirectUri).origin, 'sec-fetch-site': 'cross-site' }
    let page = how.post
      ? await visitor.visit(endpoint, { method: 'POST', body, headers: foreign })
      : await visitor.visit(`${endpoint}?${body}`)
    const saw: ('login' | 'consent')[] = []
    if (page.forms.some(({ id }) => id === 'login-form')) {
      saw.push('login')
      const { username, password } = person
      page = await visitor.submit('login-form', { username, password }, 'login-submit')
    }
    if (page.forms.some(({ id }) => id === 'consent-form')) {
      saw.push('consent')
      page = await visitor.submit('consent-form', {}, 'consent-allow')
    }
    return { sent: Object.fromEntries(parameters), page, visitor, saw, callback: callbackOf(page, app.redirectUri) }
  }

  const redeem: Client['redeem'] = async (app, { callback, page }, more = {}) => {
    if (!callback?.code) throw new Error(`no code: ${page.status} ${page.leaves} ${JSON.stringify(callback)}`)
    const form = { grant_type: 'authorization_code', code: callback.code, redirect_uri: app.redirectUri, ...more }
    return server.post(path('token_endpoint'), form, app)
  }

  const checkIdToken: Client['checkIdToken'] = async (t, idToken, app, nonce, accessToken) => {
    const now = server.clock.now()
    const { payload, protectedHeader } = await jwtVerify(String(idToken), keys, {
      issuer: server.issuer,
      audience: app.client_id,
      algorithms: ['RS256'],
      currentDate: now,
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    t.ok(protectedHeader.kid, 'OIDC Core §10.1 kid')
    t.equal(payload.aud, app.client_id)
    t.notOk('azp' in payload && payload.azp !== app.client_id)
    t.match(payload.sub, /^[\x20-\x7e]{1,255}$/)
    const seconds = Math.floor(now.getTime() / 1000)
    t.ok((payload.iat ?? Number.NaN) <= seconds && (payload.exp ?? Number.NaN) > seconds)
    t.equal(payload.nonce, nonce, 'the nonce that was sent, or none')
    if (payload.auth_time !== undefined) t.ok(Number(payload.auth_time) <= seconds)
    if (accessToken !== undefined) t.equal(payload.at_hash, atHash(String(accessToken)), 'OIDC Core §3.1.3.6')
    return payload
  }

  return {
    server,
    discovery,
    person,
    ask,
    redeem,
    checkIdToken,
    path,
    anApp: (metadata = {}) =>
      server.anApp({ pkce: 'optional', scope: 'openid profile email address phone offline_access', ...metadata }),
    userinfo: (accessToken) => server.get(path('userinfo_endpoint'), { authorization: `Bearer ${accessToken}` }),

    async logIn(t, app, changes = {}, how = {}) {
      const asked = await ask(app, changes, how)
      const { sent, callback } = asked
      t.match(callback, { code: String, iss: server.issuer })
      t.notOk(callback && 'error' in callback)
      t.equal(callback?.state, sent.state)
      const tokens = await redeem(app, asked)
      t.equal(tokens.status, 200, JSON.stringify(tokens.body))
      t.match(tokens.headers.get('content-type'), /^application\/json/)
      t.match(tokens.headers.get('cache-control'), /\bno-store\b/, 'OIDC Core §3.1.3.3')
      t.match(tokens.body, { access_token: String, id_token: String, token_type: /^bearer$/i, expires_in: Number })
      const idToken = await checkIdToken(t, tokens.body.id_token, app, sent.nonce, tokens.body.access_token)
      return { ...asked, tokens, idToken }
    },
  }
}

export const kidOf = (token: unknown): string | undefined => decodeProtectedHeader(String(token)).kid

/** Of RS256. */
const atHash = (token: string): string =>
  createHash('sha256').update(token, 'ascii').digest().subarray(0, 16).toString('base64url')

/** A page of the server that says what is wrong: nothing goes to the client (RFC 6749 §4.1.2.1). */
export const isErrorPage = ({ page, callback }: Asked): boolean =>
  callback === undefined && !page.leaves && page.status === 400 && page.html.includes('id="error-page"')
