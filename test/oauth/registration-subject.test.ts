import t from 'tap'
import { checkMetadata, InvalidMetadata } from '../../src/oauth/registration.ts'

const mistakesOf = (metadata: object): readonly string[] => {
  try {
    checkMetadata({ client_name: 'An app', redirect_uris: ['https://one.example/cb'], ...metadata })
    return []
  } catch (error) {
    if (error instanceof InvalidMetadata) return error.mistakes.map(({ field, problem }) => `${field} ${problem}`)
    throw error
  }
}
const needed = ['sector_identifier_uri is needed for pairwise subjects unless all redirect_uris are https, of one host']

t.test('OIDC Registration §5: which sector a pairwise client is in must be plain', async (t) => {
  const pairwise = { subject_type: 'pairwise' }
  const two = ['https://one.example/cb', 'https://two.example/cb']
  t.same(mistakesOf(pairwise), [])
  t.same(mistakesOf({ ...pairwise, redirect_uris: ['https://one.example/a', 'https://one.example:8443/b'] }), [])
  t.same(mistakesOf({ ...pairwise, redirect_uris: two }), needed)
  t.same(mistakesOf({ redirect_uris: two }), [], 'of a public subject nothing is asked')
  t.same(mistakesOf({ ...pairwise, redirect_uris: ['com.example.app:/cb'] }), needed, 'a scheme of its own has no host')
  for (const others of [[], ['https://clinic.example/cb'], ['com.other.app://clinic.example/cb']]) {
    const redirect_uris = ['com.evil.app://clinic.example/cb', ...others]
    t.same(mistakesOf({ ...pairwise, redirect_uris }), needed, 'what looks like its host is free text')
  }
  t.same(mistakesOf({ ...pairwise, redirect_uris: ['http://127.0.0.1/cb'] }), [], 'an operator answers for its machine')
  t.same(mistakesOf({ ...pairwise, redirect_uris: two, sector_identifier_uri: 'https://one.example/s.json' }), [])
  t.same(mistakesOf({ ...pairwise, sector_identifier_uri: 'http://one.example/s.json' }), [
    'sector_identifier_uri is not an https URL',
  ])
  t.same(mistakesOf({ subject_type: 'ephemeral' }).length, 1)
})
