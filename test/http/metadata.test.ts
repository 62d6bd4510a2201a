import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { deviceGrantName } from '../support/devices.ts'
import { golden } from '../support/golden.ts'
import { type Answer, aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const server = await aServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
const alice = await server.aPerson()
const visitor = server.visitor()
const wellKnown = ['openid-configuration', 'oauth-authorization-server']
const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const stable = (text: string) => text.replaceAll(server.issuer, 'https://id.example')
const discover = async () => (await server.get('/.well-known/openid-configuration')).body
const machineMetadata = { grant_types: ['client_credentials'], redirect_uris: [], scope: 'read', resources: [api] }
const pathOf = (url: unknown) => String(url).replace(server.issuer, '')

t.test('the discovery document (golden)', async (t) => {
  const actual = stable(`${JSON.stringify(await discover(), null, 2)}\n`)
  t.equal(actual, golden('discovery.json', actual))
})

t.test('K1 the key set: public members only, no kid twice, cached and open to all (golden)', async (t) => {
  const { headers, body } = await server.get('/.well-known/jwks.json')
  t.match(headers.get('cache-control'), /^public, max-age=\d+$/)
  t.match(headers.get('content-type'), /^application\/(jwk-set\+)?json/)
  t.equal(headers.get('access-control-allow-origin'), '*')
  const keys: readonly Record<string, unknown>[] = Array.isArray(body.keys) ? body.keys : []
  t.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length)
  for (const key of keys) for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']) t.notOk(name in key, name)
  t.equal(keys[0]?.alg, 'RS256', 'first, because some verifiers look at no other')
  const hidden = (name: string, value: unknown) => (/^(n|x|y|kid)$/.test(name) ? '…' : value)
  const shape = keys
    .map((key) =>
      Object.fromEntries(
        Object.keys(key)
          .sort()
          .map((name) => [name, hidden(name, key[name])]),
      ),
    )
    .sort((a, b) => String(a.alg).localeCompare(String(b.alg)))
  const actual = `${JSON.stringify(shape, null, 2)}\n`
  t.equal(actual, golden('tokens/jwks.json', actual))
})

t.test('RFC 9110 §13.1.2: who has a document gets 304, however it says so', async (t) => {
  for (const name of [...wellKnown, 'jwks.json']) {
    const path = `/.well-known/${name}`
    const etag = (await server.get(path)).headers.get('etag') ?? ''
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await server.get(path, { 'if-none-match': given })
      t.equal(again.status, 304, `${name}: ${given}`)
      t.equal(again.headers.get('etag'), etag)
    }
    t.equal((await server.get(path, { 'if-none-match': '"other"' })).status, 200)
  }
})

t.test('K4 a preflight is answered at each document, and before the path of an issuer too', async (t) => {
  const tenant = await aServer(t, { path: '/tenant/one' })
  const { origin } = new URL(tenant.issuer)
  for (const url of [
    ...[...wellKnown, 'jwks.json'].flatMap((name) =>
      [server.issuer, tenant.issuer].map((at) => `${at}/.well-known/${name}`),
    ),
    ...wellKnown.map((name) => `${origin}/.well-known/${name}/tenant/one`),
  ]) {
    const response = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example', 'access-control-request-method': 'GET' },
    })
    t.equal(response.status, 204, url)
    t.equal(response.headers.get('access-control-allow-origin'), '*')
    t.equal(response.headers.get('access-control-allow-methods'), 'GET, HEAD')
    t.match(response.headers.get('access-control-allow-headers'), /If-None-Match/)
  }
})

