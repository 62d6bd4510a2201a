import t from 'tap'
import { checkMetadata, InvalidMetadata } from '../../src/oauth/registration.ts'

const app = { client_name: 'An app', redirect_uris: ['https://app.example/cb'] }
const mistakesOf = (input: Readonly<Record<string, unknown>>): readonly string[] => {
  try {
    checkMetadata({ ...app, ...input })
  } catch (error) {
    if (error instanceof InvalidMetadata) return error.mistakes.map(({ field }) => field)
    throw error
  }
  return []
}
const two = ['https://a.example', 'https://b.example']

t.test('T19 the policies of a refresh have defaults that log no honest client out', async (t) => {
  t.match(checkMetadata(app), {
    rotation: 'rotate',
    stale: 'revoke',
    retry_elsewhere: 'observe',
    early_refresh: 'observe',
    pair_binding: 'off',
  })
})

t.test('T19 a policy has the values it has', async (t) => {
  for (const [field, values] of Object.entries({
    early_refresh: ['allow', 'observe', 'revoke'],
    pair_binding: ['off', 'observe', 'enforce'],
    retry_elsewhere: ['observe', 'revoke'],
  })) {
    for (const value of values) t.same(mistakesOf({ [field]: value }), [], `${field} ${value}`)
    for (const value of ['', 'ignore', true, null]) t.same(mistakesOf({ [field]: value }), [field], `${field} ${value}`)
  }
})

t.test('T19 a policy that would protect nobody is refused', async (t) => {
  t.same(mistakesOf({ stale: 'refuse' }), ['stale'], 'where nothing binds tokens, a thief would be spared')
  t.same(mistakesOf({ stale: 'refuse', token_endpoint_auth_method: 'none' }), ['stale'])
  t.same(mistakesOf({ rotation: 'reuse', early_refresh: 'revoke' }), ['early_refresh'])
  t.same(mistakesOf({ rotation: 'reuse', retry_elsewhere: 'revoke' }), ['retry_elsewhere'])
  t.same(mistakesOf({ rotation: 'reuse', early_refresh: 'observe', pair_binding: 'enforce' }), [])
  t.same(mistakesOf({ early_refresh: 'revoke', resources: two }), ['early_refresh'], 'two APIs refresh in turn')
  t.same(mistakesOf({ early_refresh: 'revoke', resources: two.slice(1) }), [])
  t.same(mistakesOf({ early_refresh: 'observe', resources: two }), [])
})
