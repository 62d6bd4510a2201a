import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const file = join(t.testdir(), 'claims.json')
await writeFile(
  file,
  JSON.stringify({ department: ['department', 'cost_center'], 'https://x.example/s': ['https://x.example/c'] }),
)
const server = await aServer(t, { env: { CLAIMS_FILE: file } })
const person = {
  name: 'Rosa Example',
  email: 'rosa@example.com',
  groups: ['staff', 'ops'],
  roles: ['admin'],
  entitlements: ['everything'],
  department: 'Ships',
  cost_center: 7,
  'https://x.example/c': true,
  nonce: 'not ours',
  sub: 'somebody else',
}
const { name, groups, roles, department, cost_center } = person
const rosa = await server.aPerson('rosa', person)
const scope = 'openid profile email groups roles department https://x.example/s offline_access read'
const app = await server.anApp({ first_party: true, scope, resources: [api] })
const visitor = server.visitor()
const logIn = (asked: string, parameters = {}, as = app) =>
  server.logIn(rosa, as, { scope: asked, ...parameters }, visitor)
const userinfo = async (token: string) =>
  (await server.get('/oauth2/userinfo', { authorization: `Bearer ${token}` })).body

t.test('the scopes groups and roles, and an operator’s own, give their claims at userinfo', async (t) => {
  for (const [asked, expected] of [
    ['openid', {}],
    ['openid groups', { groups }],
    ['openid roles', { roles }],
    ['openid department', { department, cost_center }],
    ['openid https://x.example/s', { 'https://x.example/c': true }],
  ] as const)
    t.same(await userinfo((await logIn(asked)).access_token), { sub: rosa.id, ...expected }, asked)
})

t.test('S7 the claims parameter asks by the same mapping: nothing whose scope was not granted', async (t) => {
  const asking = {
    claims: JSON.stringify({
      id_token: { department: null, groups: null, entitlements: null },
      userinfo: { cost_center: null },
    }),
  }
  const without = await logIn('openid', asking)
  for (const said of [claims(without.id_token), await userinfo(without.access_token)])
    for (const claim of ['department', 'groups', 'cost_center', 'entitlements']) t.notOk(claim in said, claim)
  const { id_token } = await logIn('openid department', asking)
  t.match(claims(id_token), { department })
  t.notOk('groups' in claims(id_token) || 'cost_center' in claims(id_token))
})

t.test(
  'id_token_scope_claims: the ID token says what the scopes give, and the protocol’s claims stay its own',
  async (t) => {
    const plain = claims((await logIn('openid profile groups')).id_token)
    t.notOk('name' in plain || 'groups' in plain, 'only where the client asks for it')
    const telling = await server.anApp({ first_party: true, scope, resources: [api], id_token_scope_claims: true })
    const tokens = await logIn('openid profile groups offline_access', {}, telling)
    const expected = { name, groups, sub: rosa.id, nonce: 'the nonce', aud: telling.client_id }
    t.match(claims(tokens.id_token), expected)
    t.notOk('email' in claims(tokens.id_token))
    const { body } = await server.refresh(telling, tokens.refresh_token)
    t.match(claims(body.id_token), { name, groups, sub: rosa.id }, 'after a refresh too')
  },
)

t.test('RFC 9068 §2.2.3.1: groups and roles are in an access token for an API whose scope was granted', async (t) => {
  const { access_token } = await logIn('openid profile groups roles department')
  const said = claims(access_token)
  t.match(said, { aud: api, sub: rosa.id, groups, roles })
  for (const claim of ['name', 'department', 'entitlements', 'nonce']) t.notOk(claim in said, claim)
  t.match(await server.introspect(app, access_token), { active: true, groups, roles })
  t.notOk('groups' in claims((await logIn('openid profile')).access_token))
  const narrowed = await server.refresh(app, (await logIn('openid groups offline_access read')).refresh_token, {
    scope: 'openid read',
  })
  t.notOk('groups' in claims(narrowed.body.access_token), 'nor in one whose scope was narrowed')
  const onlyLogin = await server.anApp({ first_party: true, scope })
  const own = claims((await logIn('openid groups', {}, onlyLogin)).access_token)
  t.equal(own.aud, server.issuer)
  t.notOk('groups' in own, 'a token for userinfo alone says nothing')
})

t.test('K4 what is configured is advertised', async (t) => {
  const { body } = await server.get('/.well-known/openid-configuration')
  t.ok([body.scopes_supported].flat().includes('department'))
  for (const claim of ['groups', 'roles', 'department', 'cost_center'])
    t.ok([body.claims_supported].flat().includes(claim), claim)
})

t.test('S6 the consent page names a scope that it has no words for, escaped', async (t) => {
  const odd = '<b>x'
  const third = await server.anApp({ scope: `openid department groups ${odd}`, resources: [api] })
  const { url } = server.authorizeUrl(third, { scope: `openid department groups ${odd}` })
  const page = await visitor.visit(url)
  t.match(page.html, '<code>department</code>')
  t.match(page.html, 'See the groups you belong to')
  t.match(page.html, '&lt;b>')
  t.notMatch(page.html, odd)
})
