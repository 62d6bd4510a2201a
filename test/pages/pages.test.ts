import t from 'tap'
import { consentPage } from '../../src/pages/consent.tsx'
import { errorPage } from '../../src/pages/error.tsx'
import { languages } from '../../src/pages/language.ts'
import { loginPage } from '../../src/pages/login.tsx'
import { mark } from '../../src/pages/mark.tsx'
import { script } from '../../src/pages/script.ts'
import { stylesheet } from '../../src/pages/stylesheet.ts'
import { aConsent, aLogin, everyPage, plain } from '../support/gallery.ts'
import { golden } from '../support/golden.ts'

const pages = everyPage(plain)
const drawn = (name: string): string => pages[name]?.({ language: 'en', base: '' }) ?? ''

/** What automation holds on to: design, "Endpoints". */
const stable: Readonly<Record<string, readonly string[]>> = {
  login: ['login-form', 'username', 'password', 'login-submit', 'login-cancel'],
  'login-confirm': ['login-form', 'username', 'password', 'login-submit', 'login-other', 'login-cancel'],
  'select-account': ['select-continue', 'login-other', 'login-cancel'],
  consent: ['consent-form', 'consent-allow', 'consent-deny'],
  'device-code': ['device-form', 'user_code', 'device-submit'],
  'consent-device': ['consent-form', 'consent-allow', 'consent-deny', 'device-warning'],
  logout: ['logout-form', 'logout-confirm'],
  account: ['logout-form', 'logout-confirm'],
  'error-request': ['error-page'],
  'demo-error': ['error-page'],
}
for (const [name, ids] of Object.entries(stable)) {
  t.test(`${name} keeps the ids of its form for automation`, async (t) => {
    for (const id of ids) t.equal(drawn(name).split(` id="${id}"`).length, 2, id)
  })
}

for (const [name, draw] of Object.entries(pages)) {
  t.test(`${name} is a whole document with one heading, in both languages`, async (t) => {
    const [english, korean] = languages.map((language) => draw({ language, base: '', nonce: 'abc' }))
    for (const html of [english ?? '', korean ?? '']) {
      t.equal(html.match(/<h1>/g)?.length, 1)
      const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
      t.equal(new Set(ids).size, ids.length, 'no id twice')
      t.match(html, `href="${stylesheet.path}"`)
      t.match(html, `<script src="${script.path}" nonce="abc" defer></script>`)
    }
    t.match(english, '<html lang="en">')
    t.match(korean, '<html lang="ko">')
    const words = (html = '') => html.replace(/[\s\S]*<main>/, '').replaceAll(/<[^>]*>/g, '')
    t.notMatch(words(english), /[가-힣]/)
    t.match(words(korean), /[가-힣]/)
  })
}

t.test('login: forms work without script, and say what a password manager must know', async (t) => {
  const html = drawn('login')
  t.notMatch(html, '<script')
  t.match(html, /<form id="login-form" method="post" action="\/login">/)
  t.match(html, /name="interaction" value="hx3VpM0o2aQ"/)
  t.match(html, /name="csrf" value="hx3VpM0o2aQ"/)
  t.match(html, /autocomplete="username"/)
  t.match(html, /autocomplete="current-password"/)
  t.notMatch(html, /role="alert"/)
})

t.test('login: login_hint fills the username (OIDC Core §3.1.2.1), and nothing ever fills the password', async (t) => {
  const html = loginPage(aLogin(plain, { username: 'bob@example.com' }), { language: 'en', base: '' })
  t.match(html, /<input[^>]* value="bob@example.com"[^>]*id="username"/)
  t.notMatch(html, /<input[^>]*type="password"[^>]*value=/)
})

t.test('login: a failure is one text whoever it was (S8), and is tied to its fields', async (t) => {
  const html = drawn('login-failed')
  t.match(html, /<p id="login-error" role="alert">The username or password is not right/)
  t.equal(html.match(/aria-describedby="login-error"/g)?.length, 2)
  t.match(drawn('login-wait'), /role="alert">[^<]*45 seconds/)
  t.notMatch(drawn('login-wait'), /aria-invalid/)
})

