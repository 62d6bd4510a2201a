import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aKeyedClient } from '../support/fapi.ts'
import { type App, aServer } from '../support/server.ts'

const server = await aServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
const alice = await server.aPerson()
const visitor = server.visitor()
const app = await server.anApp({ first_party: true })
await visitor.visit(server.authorizeUrl(app).url)
await visitor.submit('login-form', { username: alice.username, password: alice.password })
const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`))

/** RFC 7515, JARM §4.4: what the client does with it. */
const opened = async (jwt: string, client: App) => {
  const { payload } = await jwtVerify(jwt, keys, {
    issuer: server.issuer,
    audience: client.client_id,
    currentDate: server.clock.now(),
  })
  return payload
}
const ask = (client: App, parameters: Record<string, string>, at = visitor) =>
  at.send(server.authorizeUrl(client, parameters).url)
const inQuery = (page: { leaves: URL | undefined }) => [...(page.leaves?.searchParams ?? [])]

t.test('JARM §2.3: response_mode jwt and query.jwt carry one parameter, signed', async (t) => {
  for (const response_mode of ['jwt', 'query.jwt']) {
    const page = await ask(app, { response_mode })
    t.equal(page.status, 303)
    const [[name, jwt] = [], ...more] = inQuery(page)
    t.equal(name, 'response')
    t.same(more, [], 'no code beside it')
    const payload = await opened(jwt ?? '', app)
    t.same(Object.keys(payload).sort(), ['aud', 'code', 'exp', 'iss', 'session_state', 'state'])
    t.equal(payload.state, 'the state')
    const left = Number(payload.exp) - server.clock.now().getTime() / 1000
    t.ok(left > 60 && left <= 600, 'JARM §2.1: ten minutes at most')
  }
})

t.test('JARM §2.3.3: form_post.jwt', async (t) => {
  const page = await ask(app, { response_mode: 'form_post.jwt' })
  t.equal(page.status, 200)
  const fields = page.forms[0]?.fields ?? {}
  t.same(Object.keys(fields), ['response'])
  t.match(await opened(fields.response ?? '', app), { code: String, state: 'the state' })
})

t.test('R12 JARM §2.1: errors are signed too, those of the request and those of a person', async (t) => {
  const wrong = await ask(app, { response_mode: 'jwt', response_type: 'token' })
  const payload = await opened(String(inQuery(wrong)[0]?.[1]), app)
  t.match(payload, { error: 'unsupported_response_type', error_description: String, state: 'the state' })
  t.notOk('code' in payload)

  const nobody = server.visitor()
  const silent = await ask(app, { response_mode: 'query.jwt', prompt: 'none' }, nobody)
  t.match(await opened(String(inQuery(silent)[0]?.[1]), app), { error: 'login_required' })
  await nobody.visit(server.authorizeUrl(app, { response_mode: 'jwt' }).url)
  const cancelled = await nobody.submit('login-form', {}, 'login-cancel')
  t.match(await opened(String(inQuery(cancelled)[0]?.[1]), app), { error: 'access_denied' })
})

t.test('R10 fragment.jwt is not served', async (t) => {
  const page = await ask(app, { response_mode: 'fragment.jwt' })
  t.match(Object.fromEntries(inQuery(page)), { error: 'invalid_request', iss: server.issuer })
})

t.test(
  'JARM §3: by the client\'s authorization_signed_response_alg, and "If omitted, the default is RS256"',
  async (t) => {
    const algOf = async (metadata: Record<string, unknown>) => {
      const page = await ask(await server.anApp({ first_party: true, ...metadata }), { response_mode: 'jwt' })
      return decodeProtectedHeader(String(inQuery(page)[0]?.[1])).alg
    }
    const { body } = await server.get('/.well-known/openid-configuration')
    t.same(body.authorization_signing_alg_values_supported, signingAlgorithms)
    for (const alg of signingAlgorithms) t.equal(await algOf({ authorization_signed_response_alg: alg }), alg)
    t.equal(await algOf({ id_token_signed_response_alg: 'ES256' }), 'RS256', 'whatever signs its ID tokens')
  },
)

t.test('T12 RFC 8725 §3.11: a signed answer is no ID token', async (t) => {
  const jwt = String(inQuery(await ask(app, { response_mode: 'jwt' }))[0]?.[1])
  const hinted = await ask(app, { id_token_hint: jwt, prompt: 'none' })
  t.equal(hinted.leaves?.searchParams.get('error'), 'invalid_request')
  t.equal((await server.get('/oauth2/userinfo', { authorization: `Bearer ${jwt}` })).status, 401)
})

t.test('FAPI 2.0 Message Signing §5.4: its clients ask for a signed answer, and their errors are signed', async (t) => {
  const bank = await aKeyedClient(server, { profile: 'fapi2_message_signing', first_party: true })
  const push = async (changes: Record<string, string>) => {
    const { parameters } = bank.parameters(changes)
    return bank.push({ request: await bank.object(parameters) })
  }
  t.match(await push({}), { status: 400, body: { error: 'invalid_request' } }, 'not without')
  t.match(await push({ response_mode: 'query' }), { status: 400, body: { error: 'invalid_request' } })
  const page = await visitor.send(bank.pushedUrl(await push({ response_mode: 'jwt' })))
  const [[name, jwt] = [], ...more] = inQuery(page)
  t.same([name, more], ['response', []])
  t.equal(decodeProtectedHeader(String(jwt)).alg, 'ES256')
  t.match(await opened(String(jwt), bank), { code: String })
  for (const response_mode of ['', 'query', 'form_post', 'fragment']) {
    const [[only, answer] = [], ...rest] = inQuery(await ask(bank, { response_mode }))
    t.same([only, rest], ['response', []], `asked for ${response_mode}`)
    t.match(await opened(String(answer), bank), { error: 'invalid_request' })
  }
})

t.test('an answer that this server cannot sign is refused before anybody logs in', async (t) => {
  const plain = await aServer(t, { env: { SIGNING_ALGORITHMS: 'RS256' } })
  const client = await plain.anApp({ first_party: true, authorization_signed_response_alg: 'EdDSA' })
  const page = await plain.visitor().visit(plain.authorizeUrl(client, { response_mode: 'jwt' }).url)
  t.equal(page.status, 400)
  t.match(page.html, /id="error-page"[\s\S]*unauthorized_client/)
  const unsigned = await plain.visitor().visit(plain.authorizeUrl(client).url)
  t.ok(unsigned.forms.some(({ id }) => id === 'login-form'))
})
