import { decodeProtectedHeader } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { golden } from '../support/golden.ts'
import { type App, aServer, claims } from '../support/server.ts'
import { halfHash, verifier } from '../support/signed.ts'

const [api, other, plain] = ['https://api.example', 'https://other.example', 'https://plain.example']
const server = await aServer(t, {
  env: { SIGNING_ALGORITHMS: signingAlgorithms.join(), RESOURCE_ALGORITHMS: `${api}=ES256,${other}=PS256` },
})
const verified = verifier(server)
const visitor = server.visitor()
const alice = await server.aPerson('alice', { name: 'Alice', groups: ['staff'], roles: ['admin'] })
const algOf = (jwt: unknown) => decodeProtectedHeader(String(jwt)).alg
const type = 'application/token-introspection+jwt'

/** For several APIs at once; the visitor is logged in already. */
const logInFor = async (app: App, ...resources: readonly string[]) => {
  const { url, verifier } = server.authorizeUrl(app)
  const { leaves } = await visitor.visit(url + resources.map((uri) => `&resource=${encodeURIComponent(uri)}`).join(''))
  const { body } = await server.redeem(app, leaves?.searchParams.get('code') ?? '', verifier, { resource: plain })
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

t.test('K5 each algorithm signs all that a client registers it for, and at_hash follows', async (t) => {
  for (const alg of signingAlgorithms) {
    const app = await server.anApp({
      first_party: true,
      id_token_signed_response_alg: alg,
      access_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
      introspection_signed_response_alg: alg,
    })
    const tokens = await server.logIn(alice, app, { scope: 'openid profile offline_access' }, visitor)
    const { body: next } = await server.refresh(app, tokens.refresh_token)
    for (const { id_token, access_token } of [tokens, next]) {
      t.match(await verified(String(access_token)), { sub: alice.id })
      const said = await verified(String(id_token), app.client_id)
      // RFC 8032 §5.1: Ed25519 hashes with SHA-512.
      t.equal(said.at_hash, halfHash(String(access_token), alg === 'EdDSA' ? 'sha512' : 'sha256'), `at_hash ${alg}`)
      for (const token of [id_token, access_token]) t.equal(algOf(token), alg)
    }
    const { body: info } = await server.get('/oauth2/userinfo', { authorization: `Bearer ${next.access_token}` })
    const { body: introspected } = await server.post('/oauth2/introspect', { token: String(next.access_token) }, app)
    for (const { text } of [info, introspected]) {
      t.equal(algOf(text), alg)
      await verified(String(text), app.client_id)
    }
  }
})

t.test('RFC 9701 §5: introspection as a JWT of its own kind, for whoever asks', async (t) => {
  const app = await server.anApp({ first_party: true, resources: [plain] })
  const { access_token } = await server.logIn(alice, app, {}, visitor)
  const asking = await server.anApp({ introspect: 'resources', resources: [plain] })
  const introspect = (accept: string, token = access_token, by = asking) =>
    server.post('/oauth2/introspect', { token }, by, { accept })
  const { status, headers, body } = await introspect(type)
  t.equal(status, 200)
  t.equal(headers.get('content-type'), type)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(decodeProtectedHeader(String(body.text)), { alg: 'RS256', typ: 'token-introspection+jwt' })
  const said = await verified(String(body.text), asking.client_id)
  const plainly = (await introspect('application/json')).body
  t.same(said.token_introspection, plainly)
  t.match(plainly, { active: true, sub: alice.id, client_id: app.client_id })
  t.equal(said.aud, asking.client_id, 'for the one that asked, not for whom the token is')
  for (const claim of ['sub', 'exp']) t.notOk(claim in said, claim)
  t.same(
    claims((await introspect(type, 'junk')).body.text).token_introspection,
    { active: false },
    'what is inactive is signed too',
  )
  for (const accept of ['*/*', 'application/*', `${type};q=0`, `${type};q=0.000`, `${type}x`])
    t.equal((await introspect(accept)).body.active, true, `plain: ${accept}`)
  for (const accept of [`application/json;q=0.5, ${type}`, `${type.toUpperCase()} ; q=0.1`])
    t.type((await introspect(accept)).body.text, 'string', accept)
  const registered = await server.anApp({
    introspect: 'resources',
    resources: [plain],
    introspection_signed_response_alg: 'ES256',
  })
  for (const accept of ['application/json', '*/*', type])
    t.equal(algOf((await introspect(accept, access_token, registered)).body.text), 'ES256', 'never talked out of it')
  t.match((await introspect(type, access_token, { ...asking, secret: 'wrong' })).body, { error: 'invalid_client' })
})

t.test('RFC 9701 §5 RFC 9068 §4: no signed answer is taken for a token', async (t) => {
  const app = await server.anApp({ first_party: true, userinfo_signed_response_alg: 'RS256' })
  const { access_token } = await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const info = (await server.get('/oauth2/userinfo', { authorization: `Bearer ${access_token}` })).body.text
  const introspected = (await server.post('/oauth2/introspect', { token: access_token }, app, { accept: type })).body
    .text
  for (const jwt of [String(info), String(introspected)]) {
    t.equal((await server.get('/oauth2/userinfo', { authorization: `Bearer ${jwt}` })).status, 401)
    t.same(await server.introspect(app, jwt), { active: false })
  }
})

t.test('RESOURCE_ALGORITHMS: an API gets its tokens by the algorithm it takes, whichever app asks', async (t) => {
  const app = await server.anApp({ first_party: true, resources: [plain, api, other] })
  const tokens = await logInFor(app, plain, api, other)
  t.equal(algOf(tokens.access_token), 'RS256', 'the app’s own where nobody asks for another')
  const at = async (resource: string) => (await server.refresh(app, tokens.refresh_token, { resource })).body
  const first = await at(api)
  t.equal(algOf(first.access_token), 'ES256')
  t.equal(algOf(first.id_token), 'RS256', 'the ID token is the app’s')
  t.match(await verified(String(first.access_token)), { aud: api })
  const retried = await at(api)
  t.equal(algOf(retried.access_token), 'ES256')
  t.same(claims(retried.access_token), claims(first.access_token), 'a retry gets the same claims')
  t.equal(algOf((await at(other)).access_token), 'PS256', 'a retry for another API')
  t.equal(algOf((await at(plain)).access_token), 'RS256')

  const direct = await server.anApp({ first_party: true, resources: [api] })
  t.equal(algOf((await server.logIn(alice, direct, {}, visitor)).access_token), 'ES256', 'the default resource')
  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: [other],
  })
  const { body } = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)
  t.equal(algOf(body.access_token), 'PS256', 'without a person too')
})

