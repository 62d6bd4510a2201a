import t from 'tap'
import { administratorScope } from '../../src/oauth/administrator-scope.ts'
import { configuredClaims } from '../../src/oauth/configured-claims.ts'

const read = (described: unknown) => configuredClaims(described, (problem) => new Error(problem))

t.test('an operator’s own scopes stand beside those of OIDC Core §5.4', async (t) => {
  const claims = read({ department: ['department', 'cost_center', 'department'], profile: ['title', 'name'] })
  t.same(claims.get('department'), ['department', 'cost_center'])
  t.same(claims.get('email'), ['email', 'email_verified'])
  t.same(claims.get('groups'), ['groups'])
  t.same(claims.get('profile')?.slice(-2), ['updated_at', 'title'], 'a standard scope gives what is named here too')
})

t.test('no claim about a person has a name of the protocol’s, and no scope a meaning it has already', async (t) => {
  for (const claim of ['sub', 'iss', 'aud', 'exp', 'nonce', 'acr', 'azp', 'cnf', 'client_id', 'scope', 'active'])
    t.throws(() => read({ mine: ['fine', claim] }), new RegExp(`claim ${claim}, which is the protocol's`))
  for (const scope of ['openid', 'offline_access', administratorScope])
    t.throws(() => read({ [scope]: ['x'] }), /must not describe/)
  t.throws(() => read(JSON.parse('{"mine":["__proto__"]}')), /protocol's/)
})

t.test('what is no list of names is refused', async (t) => {
  for (const claims of ['x', [], [1], [''], ['two words'], ['x'.repeat(201)], {}, null])
    t.throws(() => read({ mine: claims }), /must give mine a list of names/)
  for (const scope of ['two words', '', 'a"b', 'é']) t.throws(() => read({ [scope]: ['x'] }), /no scope/)
  for (const described of [[], 'x', null]) t.throws(() => read(described), /object of scopes/)
})
