import fc from 'fast-check'
import t from 'tap'
import { formatScope, parseScope, within } from '../../src/oauth/scope.ts'

t.test('RFC 6749 §3.3: values in their order, each once', async (t) => {
  t.same(parseScope('openid  profile openid '), ['openid', 'profile'])
  t.same(parseScope(undefined), [])
  t.equal(formatScope(['openid', 'profile']), 'openid profile')
})

t.test('RFC 6749 §3.3: other characters are invalid_scope', async (t) => {
  for (const text of ['a\tb', 'a"b', 'a\\b', 'a\u00e9', 'a\nb', '\u0000'])
    t.throws(() => parseScope(text), { code: 'invalid_scope' }, JSON.stringify(text))
  t.same(parseScope('urn:x:read https://api.example/a !#[]~'), ['urn:x:read', 'https://api.example/a', '!#[]~'])
})

t.test('D4 at most a hundred values', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`).join(' ')
  t.equal(parseScope(many(100)).length, 100)
  t.throws(() => parseScope(many(101)), { code: 'invalid_scope' })
})

t.test('T10 what is asked for must be allowed, to the letter', async (t) => {
  t.ok(within([], []))
  t.ok(within(['a'], ['a', 'b']))
  t.notOk(within(['a', 'c'], ['a', 'b']))
  t.notOk(within(['A'], ['a']))
})

t.test('what was formatted is parsed back', async () => {
  const value = fc.stringMatching(/^[!#-[\]-~]{1,8}$/)
  fc.assert(
    fc.property(fc.uniqueArray(value, { maxLength: 20 }), (scope) => {
      return formatScope(parseScope(formatScope(scope))) === formatScope(scope)
    }),
  )
})
