import fc from 'fast-check'
import t from 'tap'
import { isRegistrable, matches } from '../../src/oauth/redirect-uri.ts'

t.test('R1 redirect URIs are compared character by character (RFC 9700 §4.1.3)', async (t) => {
  t.ok(matches(['https://c/cb'], 'https://c/cb'))
  for (const sent of [
    'https://c/cb/',
    'https://c/cb?x=1',
    'https://C/cb',
    'https://c:443/cb',
    'https://c/CB',
    'https://c/%63b',
    'https://c/cb#f',
    'https://c/cb#',
    'https://c/cb/../cb',
    'https://c\\@evil/',
    'https://c.evil/cb',
    'http://c/cb',
    'https://c/cb%',
    'https://c/cb ',
    ' https://c/cb',
    'https://c@evil/cb',
    'https://user:pw@c/cb',
    '//c/cb',
    '/cb',
    '',
    'HTTPS://c/cb',
    'https://c/cb%00',
    'https://c/c\nb',
  ])
    t.notOk(matches(['https://c/cb'], sent), JSON.stringify(sent))
})

t.test('R2 a wildcard cannot be registered', async (t) => {
  for (const uri of ['https://*.c/*', 'https://*.c/cb', 'https://c/*', 'http://127.0.0.1:*/cb', 'com.example.app:/*'])
    t.match(isRegistrable(uri), /wildcard/, uri)
  t.notOk(matches(['https://*.c/cb'], 'https://x.c/cb'))
  t.notOk(matches(['https://*.c/cb'], 'https://*.c/cb'), 'not even as itself')
})

t.test('R3 the port of 127.0.0.1 may vary, and nothing else (RFC 8252 §7.3)', async (t) => {
  for (const registered of ['http://127.0.0.1/cb', 'http://127.0.0.1:8080/cb']) {
    for (const sent of ['http://127.0.0.1:53123/cb', 'http://127.0.0.1/cb', 'http://127.0.0.1:65535/cb'])
      t.ok(matches([registered], sent), sent)
    for (const sent of [
      'http://localhost:53123/cb',
      'http://127.0.0.2/cb',
      'http://127.0.0.1.evil/cb',
      'https://127.0.0.1:1/cb',
      'http://127.0.0.1:1/cb/x',
      'http://127.0.0.1:1/cb?x=1',
      'http://127.0.0.1:1/',
      'http://127.0.0.1:1',
      'http://127.0.0.1:65536/cb',
      'http://127.0.0.1:0/cb',
      'http://127.0.0.1:/cb',
      'http://127.0.0.1:080/cb',
      'http://127.0.0.1:1@evil/cb',
      'http://127.0.0.1@evil/cb',
      'http://127.1:1/cb',
      'http://2130706433:1/cb',
      'http://0x7f.0.0.1:1/cb',
      'http://127.0.0.1.:1/cb',
      'http://[::1]:1/cb',
      'HTTP://127.0.0.1:1/cb',
    ])
      t.notOk(matches([registered], sent), sent)
  }
})

t.test('R3 localhost is a name: only as it was registered (RFC 8252 §8.3)', async (t) => {
  t.ok(matches(['http://localhost:8080/cb'], 'http://localhost:8080/cb'))
  t.notOk(matches(['http://localhost:8080/cb'], 'http://localhost:8081/cb'))
  t.notOk(matches(['http://localhost/cb'], 'http://localhost:8080/cb'))
  t.notOk(matches(['http://localhost/cb'], 'http://localhost.evil/cb'))
})

t.test('R4 the port of [::1] may vary; other spellings of it are other hosts', async (t) => {
  t.ok(matches(['http://[::1]/cb'], 'http://[::1]:53123/cb'))
  for (const sent of [
    'http://[::ffff:127.0.0.1]:1/cb',
    'http://[0:0:0:0:0:0:0:1]:1/cb',
    'http://[::0001]:1/cb',
    'http://[::2]:1/cb',
    'http://127.0.0.1:1/cb',
    'https://[::1]:1/cb',
  ])
    t.notOk(matches(['http://[::1]/cb'], sent), sent)
})

