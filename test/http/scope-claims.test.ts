import t from 'tap'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const everything = {
  name: 'Rosa Example',
  given_name: 'Rosa',
  email: 'rosa@example.com',
  email_verified: true,
  address: { locality: 'Seoul' },
  phone_number: '+82 2 0000 0000',
  phone_number_verified: false,
  sub: 'somebody-else',
  iss: 'https://evil.example',
  secret: 'not a standard claim',
}
const rosa = await server.aPerson('rosa', everything)
const app = await server.anApp({ scope: 'openid profile email address phone read' })
const tokenFor = async (scope: string) => (await server.logIn(rosa, app, { scope })).access_token
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test('oidcc-scope-profile, -email, -address, -phone, -all: exactly the claims of the scope, and sub', async (t) => {
  const { name, given_name, email, email_verified, address, phone_number, phone_number_verified } = everything
  const of = {
    profile: { name, given_name },
    email: { email, email_verified },
    address: { address },
    phone: { phone_number, phone_number_verified },
  }
  for (const [scope, expected] of Object.entries(of)) {
    const { status, body } = await server.get('/oauth2/userinfo', bearer(await tokenFor(`openid ${scope}`)))
    t.equal(status, 200)
    t.same(body, { sub: rosa.id, ...expected }, scope)
  }
  const all = await server.get('/oauth2/userinfo', bearer(await tokenFor('openid profile email address phone')))
  t.same(all.body, { sub: rosa.id, ...of.profile, ...of.email, ...of.address, ...of.phone })
})

t.test('oidcc-userinfo-get, -post-header, -post-body', async (t) => {
  const token = await tokenFor('openid email')
  const expected = { sub: rosa.id, email: everything.email, email_verified: true }
  const byGet = await server.get('/oauth2/userinfo', bearer(token))
  const byHeader = await server.post('/oauth2/userinfo', {}, undefined, bearer(token))
  const byBody = await server.post('/oauth2/userinfo', { access_token: token })
  for (const { status, body, headers } of [byGet, byHeader, byBody]) {
    t.equal(status, 200)
    t.same(body, expected)
    t.equal(headers.get('cache-control'), 'no-store')
  }
})

t.test(
  'RFC 6750 §2: twice, in the address, or not an access token of a person: refused with a challenge',
  async (t) => {
    const { access_token, id_token, refresh_token } = await server.logIn(rosa, app, { scope: 'openid email' })
    const both = await server.post('/oauth2/userinfo', { access_token }, undefined, bearer(access_token))
    t.equal(both.status, 400)
    const [head, body, signature] = access_token.split('.')
    const others = {
      'an ID token': id_token,
      'a refresh token': refresh_token,
      unsigned: `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`,
      changed: `${head}.${Buffer.from(JSON.stringify({ ...claims(access_token), sub: 'x' })).toString('base64url')}.${signature}`,
      junk: 'junk',
    }
    for (const [title, token] of Object.entries(others)) {
      const answer = await server.get('/oauth2/userinfo', bearer(token))
      t.equal(answer.status, 401, title)
      t.match(answer.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/, title)
      t.notOk(JSON.stringify(answer.body).includes('rosa@'), title)
    }
    const inAddress = await server.get(`/oauth2/userinfo?access_token=${access_token}`)
    t.equal(inAddress.status, 401)
    server.clock.advance({ seconds: 601 })
    t.equal((await server.get('/oauth2/userinfo', bearer(access_token))).status, 401, 'expired')
  },
)

t.test('without the scope openid: insufficient_scope, and nothing told', async (t) => {
  const api = await server.anApp({ scope: 'openid read', resources: ['https://api.example'] })
  const { to, verifier } = await server.authorize(rosa, api, { scope: 'read' })
  const { body } = await server.redeem(api, to.searchParams.get('code') ?? '', verifier)
  t.notOk('id_token' in body)
  const answer = await server.get('/oauth2/userinfo', bearer(String(body.access_token)))
  t.equal(answer.status, 403)
  t.match(answer.body, { error: 'insufficient_scope' })
  t.notOk('sub' in answer.body)
})