t.test('K5 T12 the tokens (golden): header and claims, names and order', async (t) => {
  const app = await server.anApp({ first_party: true, resources: [api] })
  const tokens = await server.logIn(alice, app, {}, visitor)
  const machine = await server.anApp(machineMetadata)
  const client = (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)).body
  const now = Number(claims(tokens.access_token).iat)
  const normal = (value: unknown): unknown =>
    typeof value === 'number'
      ? `now + ${value - now}`
      : value === app.client_id || value === machine.client_id
        ? '<client>'
        : value
  for (const [name, token] of [
    ['access-token', tokens.access_token],
    ['id-token', tokens.id_token],
    ['client-token', String(client.access_token)],
  ] as const) {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    const payload = Object.fromEntries(Object.entries(claims(token)).map(([key, value]) => [key, normal(value)]))
    for (const key of ['jti', 'sid', 'at_hash']) if (key in payload) payload[key] = `<${key}>`
    if (payload.sub === alice.id) payload.sub = '<person>'
    const actual = stable(`${JSON.stringify({ header: { ...header, kid: '<kid>' }, payload }, null, 2)}\n`)
    t.equal(actual, golden(`tokens/${name}.json`, actual), name)
  }
})

t.test('K4 both documents are one, below the issuer', async (t) => {
  const [first, second] = await Promise.all(wellKnown.map((name) => server.get(`/.well-known/${name}`)))
  t.same(first?.body, second?.body)
  t.equal(first?.body.issuer, server.issuer)
  t.equal(first?.headers.get('access-control-allow-origin'), '*')
})

t.test('K4 each advertised endpoint answers', async (t) => {
  const body = await discover()
  const served = Object.entries(body).filter(([name]) => /_(endpoint|iframe)$|^jwks_uri$/.test(name))
  t.ok(served.length >= 7)
  for (const [name, url] of served) {
    t.ok(String(url).startsWith(`${server.issuer}/`), name)
    if (name === 'revocation_stream_endpoint') {
      // It never ends by itself.
      const { status, body } = await fetch(String(url))
      t.equal(status, 200, name)
      await body?.cancel()
      continue
    }
    const isForm = /^(token|introspection|revocation|device_authorization)_endpoint$/.test(name)
    const answer = isForm ? await server.post(pathOf(url), {}) : await server.get(pathOf(url))
    t.ok(answer.status !== 404 && answer.status < 500, `${name}: ${answer.status}`)
  }
})

t.test('K4 each advertised algorithm signs, and each method of authentication works', async (t) => {
  const body = await discover()
  for (const alg of listOf(body.id_token_signing_alg_values_supported)) {
    const app = await server.anApp({ first_party: true, id_token_signed_response_alg: alg })
    const { id_token } = await server.logIn(alice, app, {}, visitor)
    t.equal(JSON.parse(Buffer.from(id_token.split('.')[0] ?? '', 'base64url').toString()).alg, alg)
  }
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const present: Record<string, () => Promise<Answer>> = {
    client_secret_basic: async () =>
      server.post('/oauth2/token', { grant_type: 'client_credentials' }, await server.anApp(machineMetadata)),
    client_secret_post: async () => {
      const app = await server.anApp({ ...machineMetadata, token_endpoint_auth_method: 'client_secret_post' })
      const { client_id, secret = '' } = app
      return server.post('/oauth2/token', { grant_type: 'client_credentials', client_id, client_secret: secret })
    },
    private_key_jwt: async () => {
      const jwks = { keys: [pair.publicKey.export({ format: 'jwk' })] }
      const app = await server.anApp({ ...machineMetadata, token_endpoint_auth_method: 'private_key_jwt', jwks })
      const now = Math.floor(server.clock.now().getTime() / 1000)
      const payload = { iss: app.client_id, sub: app.client_id, aud: server.issuer, jti: 'one', exp: now + 60 }
      return server.post('/oauth2/token', {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await new SignJWT(payload).setProtectedHeader({ alg: 'ES256' }).sign(pair.privateKey),
      })
    },
    none: async () => {
      const app = await server.anApp({ first_party: true, token_endpoint_auth_method: 'none' })
      return server.refresh(app, (await server.logIn(alice, app, {}, visitor)).refresh_token)
    },
  }
  const methods = listOf(body.token_endpoint_auth_methods_supported)
  t.same([...methods].sort(), Object.keys(present).sort(), 'nothing else is advertised')
  for (const method of methods) t.equal((await present[method]?.())?.status, 200, method)
  for (const method of ['client_secret_jwt', 'client_secret_tls'])
    await t.rejects(server.anApp({ token_endpoint_auth_method: method }), { code: 'invalid_client_metadata' })
})

