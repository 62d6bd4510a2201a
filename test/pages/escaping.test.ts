import t from 'tap'
import { consentPage } from '../../src/pages/consent.tsx'
import { render } from '../../src/pages/document.tsx'
import { formPostPage } from '../../src/pages/form-post.tsx'
import { languages } from '../../src/pages/language.ts'
import { destination, webLink } from '../../src/pages/link.ts'
import { logoutPage } from '../../src/pages/logout.tsx'
import { aConsent, everyPage, plain, type Words } from '../support/gallery.ts'

const attack = `"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}&lt;\r\nSet-Cookie: a=b`
const hostile: Words = { app: attack, person: attack, value: attack, uri: `https://evil.example/${attack}` }

/** The names of elements and attributes alone: what was data must not have become any of these. */
const markup = (html: string): readonly string[] =>
  [...html.matchAll(/<\/?([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(
    ([, element = '', attributes = '']) => `${element}${attributes.replaceAll(/="[^"]*"/g, '')}`,
  )

for (const [name, draw] of Object.entries(everyPage(hostile))) {
  t.test(`R11, S6, S20: markup in names and values stays text on ${name}`, async (t) => {
    for (const language of languages) {
      const html = draw({ language, base: '', nonce: 'abc' })
      t.notMatch(html, /<script>a|<img src=x/)
      t.notMatch(html, /<[^>"]*("[^"]*"[^>"]*)*\sonerror/, 'no attribute escaped from its quotes')
      t.same(
        [...html.matchAll(/<script\b[^>]*>/g)].filter(([tag]) => !/ nonce="abc"/.test(tag)),
        [],
      )
      t.notMatch(html, /\sstyle="|\son[a-z]+="/, 'nothing the Content-Security-Policy would refuse')
    }
  })
}

t.test('R11 the measure itself: an unescaped page would be caught', async (t) => {
  t.notSame(markup(`<input value="${attack}"/>`), markup('<input value="tame"/>'))
  t.notSame(markup(`<p>${attack}</p>`), markup('<p>tame</p>'))
})

t.test('R11 the same elements whatever the words', async (t) => {
  const tame: Words = { ...plain, value: 'value', uri: 'https://evil.example/callback' }
  for (const name of Object.keys(everyPage(tame))) {
    const shape = (words: Words) => markup(everyPage(words)[name]?.({ language: 'en', base: '', nonce: 'abc' }) ?? '')
    t.ok(shape(tame).length > 10, name)
    t.same(shape(hostile), shape(tame), name)
  }
})

const readBack = (html: string, name: string): string | undefined =>
  new RegExp(`name="${name}" value="([^"]*)"`)
    .exec(html)?.[1]
    ?.replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const states = ['"><script>', '\r\nSet-Cookie: a=b', 'x'.repeat(8192), '티켓 🎫', '&quot;&amp;', "' onfocus='alert(1)"]
for (const state of states) {
  t.test(`R11, S20 state ${JSON.stringify(state.slice(0, 20))} comes back as it was`, async (t) => {
    const posted = formPostPage(
      { app: 'Notes', redirectUri: 'https://notes.example/cb', parameters: [['state', state]] },
      { language: 'en', base: '', nonce: 'abc' },
    )
    t.equal(readBack(posted, 'state'), state)
    t.equal(
      readBack(logoutPage({ csrf: 'c', fields: [['state', state]] }, { language: 'ko', base: '' }), 'state'),
      state,
    )
  })
}

t.test('R11 form_post: the script carries the nonce, and without one there is only the button', async (t) => {
  const data = { app: 'Notes', redirectUri: 'https://notes.example/cb', parameters: [['code', 'c']] } as const
  t.match(
    formPostPage(data, { language: 'en', base: '', nonce: 'abc' }),
    '<script nonce="abc">document.forms[0].submit()</script>',
  )
  const calm = formPostPage(data, { language: 'en', base: '' })
  t.notMatch(calm, '<script')
  t.match(calm, /<button class="primary" type="submit">/)
})

t.test('R15 a page asks third parties for nothing', async (t) => {
  const html = render({ title: 'Title', lang: 'en', base: '', nonce: 'abc', children: 'text' })
  for (const [, path = ''] of html.matchAll(/\s(?:src|href)="([^"]*)"/g)) t.match(path, /^\/assets\//)
  t.match(html, /^<!doctype html><html lang="en">/)
})

t.test('S6 only https and data images become a logo', async (t) => {
  const header = (logo: string) =>
    /<header>.*<\/header>/.exec(render({ title: 'T', lang: 'en', base: '', logo, children: '' }))?.[0]
  t.match(header('https://notes.example/logo.png'), /<img src="https:\/\/notes.example\/logo.png" alt[ =]/)
  t.match(header('data:image/png;base64,AA'), /<img /)
  for (const logo of ['javascript:alert(1)', 'http://notes.example/logo.png', 'data:text/html,x', '/logo.png']) {
    t.notMatch(header(logo), /<img /, logo)
  }
})

t.test('S6 a link leads to the web or is no link', async (t) => {
  t.equal(webLink('https://notes.example/terms'), 'https://notes.example/terms')
  for (const uri of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    '/x',
    '',
    undefined,
  ]) {
    t.equal(webLink(uri), undefined, String(uri))
  }
  const bad = 'javascript:alert(1)'
  const html = consentPage(aConsent(plain, { client: { name: 'Notes', uri: bad, policy: bad, terms: bad } }), {
    language: 'en',
    base: '',
  })
  t.notMatch(html, /javascript:|<footer/)
})

t.test('S6 the person sees where a redirect leads', async (t) => {
  t.same(destination('https://notes.example:8443/cb?x=1'), { is: 'site', host: 'notes.example:8443' })
  t.same(destination('https://notes.example@evil.example/cb'), { is: 'site', host: 'evil.example' })
  t.same(destination('https://nоtes.example/cb'), { is: 'site', host: 'xn--ntes-55d.example' }, 'a Cyrillic o')
  t.same(destination('http://127.0.0.1:53123/cb'), { is: 'device', host: '127.0.0.1:53123' })
  t.same(destination('http://[::1]:53123/cb'), { is: 'device', host: '[::1]:53123' })
  t.same(destination('https://127.0.0.1.evil.example/cb'), { is: 'site', host: '127.0.0.1.evil.example' })
  t.same(destination('com.example.notes:/cb'), { is: 'app', scheme: 'com.example.notes' })
})