t.test('R5 private-use schemes are reversed domain names (RFC 8252 §7.1)', async (t) => {
  for (const uri of ['com.example.app:/cb', 'com.example.app://cb', 'com.example.app:///cb'])
    t.equal(isRegistrable(uri), undefined, uri)
  t.ok(matches(['com.example.app:/cb'], 'com.example.app:/cb'))
  t.notOk(matches(['com.example.app:/cb'], 'com.example.app:/cb2'))
})

t.test('R5 schemes that run content are refused at registration and at use', async (t) => {
  for (const uri of [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'javascript://c/%0aalert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://c/1',
    'about:blank',
    'myapp:/cb',
    'urn:ietf:wg:oauth:2.0:oob',
    'ftp://c/cb',
    'com.example.app:',
    'com.example.app:cb',
    'http://c/cb',
    'https:///cb',
    'https:c/cb',
    'https://',
    'http://127.0.0.2/cb',
    'https://c/./cb',
    'https://c/%2E%2e/cb',
    'https://c/a/..',
    'com.example.app:/../cb',
    'https://c/cb#',
    'https://u@c/cb',
    'https://c/\u00e9',
    'https://c/"><script>',
    `https://c/${'x'.repeat(2048)}`,
  ]) {
    t.type(isRegistrable(uri), 'string', uri.slice(0, 60))
    t.notOk(matches([uri], uri), 'even where the database holds it')
  }
})

t.test('what apps really register is registrable', async (t) => {
  for (const uri of [
    'https://app.example/cb',
    'https://app.example',
    'https://app.example:8443/cb?x=1&y=%20',
    'http://localhost:3000/cb',
    'http://127.0.0.1/',
    'http://[::1]:8080/cb',
    'https://app.example/.well-known/cb',
    'https://app.example/a..b',
  ])
    t.equal(isRegistrable(uri), undefined, uri)
})

t.test('S4 a host is a name of DNS or an address: nothing that means more in a header of ours', async (t) => {
  for (const uri of [
    'https://a;report-uri/cb',
    'https://a.example;frame-ancestors/cb',
    'https://a,b.example/cb',
    "https://'self'.example/cb",
    'https://a%3Bb.example/cb',
    'https://a%2ee.example/cb',
    'https://a(b).example/cb',
    'https://-a.example/cb',
    'https://a-.example/cb',
    'https://a..example/cb',
    'https://a.example./cb',
    'https://a_b.example/cb',
    'https://a.example:/cb',
  ]) {
    t.match(isRegistrable(uri), /has a host that is neither/, uri)
    t.notOk(matches([uri], uri), 'even where the database holds it')
  }
  for (const host of [
    'xn--bcher-kva.example',
    'a-b--c.example',
    'A.Example:8443',
    '192.0.2.1',
    '[2001:db8::1]:8443',
    'c',
  ])
    t.equal(isRegistrable(`https://${host}/cb`), undefined, host)
})

t.test('R1 outside of loopback literals, matching is equality of strings', async () => {
  const piece = fc.constantFrom(
    'https://c',
    'http://',
    '127.0.0.1',
    'localhost',
    ':80',
    '/cb',
    '?',
    '#',
    '@',
    '..',
    '\\',
    'C',
  )
  const uri = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const isLiteral = (text: string) => /^http:\/\/(127\.0\.0\.1|\[::1\])([:/?]|$)/.test(text)
  fc.assert(
    fc.property(uri, uri, (registered, sent) => {
      fc.pre(!isLiteral(sent))
      return matches([registered], sent) === (registered === sent && isRegistrable(sent) === undefined)
    }),
    { numRuns: 2000 },
  )
})

t.test('D5 arbitrary text is judged, in time that grows no faster than it', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void matches([text], text)))
  t.notOk(matches([], `https://${'a.'.repeat(1_000_000)}`))
})
