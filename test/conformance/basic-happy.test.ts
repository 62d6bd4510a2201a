import t from 'tap'
import { aClient, aServerToTest, deliveries, everything, isErrorPage, kidOf, titled } from './basic.ts'

const under = await aServerToTest(t)

for (const delivery of deliveries) {
  const suite = aClient(under, delivery)
  const { server, discovery, person } = suite
  const app = await suite.anApp()

  t.test(titled('oidcc-server', delivery, 'two clients, each with tokens of its own'), async (t) => {
    const second = await suite.anApp({ redirect_uris: ['https://second.example/cb'] })
    const one = await suite.logIn(t, app)
    const two = await suite.logIn(t, second)
    t.equal(one.idToken.sub, person.id)
    t.equal(two.idToken.sub, person.id)
    t.equal(two.idToken.aud, second.client_id)
    t.not(one.tokens.body.access_token, two.tokens.body.access_token)
    t.same(one.saw, ['login', 'consent'])
    for (const { tokens, idToken } of [one, two]) {
      const { status, headers, body } = await suite.userinfo(tokens.body.access_token)
      t.equal(status, 200)
      t.match(headers.get('content-type'), /^application\/json/)
      t.equal(body.sub, idToken.sub, 'OIDC Core §5.3.2')
    }
  })

  t.test(titled('oidcc-server-client-secret-post', delivery, 'client_id and client_secret in the form'), async (t) => {
    const posting = await suite.anApp({ token_endpoint_auth_method: 'client_secret_post' })
    const asked = await suite.ask(posting)
    const form = {
      grant_type: 'authorization_code',
      code: asked.callback?.code ?? '',
      redirect_uri: posting.redirectUri,
      client_id: posting.client_id,
      client_secret: posting.secret ?? '',
    }
    const wrong = await server.post(suite.path('token_endpoint'), { ...form, client_secret: 'x'.repeat(43) })
    t.match(wrong, { status: 401, body: { error: 'invalid_client' } })
    const { status, body } = await server.post(suite.path('token_endpoint'), form)
    t.equal(status, 200, JSON.stringify(body))
    const idToken = await suite.checkIdToken(t, body.id_token, posting, asked.sent.nonce, body.access_token)
    t.match(await suite.userinfo(body.access_token), { status: 200, body: { sub: idToken.sub } })
  })

  t.test(titled('oidcc-idtoken-signature', delivery, 'RS256 by default, its kid published'), async (t) => {
    // `logIn` verifies it by the published key, with RS256 and nothing else.
    const { tokens } = await suite.logIn(t, app)
    const { body } = await server.get(suite.path('jwks_uri'))
    const keys = Array.isArray(body.keys) ? body.keys : []
    const kid = kidOf(tokens.body.id_token)
    t.match(
      keys.filter((key) => key.kid === kid),
      [{ kty: 'RSA', use: 'sig' }],
    )
  })

  t.test(titled('oidcc-idtoken-unsigned', delivery, 'a client that asks for alg none is not registered'), async (t) => {
    t.match(discovery.registration_endpoint, /^https:/)
    const response = await fetch(String(discovery.registration_endpoint), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [app.redirectUri], id_token_signed_response_alg: 'none' }),
    })
    t.equal(response.status, 400)
    t.match(await response.json(), { error: 'invalid_client_metadata' })
    t.notOk(String(discovery.id_token_signing_alg_values_supported).includes('none'))
  })

  const scopes: Readonly<Record<string, readonly string[]>> = {
    profile: [
      'name',
      'given_name',
      'family_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'updated_at',
    ],
    email: ['email', 'email_verified'],
    address: ['address'],
    phone: ['phone_number', 'phone_number_verified'],
  }
  const asked = (names: readonly string[]) =>
    Object.fromEntries(Object.entries(everything).filter(([name]) => names.includes(name)))
  for (const [module, scope] of [
    ['oidcc-scope-profile', 'profile'],
    ['oidcc-scope-email', 'email'],
    ['oidcc-scope-address', 'address'],
    ['oidcc-scope-phone', 'phone'],
    ['oidcc-scope-all', 'profile email address phone'],
  ] as const)
    t.test(titled(module, delivery, 'userinfo says exactly the claims of the scope'), async (t) => {
      const names = scope.split(' ').flatMap((name) => scopes[name] ?? [])
      const { tokens, idToken } = await suite.logIn(t, app, { scope: `openid ${scope}` })
      const { status, body } = await suite.userinfo(tokens.body.access_token)
      t.equal(status, 200)
      t.same(body, { sub: idToken.sub, ...asked(names) })
      // OIDC Core §5.4: where an access token is issued, the ID token does not carry them.
      for (const name of names) t.notOk(name in idToken, name)
    })

  t.test(titled('oidcc-claims-essential', delivery, 'accepted, and returned where its scope is granted'), async (t) => {
    t.equal(discovery.claims_parameter_supported, true)
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } })
    // S7: people consent to scopes. The suite asks under `openid` alone and takes an answer without it, with a warning.
    const answers = { openid: {}, 'openid profile': { name: everything.name } }
    for (const [scope, expected] of Object.entries(answers)) {
      const { tokens, idToken } = await suite.logIn(t, app, { claims, scope })
      const { status, body } = await suite.userinfo(tokens.body.access_token)
      t.equal(status, 200)
      t.match(body, { sub: idToken.sub, ...expected })
      t.equal('name' in body, 'name' in expected)
      t.notOk('name' in idToken)
    }
  })

  t.test(titled('oidcc-userinfo-get', delivery, 'the token in the header'), async (t) => {
    const { tokens, idToken } = await suite.logIn(t, app, { scope: 'openid email' })
    const { status, headers, body } = await suite.userinfo(tokens.body.access_token)
    t.equal(status, 200)
    t.match(headers.get('content-type'), /^application\/json/)
    t.same(body, { sub: idToken.sub, ...asked(['email', 'email_verified']) })
    t.match(await suite.userinfo('nonsense'), { status: 401, body: { error: 'invalid_token' } })
  })

  t.test(titled('oidcc-userinfo-post-header', delivery, 'the token in the header of a POST'), async (t) => {
    const { tokens, idToken } = await suite.logIn(t, app)
    const authorization = `Bearer ${tokens.body.access_token}`
    const answer = await server.post(suite.path('userinfo_endpoint'), {}, undefined, { authorization })
    t.match(answer, { status: 200, body: { sub: idToken.sub } })
  })

  t.test(titled('oidcc-userinfo-post-body', delivery, 'the token in the form of a POST'), async (t) => {
    const { tokens, idToken } = await suite.logIn(t, app)
    const answer = await server.post(suite.path('userinfo_endpoint'), {
      access_token: String(tokens.body.access_token),
    })
    t.match(answer, { status: 200, body: { sub: idToken.sub } })
  })

  t.test(titled('oidcc-ensure-registered-redirect-uri', delivery, 'a page of the server, no redirect'), async (t) => {
    const foreign = await suite.ask(app, { redirect_uri: 'https://app.example/cb/unregistered' })
    t.ok(isErrorPage(foreign))
    t.same(foreign.page.forms, [], 'nor a form that would lead there')
    t.same(foreign.saw, [], 'and nobody is asked for a password first')
  })
}
