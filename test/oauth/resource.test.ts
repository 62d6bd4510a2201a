import t from 'tap'
import { audienceFor, parseResources } from '../../src/oauth/resource.ts'

const issuer = 'https://id.example'
const [a, b] = ['https://a.example/', 'urn:example:b']
const invalid = { code: 'invalid_target' }

t.test('T11 a resource is an absolute URI without a fragment, and one of those allowed (RFC 8707 §2)', async (t) => {
  t.same(parseResources([a, b, a], [a, b]), [a, b])
  for (const uri of [
    '/relative',
    'a.example',
    '//a.example',
    `${a}#`,
    `${a}#f`,
    'https://',
    'https://a b/',
    'a:',
    'https://a/\u0000',
  ])
    t.throws(() => parseResources([uri], [uri]), invalid, JSON.stringify(uri))
  for (const uri of ['https://c.example/', 'https://a.example', 'https://A.example/', 'https://a.example/x'])
    t.throws(() => parseResources([uri], [a, b]), invalid, uri)
})

t.test('T11 at most ten', async (t) => {
  t.same(parseResources(Array(10).fill(a), [a]), [a])
  t.throws(() => parseResources(Array(11).fill(a), [a]), invalid)
  t.throws(() => parseResources(Array(100).fill(a), [a]), invalid)
})

t.test('T11 aud is exactly the resource', async (t) => {
  t.same(audienceFor([b], [a, b], ['openid'], issuer), [b])
  t.same(audienceFor([b, a], [a, b], [], issuer), [b, a])
  t.throws(() => audienceFor([b], [a], ['openid'], issuer), invalid)
  t.throws(() => audienceFor([issuer], [a], ['openid'], issuer), invalid)
})

t.test('RFC 9068 §3: the default resource, or the issuer for a login alone, or nothing', async (t) => {
  t.same(audienceFor([], [a, b], ['openid'], issuer), [a])
  t.same(audienceFor([], [], ['openid'], issuer), [issuer])
  t.throws(() => audienceFor([], [], ['read'], issuer), invalid)
  t.throws(() => audienceFor([], [], [], issuer), invalid)
})
