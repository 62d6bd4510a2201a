import t from 'tap'
import { claims } from '../support/server.ts'
import { aServerForCertificates, codeOf } from './certified.ts'

/** FAPI 2.0 Security Profile with certificates: the metadata, the token endpoint and what a token opens. */
const suite = 'fapi2-security-profile-final'
const { server, discovery, aliases, person, aClient, issue } = await aServerForCertificates(t)
const [bank, other] = [await aClient('bank'), await aClient('other')]
const invalidGrant = { status: 400, body: { error: 'invalid_grant' } }
const invalidClient = { status: 401, body: { error: 'invalid_client' } }
const userinfo = (client: typeof bank, token: unknown, how = {}) =>
  client.send('userinfo_endpoint', undefined, { headers: { authorization: `Bearer ${token}` }, ...how })
const aCode = async (client = bank) => {
  const { page, verifier } = await client.ask()
  return { code: codeOf(page), verifier }
}

t.test(`${suite}-discovery-end-point-verification: the method, the binding and the aliases`, async (t) => {
  t.equal(discovery.tls_client_certificate_bound_access_tokens, true)
  for (const list of ['token', 'introspection', 'revocation'])
    t.ok(String(discovery[`${list}_endpoint_auth_methods_supported`]).split(',').includes('tls_client_auth'), list)
  for (const endpoint of ['token_endpoint', 'pushed_authorization_request_endpoint', 'userinfo_endpoint'])
    t.match(aliases[endpoint], /^https:/, endpoint)
  t.equal(discovery.authorization_response_iss_parameter_supported, true)
})

t.test(`${suite}-happy-flow: two clients, each with tokens bound to its certificate`, async (t) => {
  for (const client of [bank, other]) {
    const { status, body } = await client.login()
    t.match({ status, body }, { status: 200, body: { token_type: 'Bearer', id_token: String } })
    t.match(claims(body.access_token).cnf, { 'x5t#S256': /^[\w-]{43}$/ })
    t.match(await userinfo(client, body.access_token), { status: 200, body: { sub: person.id } })
  }
})

t.test(`${suite}-ensure-holder-of-key-required: no certificate, or another's`, async (t) => {
  const { code, verifier } = await aCode()
  const { client_id, redirectUri: redirect_uri } = bank
  const form = { grant_type: 'authorization_code', client_id, code, redirect_uri, code_verifier: verifier }
  for (const by of [null, await issue('thief')]) t.match(await bank.send('token_endpoint', form, { by }), invalidClient)
  const { status, body } = await bank.redeem(code, verifier)
  t.equal(status, 200, 'none of it cost the code')
  for (const by of [null, await issue('thief')])
    t.match(await userinfo(bank, body.access_token, { by }), { status: 401, body: { error: 'invalid_token' } })
})

t.test(`${suite}-ensure-client-id-in-token-endpoint: the id of another client`, async (t) => {
  const { code, verifier } = await aCode()
  t.match(await bank.redeem(code, verifier, { client_id: other.client_id }), invalidClient)
  t.match(await bank.redeem(code, verifier), { status: 200 })
})

t.test(`${suite}-ensure-authorization-code-is-bound-to-client: presented by another`, async (t) => {
  const { code, verifier } = await aCode()
  t.match(await other.redeem(code, verifier), invalidGrant)
})

t.test(`${suite}-attempt-reuse-authorization-code-after-one-second: refused`, async (t) => {
  const { code, verifier } = await aCode()
  const { body } = await bank.redeem(code, verifier)
  server.clock.advance({ seconds: 1 })
  t.match(await bank.redeem(code, verifier), invalidGrant)
  t.match(await userinfo(bank, body.access_token), { status: 401 }, 'and what it bought is dead')
})

t.test(`${suite}-ensure-token-endpoint-fails-with-expired-auth-code: after 62 seconds`, async (t) => {
  const { code, verifier } = await aCode()
  server.clock.advance({ seconds: 62 })
  t.match(await bank.redeem(code, verifier), invalidGrant)
})

t.test(`${suite}-ensure-pkce-code-verifier-required: none is sent`, async (t) => {
  const { code } = await aCode()
  t.match(await bank.redeem(code, ''), { status: 400 })
})

t.test(`${suite}-incorrect-pkce-code-verifier-rejected: another is sent`, async (t) => {
  const { code, verifier } = await aCode()
  t.match(await bank.redeem(code, 'w'.repeat(43)), invalidGrant)
  t.match(await bank.redeem(code, verifier), { status: 200 })
})

t.test(`${suite}-refresh-token: the previous one after 30 s too, and never without the certificate`, async (t) => {
  const { body } = await bank.login({ scope: 'openid offline_access' })
  const refresh = (how = {}) =>
    bank.send(
      'token_endpoint',
      { grant_type: 'refresh_token', client_id: bank.client_id, refresh_token: String(body.refresh_token) },
      how,
    )
  t.match(body.refresh_token, /^[\x20-\x7e]+$/)
  t.match(await refresh({ by: null }), invalidClient)
  t.match(await refresh({ by: await issue('thief') }), invalidClient)
  const first = await refresh()
  t.equal(first.status, 200)
  t.match(claims(first.body.access_token).cnf, { 'x5t#S256': String })
  server.clock.advance({ seconds: 30 })
  t.equal((await refresh()).status, 200)
  const { client_id } = other
  const form = { grant_type: 'refresh_token', client_id, refresh_token: String(body.refresh_token) }
  t.match(await other.send('token_endpoint', form), invalidGrant, 'of another client')
})