t.test('login: who is known is shown and not to be changed, but another account may be used', async (t) => {
  const html = drawn('login-confirm')
  t.match(html, /<h1>Confirm it is you<\/h1>/)
  t.match(html, /<input[^>]*readonly[^>]*value="alice"/i)
  t.match(html, /name="decision" value="other"[^>]*formnovalidate/i)
  t.notMatch(drawn('login'), /login-other|readonly/i)
})

t.test('consent: each scope in words, unknown ones by name, new ones marked (S7)', async (t) => {
  const html = drawn('consent')
  t.match(html, /Recognise you when you log in<\/li>/)
  t.match(html, /See your e-mail address <span class="new">New<\/span>/)
  t.match(html, /<code>notes.read<\/code>/)
  t.equal(html.match(/class="new"/g)?.length, 2)
  t.match(html, /you go to notes\.example\./)
  t.match(html, /name="decision" value="allow"/)
  t.match(html, /name="decision" value="deny"/)
  t.match(html, /<strong>alice<\/strong>/)
})

t.test('consent: a scope named like something every object has is still only a name', async (t) => {
  const scope = ['constructor', '__proto__', 'toString'].map((name) => ({ name, added: false }))
  const html = consentPage(aConsent(plain, { scope }), { language: 'en', base: '' })
  for (const { name } of scope) t.match(html, `<code>${name}</code>`)
})

t.test('error: the code, the id, and what to do; the developer section only where it is given', async (t) => {
  const html = drawn('error-redirect_uri')
  t.match(html, '<code>invalid_request</code>')
  t.match(html, '<code>hx3VpM0o2aQ</code>')
  t.notMatch(html, 'error-developer')
  const developer = drawn('error-developer')
  t.match(developer, /callback<mark>\/<\/mark>/, 'marked from where it differs')
  t.match(developer, /<code>code<\/code>/, 'what is right is not marked')
  t.match(developer, /<mark>nothing<\/mark>/, 'what is missing is marked')
  t.match(developer, /<span>nothing<\/span>/, 'what is rightly absent is not')
})

t.test('error: what is shorter than what is registered is marked where it ends', async (t) => {
  const comparisons = [{ parameter: 'redirect_uri', received: 'https://a/c', registered: ['https://a/cb'] }]
  const data = {
    kind: 'redirect_uri',
    code: 'invalid_request',
    requestId: 'r',
    developer: { check: 'c', comparisons },
  } as const
  t.match(errorPage(data, { language: 'en', base: '' }), 'https://a/c<mark>…</mark>')
})

t.test('assets: a path of its content, and nothing of a third party', async (t) => {
  t.match(stylesheet.path, /^\/assets\/tessera\.[\w-]{12}\.css$/)
  t.match(script.path, /^\/assets\/tessera\.[\w-]{12}\.js$/)
  t.equal(mark.path, '/assets/mark.svg')
  t.match(mark.body, /^<svg /)
  t.equal(stylesheet.body.split('{').length, stylesheet.body.split('}').length)
  t.notMatch(stylesheet.body, /url\(|@import/)
})

for (const name of [
  'login',
  'login-failed',
  'consent',
  'consent-device',
  'device-code-given',
  'error-redirect_uri',
  'error-developer',
]) {
  for (const language of languages) {
    t.test(`${name} in ${language} looks as it did`, async (t) => {
      // The assets' names change with their content; the page does not.
      const html = (pages[name]?.({ language, base: '', nonce: 'abc' }) ?? '')
        .replaceAll(/tessera\.[\w-]{12}\./g, 'tessera.')
        .replaceAll('><', '>\n<')
      t.equal(`${html}\n`, golden(`pages/${name}.${language}.html`, `${html}\n`))
    })
  }
}
