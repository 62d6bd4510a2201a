import { decodeProtectedHeader } from 'jose'
import t from 'tap'
import { claims } from '../support/server.ts'
import { verifier } from '../support/signed.ts'
import { aTlsServer } from '../support/tls-server.ts'

const server = await aTlsServer(t)
const verified = verifier(server)
const alice = await server.aPerson('alice', { name: 'Alice Archer', email: 'alice@example.com' })

t.test(
  'oidcc-idtoken-rs256: what registers nothing, and what registers RS256, gets RS256 by a published key',
  async (t) => {
    for (const metadata of [{}, { id_token_signed_response_alg: 'RS256' }]) {
      const app = await server.anApp({ first_party: true, ...metadata })
      const { id_token } = await server.logIn(alice, app, { scope: 'openid' })
      t.match(decodeProtectedHeader(id_token), { alg: 'RS256', kid: String })
      t.match(await verified(id_token, app.client_id), { iss: server.issuer, sub: alice.id, nonce: 'the nonce' })
    }
    await t.rejects(server.anApp({ id_token_signed_response_alg: 'none' }), { code: 'invalid_client_metadata' })
  },
)

t.test('oidcc-userinfo-rs256: signed userinfo, of iss and aud, for the client that registered it', async (t) => {
  const app = await server.anApp({ first_party: true, userinfo_signed_response_alg: 'RS256' })
  const { access_token, id_token } = await server.logIn(alice, app, { scope: 'openid profile' })
  const headers = { authorization: `Bearer ${access_token}` }
  const answer = await server.get('/oauth2/userinfo', headers)
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-type'), 'application/jwt')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const jwt = String(answer.body.text)
  t.equal(decodeProtectedHeader(jwt).alg, 'RS256')
  t.same(await verified(jwt, app.client_id), {
    name: 'Alice Archer',
    sub: claims(id_token).sub,
    iss: server.issuer,
    aud: app.client_id,
  })
  const posted = await server.post('/oauth2/userinfo', { access_token })
  t.same(claims(posted.body.text), claims(jwt), 'by POST too')

  const refused = await server.get('/oauth2/userinfo', { authorization: 'Bearer junk' })
  t.match(refused, { status: 401, body: { error: 'invalid_token' } }, 'an error is plain')
  const plain = await server.anApp({ first_party: true })
  const own = await server.logIn(alice, plain, { scope: 'openid profile' })
  const unsigned = await server.get('/oauth2/userinfo', { authorization: `Bearer ${own.access_token}` })
  t.match(unsigned.headers.get('content-type'), /^application\/json/)
})

t.test('R20 signed userinfo is no ID token: nobody is logged in or out by it', async (t) => {
  const app = await server.anApp({ first_party: true, userinfo_signed_response_alg: 'RS256' })
  const visitor = server.visitor()
  const { access_token } = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const { body } = await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` })
  const id_token_hint = String(body.text)
  const { leaves } = await visitor.visit(
    server.authorizeUrl(app, { scope: 'openid', prompt: 'none', id_token_hint }).url,
  )
  t.equal(leaves?.searchParams.get('error'), 'invalid_request')
  const page = await visitor.visit(`/oauth2/logout?${new URLSearchParams({ id_token_hint })}`)
  t.ok(
    page.forms.some(({ id }) => id === 'logout-form'),
    'the person is asked',
  )
})
