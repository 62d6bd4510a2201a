import { administratorDonePage, firstAdministratorPage } from '../../src/pages/administrator.tsx'
import { type Consent, consentPage } from '../../src/pages/consent.tsx'
import { demoErrorPage, demoHomePage, demoSignedInPage } from '../../src/pages/demo.tsx'
import { type ErrorKind, errorPage } from '../../src/pages/error.tsx'
import { formPostPage } from '../../src/pages/form-post.tsx'
import { type Presentation, texts } from '../../src/pages/language.ts'
import { type Login, loginPage, selectAccountPage } from '../../src/pages/login.tsx'
import { loggedOutPage, logoutPage } from '../../src/pages/logout.tsx'
import { startPage } from '../../src/pages/start.tsx'
import { deviceDonePage, userCodePage } from '../../src/pages/user-code.tsx'
import { accountPages } from './account-gallery.ts'
import { adminPages } from './admin-gallery.ts'
import { familyPages } from './family-gallery.ts'

/** Where an app, a person or an attacker chooses the words. */
export type Words = { readonly app: string; readonly person: string; readonly value: string; readonly uri: string }
export const plain: Words = {
  app: 'Notes',
  person: 'alice',
  value: 'hx3VpM0o2aQ',
  uri: 'https://notes.example/callback',
}

type Drawn = (presentation: Presentation) => string

export const aLogin = (words: Words, rest: Partial<Login> = {}): Login => ({
  app: words.app,
  interaction: words.value,
  csrf: words.value,
  ...rest,
})

export const aConsent = (words: Words, rest: Partial<Consent> = {}): Consent => ({
  client: {
    name: words.app,
    uri: 'https://notes.example/',
    policy: 'https://notes.example/privacy',
    terms: 'https://notes.example/terms',
  },
  person: { username: words.person },
  scope: ['openid', 'profile', 'email', 'offline_access', `notes.read`, words.value].map((name) => ({
    name,
    added: name === 'email',
  })),
  resources: [{ name: words.uri, added: true }],
  next: { is: 'redirect', uri: words.uri },
  interaction: words.value,
  csrf: words.value,
  ...rest,
})

const anAskingDevice = (words: Words): Consent['next'] => ({
  is: 'device',
  userCode: 'WDJB-MJHT',
  name: { browser: words.value, system: undefined },
  network: '192.0.2.7',
  at: new Date('2026-01-05T10:30:00Z'),
})