t.test('RESOURCE_ALGORITHMS: one token cannot be signed in two ways, and nothing is spent by asking', async (t) => {
  const app = await server.anApp({ first_party: true, resources: [plain, api, other] })
  const { refresh_token } = await logInFor(app, plain, api, other)
  const ask = (...resources: string[]) => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token })
    for (const resource of resources) form.append('resource', resource)
    return server.post('/oauth2/token', form, app)
  }
  t.match(await ask(api, other), { status: 400, body: { error: 'invalid_target' } })
  const both = await ask(api, plain)
  t.equal(both.status, 200, 'it was not spent, and one that takes any algorithm minds nothing')
  t.equal(algOf(both.body.access_token), 'ES256')
})

t.test('K5 T12 what else is signed (golden): header and claims, names and order', async (t) => {
  const metadata = { first_party: true, resources: [plain], scope: 'openid profile groups roles read offline_access' }
  const app = await server.anApp({
    ...metadata,
    subject_type: 'pairwise',
    userinfo_signed_response_alg: 'ES256',
    id_token_scope_claims: true,
  })
  const tokens = await server.logIn(alice, app, { scope: 'openid profile groups roles read' }, visitor)
  const { sub, iat } = claims(tokens.id_token)
  const info = await server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
  const answer = await server.post('/oauth2/introspect', { token: tokens.access_token }, app, { accept: type })
  const hidden = (name: string, value: unknown): unknown => {
    if (['kid', 'jti', 'sid', 'at_hash'].includes(name)) return `<${name}>`
    if (typeof value === 'number') return `now + ${value - Number(iat)}`
    if (value === sub) return '<pairwise>'
    return value === app.client_id ? '<client>' : value
  }
  for (const [name, jwt] of [
    ['pairwise-access-token', tokens.access_token],
    ['pairwise-id-token', tokens.id_token],
    ['userinfo', String(info.body.text)],
    ['introspection', String(answer.body.text)],
  ] as const) {
    const said = { header: decodeProtectedHeader(jwt), payload: claims(jwt) }
    const actual = `${JSON.stringify(said, hidden, 2)}\n`.replaceAll(server.issuer, 'https://id.example')
    t.equal(actual, golden(`tokens/${name}.json`, actual), name)
  }
})