t.test('K4 what is not advertised is refused: grants, response types and modes, challenges', async (t) => {
  const body = await discover()
  const advertised = ['authorization_code', 'refresh_token', 'client_credentials', deviceGrantName]
  t.same(listOf(body.grant_types_supported), advertised)
  const machine = await server.anApp(machineMetadata)
  for (const grant_type of ['password', 'implicit', 'urn:openid:params:grant-type:ciba'])
    t.match(await server.post('/oauth2/token', { grant_type }, machine), { body: { error: 'unsupported_grant_type' } })

  const app = await server.anApp({ first_party: true })
  const errorOf = async (parameters: Record<string, string>) =>
    (await visitor.visit(server.authorizeUrl(app, parameters).url)).leaves?.searchParams.get('error')
  t.same(listOf(body.response_types_supported), ['code'])
  for (const response_type of ['token', 'id_token', 'code token', 'none'])
    t.equal(await errorOf({ response_type }), 'unsupported_response_type', response_type)
  t.same(listOf(body.response_modes_supported), ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'])
  for (const mode of ['fragment', 'fragment.jwt', 'web_message'])
    t.equal(await errorOf({ response_mode: mode }), 'invalid_request', mode)
  t.same(listOf(body.code_challenge_methods_supported), ['S256'])
  t.equal(await errorOf({ code_challenge_method: 'plain' }), 'invalid_request')
  t.notOk(listOf(body.request_object_signing_alg_values_supported).some((alg) => /^none$|^HS/.test(alg)))
  t.equal(await errorOf({ request: 'e30.e30.' }), undefined, 'an unsigned object gets a page')
  t.equal(body.require_request_uri_registration, true)
  t.equal(await errorOf({ request_uri: 'https://x.example' }), undefined, 'as does one that is not registered')
})

t.test('K4 each advertised acr can be had, and no other', async (t) => {
  const values = listOf((await discover()).acr_values_supported)
  t.ok(values.length > 0)
  const app = await server.anApp({ first_party: true })
  const asking = (value: string) => ({ claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }) })
  for (const value of values) {
    const { id_token } = await server.logIn(alice, app, asking(value), visitor)
    t.equal(claims(id_token).acr, value)
  }
  const { url } = server.authorizeUrl(app, asking('phr'))
  t.equal((await visitor.visit(url)).leaves?.searchParams.get('error'), 'unmet_authentication_requirements')
})

t.test('K4 an issuer with a path: both forms of both documents, and everything below it', async (t) => {
  const tenant = await aServer(t, { path: '/tenant/one' })
  const { origin } = new URL(tenant.issuer)
  for (const name of wellKnown) {
    // RFC 8414 §3.1 puts the well-known part before the path, OpenID Connect Discovery §4.1 behind it.
    for (const url of [`${origin}/.well-known/${name}/tenant/one`, `${tenant.issuer}/.well-known/${name}`]) {
      const response = await fetch(url)
      t.equal(response.status, 200, url)
      t.match(await response.json(), { issuer: tenant.issuer, token_endpoint: `${tenant.issuer}/oauth2/token` })
    }
    t.equal((await fetch(`${origin}/.well-known/${name}`)).status, 404, 'and none at the root')
  }
  t.equal((await fetch(`${origin}/oauth2/token`, { method: 'POST' })).status, 404)
  const app = await tenant.anApp()
  const { access_token, refresh_token } = await tenant.logIn(await tenant.aPerson(), app)
  t.equal(claims(access_token).iss, tenant.issuer)
  t.match(await tenant.refresh(app, refresh_token), { status: 200 })
})