/** Every page there is, with the same words in every place that somebody else fills. */
export const everyPage = (words: Words): Readonly<Record<string, Drawn>> => {
  const { app, person, value, uri } = words
  const error =
    (kind: ErrorKind): Drawn =>
    (presentation) =>
      errorPage({ kind, code: 'invalid_request', requestId: value, app: { name: app, uri } }, presentation)
  return {
    login: (p) => loginPage(aLogin(words), p),
    'login-to-server': (p) => loginPage(aLogin(words, { app: undefined, username: person }), p),
    'login-failed': (p) => loginPage(aLogin(words, { username: person, failure: { is: 'wrong' } }), p),
    'login-wait': (p) => loginPage(aLogin(words, { username: person, failure: { is: 'wait', seconds: 45 } }), p),
    'login-busy': (p) => loginPage(aLogin(words, { username: person, failure: { is: 'busy', seconds: 2 } }), p),
    'login-full': (p) => loginPage(aLogin(words, { username: person, failure: { is: 'full' } }), p),
    'login-to-account': (p) =>
      loginPage(aLogin(words, { app: undefined, interaction: undefined, next: '/account/ended' }), p),
    'login-confirm': (p) => loginPage(aLogin(words, { known: { username: person }, failure: { is: 'wrong' } }), p),
    'select-account': (p) =>
      selectAccountPage({ app, person: { username: person }, interaction: value, csrf: value }, p),
    'login-unverified': (p) => loginPage(aLogin(words, { unverified: { redirectUri: uri } }), p),
    consent: (p) => consentPage(aConsent(words), p),
    'consent-minimal': (p) =>
      consentPage(
        aConsent(words, {
          client: { name: app },
          scope: [{ name: 'openid', added: false }],
          resources: [],
          next: { is: 'redirect', uri: 'http://127.0.0.1:8400/callback' },
        }),
        p,
      ),
    'consent-unverified': (p) =>
      consentPage(aConsent(words, { client: { name: app, unverified: true }, resources: [] }), p),
    'consent-device': (p) => consentPage(aConsent(words, { client: { name: app }, next: anAskingDevice(words) }), p),
    'device-code': (p) => userCodePage({ csrf: value }, p),
    'device-code-given': (p) => userCodePage({ csrf: value, code: 'WDJB-MJHT' }, p),
    'device-code-unknown': (p) => userCodePage({ csrf: value, code: value, failure: { is: 'unknown' } }, p),
    'device-code-wait': (p) => userCodePage({ csrf: value, code: value, failure: { is: 'wait', seconds: 42 } }, p),
    'device-allowed': (p) => deviceDonePage({ app, allowed: true }, p),
    'device-denied': (p) => deviceDonePage({ app, allowed: false }, p),
    logout: (p) => logoutPage({ app, person: { username: person }, csrf: value, fields: [['state', value]] }, p),
    'logged-out': (p) => loggedOutPage({ back: { app, uri } }, p),
    'logged-out-alone': (p) => loggedOutPage({}, p),
    'logged-out-telling': (p) => loggedOutPage({ back: { app, uri }, frames: [`about:blank#${value}`] }, p),
    ...Object.fromEntries(
      Object.keys(texts.en.error.kinds).map((kind) => [`error-${kind}`, error(kind as ErrorKind)] as const),
    ),
    'error-developer': (p) =>
      errorPage(
        {
          kind: 'redirect_uri',
          code: 'invalid_request',
          requestId: value,
          developer: {
            check: 'redirect_uri is registered, character by character (RFC 9700 §2.1)',
            comparisons: [
              { parameter: 'redirect_uri', received: `${uri}/`, registered: ['https://notes.example/cb', uri] },
              { parameter: 'response_type', received: 'code', registered: ['code'] },
              { parameter: 'code_challenge', received: undefined, registered: ['required'] },
              { parameter: 'request', received: undefined, registered: [] },
            ],
          },
        },
        p,
      ),
    'form-post': (p) =>
      formPostPage(
        {
          app,
          redirectUri: uri,
          parameters: [
            ['code', 'tsc_1'],
            ['state', value],
            ['iss', 'https://id.example'],
          ],
        },
        p,
      ),
    'first-administrator': (p) =>
      firstAdministratorPage({ token: value, csrf: value, minimumLength: 12, action: '/setup' }, p),
    'first-administrator-failed': (p) =>
      firstAdministratorPage(
        { token: value, csrf: value, minimumLength: 12, action: '/setup', username: person, failure: 'mismatch' },
        p,
      ),
    'administrator-done': (p) => administratorDonePage({ username: person, next: '/account' }, p),
    ...accountPages(words),
    ...adminPages(words),
    ...familyPages(words),
    'start-development': (p) =>
      startPage(
        {
          issuer: 'http://localhost:3000',
          development: {
            demo: { path: '/demo', username: person, password: value },
            curl: 'curl -u demo-service:secret -d grant_type=client_credentials http://localhost:3000/oauth2/token',
            administratorMissing: true,
          },
        },
        p,
      ),
    'start-production': (p) => startPage({ issuer: 'https://id.example' }, p),
    'demo-home': (p) => demoHomePage({ logIn: '/demo/login' }, p),
    'demo-signed-in': (p) =>
      demoSignedInPage(
        {
          person,
          claims: {
            sub: '018f3c1e-7b1a-7cc2-9c55-0a3d2f6f5a10',
            name: app,
            email: value,
            email_verified: true,
            amr: ['pwd'],
          },
          token: { expiresAt: new Date('2026-01-05T10:40:00Z'), generation: 3 },
          answer: { status: 200, body: JSON.stringify({ hello: person, scope: value }) },
          csrf: value,
          actions: { refresh: '/demo/refresh', call: '/demo/call', logOut: '/demo/logout' },
        },
        p,
      ),
    'demo-error': (p) => demoErrorPage({ code: value, description: app, home: '/demo' }, p),
  }
}
