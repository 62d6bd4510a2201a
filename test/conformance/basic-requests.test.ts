import { generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { challengeOf } from '../support/server.ts'
import { anHttpsApp } from '../support/tls-server.ts'
import { aClient, aServerToTest, deliveries, everything, isErrorPage, titled } from './basic.ts'

const under = await aServerToTest(t)
const requestKey = generateKeyPairSync('rsa', { modulusLength: 2048 })

for (const delivery of deliveries) {
  const suite = aClient(under, delivery)
  const { server, discovery } = suite
  const app = await suite.anApp()
  const jwks = { keys: [{ ...requestKey.publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'RS256', use: 'sig' }] }

  t.test(titled('oidcc-response-type-missing', delivery, 'invalid_request at the client'), async (t) => {
    const { callback, sent, saw } = await suite.ask(app, { response_type: '' })
    t.match(callback, { error: 'invalid_request', state: sent.state, iss: server.issuer })
    t.notOk(callback && 'code' in callback)
    t.same(saw, [])
  })

  t.test(
    titled('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', delivery, 'and the ID token has none'),
    async (t) => {
      const { idToken } = await suite.logIn(t, app, { nonce: '' })
      t.notOk('nonce' in idToken)
    },
  )

  t.test(titled('oidcc-alternate-happy-flow', delivery, 'scopes and parameters in another order'), async (t) => {
    const order = (parameters: URLSearchParams) => new URLSearchParams([...parameters].toReversed())
    const { tokens, idToken } = await suite.logIn(t, app, { scope: 'email openid' }, { order })
    const { body } = await suite.userinfo(tokens.body.access_token)
    t.same(body, { sub: idToken.sub, email: everything.email, email_verified: true })
  })

  const harmless: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'oidcc-display-page': { display: 'page' },
    'oidcc-display-popup': { display: 'popup' },
    'oidcc-ensure-request-with-unknown-parameter-succeeds': { extra: 'foobar' },
    'oidcc-login-hint': { login_hint: 'rosa' },
    'oidcc-ui-locales': { ui_locales: 'se' },
    'oidcc-claims-locales': { claims_locales: 'se' },
  }
  for (const [module, parameters] of Object.entries(harmless))
    t.test(titled(module, delivery, 'no error, and the person logs in'), async (t) => {
      const { saw } = await suite.logIn(t, app, parameters)
      t.equal(saw[0], 'login')
    })

  t.test(
    titled('oidcc-ensure-request-with-acr-values-succeeds', delivery, 'the ID token says which was had'),
    async (t) => {
      const { idToken } = await suite.logIn(t, app, { acr_values: '1 2' })
      t.equal(idToken.acr, '1')
    },
  )

  t.test(titled('oidcc-ensure-post-request-succeeds', delivery, 'the request in the body of a POST'), async (t) => {
    const { saw } = await suite.logIn(t, app, {}, { post: true })
    t.equal(saw[0], 'login')
  })

  t.test(titled('oidcc-ensure-request-with-valid-pkce-succeeds', delivery, 'with its verifier only'), async (t) => {
    const verifier = 'v'.repeat(43)
    const challenge = { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }
    const asked = await suite.ask(app, challenge)
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    t.match(await suite.redeem(app, asked), refused)
    t.match(await suite.redeem(app, asked, { code_verifier: 'w'.repeat(43) }), refused)
    const { status, body } = await suite.redeem(app, asked, { code_verifier: verifier })
    t.equal(status, 200)
    await suite.checkIdToken(t, body.id_token, app, asked.sent.nonce, body.access_token)
  })

  const unsigned = (payload: Record<string, unknown>) => new UnsecuredJWT(payload).encode()
  t.test(
    titled(
      'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
      delivery,
      'rejected, as discovery says: none is not among the algorithms',
    ),
    async (t) => {
      t.notOk(String(discovery.request_object_signing_alg_values_supported).includes('none'))
      const { sent } = await suite.ask(app, { prompt: 'none' })
      const outside = await suite.ask(app, { request: unsigned({ ...sent, state: 'inside' }), state: 'outside' })
      t.ok(isErrorPage(outside), 'never ignored')
      t.match(outside.page.html, 'invalid_request_object')
    },
  )

  t.test(
    titled(
      'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
      delivery,
      'rejected, though its address is registered',
    ),
    async (t) => {
      t.equal(discovery.request_uri_parameter_supported, true)
      let object = ''
      const address = await anHttpsApp(t, under.server.certificate, () => (_request, response) => {
        response.setHeader('content-type', 'application/oauth-authz-req+jwt')
        response.end(object)
      })
      const publishing = await suite.anApp({ request_uris: [`${address}/object`], jwks })
      const { sent } = await suite.ask(publishing, { prompt: 'none' })
      object = unsigned(sent)
      const refused = await suite.ask(publishing, { request_uri: `${address}/object` })
      t.ok(isErrorPage(refused))
      t.match(refused.page.html, 'invalid_request_object')
    },
  )

  t.test(
    titled('oidcc-ensure-request-object-with-redirect-uri', delivery, 'the one in the signed object, not beside it'),
    async (t) => {
      const signing = await suite.anApp({ jwks })
      const { sent } = await suite.ask(signing, { prompt: 'none' })
      const exp = Math.floor(server.clock.now().getTime() / 1000) + 60
      const inside = { ...sent, prompt: 'login', iss: signing.client_id, aud: server.issuer, exp }
      const request = await new SignJWT(inside)
        .setProtectedHeader({ alg: 'RS256', kid: 'r1' })
        .sign(requestKey.privateKey)
      const wrong = { redirect_uri: 'https://app.example/cb/unregistered' }
      const { callback } = await suite.ask(signing, { request, ...wrong })
      t.match(callback, { code: String, state: sent.state, iss: server.issuer })
      const plain = await suite.ask(signing, { request: unsigned(inside), ...wrong })
      t.ok(isErrorPage(plain), 'an unsigned one is refused')
    },
  )
}
