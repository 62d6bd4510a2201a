import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { anAuthority, type Issued } from '../support/client-certificates.ts'
import { aKeyedClient } from '../support/fapi.ts'
import { freePort } from '../support/free-port.mjs'
import { claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'

/** FAPI 2.0 Security Profile with certificates: to authenticate, and to bind tokens to. */
const suite = 'fapi2-security-profile-final'
const authority = await anAuthority()
const MTLS_CA_FILE = join(t.testdir(), 'authorities.pem')
await writeFile(MTLS_CA_FILE, authority.pem)
const MTLS_PORT = String(await freePort())
const server = await aTlsServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join(), MTLS_PORT, MTLS_CA_FILE } })
const alice = await server.aPerson()
const visitor = server.visitor()
const { body: discovery } = await server.get('/.well-known/openid-configuration')
const aliases = new Map(
  Object.entries(Object(discovery.mtls_endpoint_aliases)).map(([name, url]) => [name, String(url)]),
)
const subject = (name: string) => ({ subject: `O=Bank, CN=${name}` })
const [certificate, thief] = await Promise.all(['client', 'thief'].map((name) => authority.issue(subject(name))))

const by = (t: Test, issued: Issued | undefined) => {
  const dispatcher = new Agent({
    connect: { ca: server.certificate.ca, ...(issued && { cert: issued.pem, key: issued.key }) },
  })
  t.teardown(() => dispatcher.close())
  return async (endpoint: string, form?: Record<string, string>, headers: Record<string, string> = {}) => {
    const method = form ? 'POST' : 'GET'
    const answer = await fetchBy(aliases.get(endpoint) ?? '', {
      method,
      headers,
      dispatcher,
      ...(form && { body: new URLSearchParams(form) }),
    })
    const body: unknown = await answer.json()
    return {
      status: answer.status,
      body: new Map(Object.entries(Object(body)).map(([name, value]) => [name, String(value)])),
    }
  }
}

for (const method of ['tls_client_auth', 'private_key_jwt'] as const) {
  const metadata = {
    profile: 'fapi2',
    first_party: true,
    token_endpoint_auth_method: method,
    tls_client_certificate_bound_access_tokens: true,
    ...(method === 'tls_client_auth' && { tls_client_auth_subject_dn: 'CN=client,O=Bank', jwks: undefined }),
  }
  t.test(`${suite}-happy-flow, -ensure-holder-of-key-required: ${method} and certificate-bound tokens`, async (t) => {
    const client = await aKeyedClient(server, metadata)
    const signed = async (form: Record<string, string>) => ({
      ...form,
      client_id: client.client_id,
      ...(method === 'private_key_jwt' && {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await client.assertion(),
      }),
    })
    const { parameters, verifier } = client.parameters({ scope: 'openid' })
    const pushed = await by(t, certificate)('pushed_authorization_request_endpoint', await signed(parameters))
    t.equal(pushed.status, 201)
    const query = new URLSearchParams({
      client_id: client.client_id,
      request_uri: pushed.body.get('request_uri') ?? '',
    })
    let page = await visitor.visit(`${server.base}/oauth2/authorize?${query}`)
    if (page.forms.some(({ id }) => id === 'login-form'))
      page = await visitor.submit('login-form', { username: alice.username, password: alice.password }, 'login-submit')
    const form = {
      grant_type: 'authorization_code',
      code: page.leaves?.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
    }
    const without = await by(t, undefined)('token_endpoint', await signed(form))
    t.equal(without.body.get('error'), method === 'tls_client_auth' ? 'invalid_client' : 'invalid_request')
    const { status, body } = await by(t, certificate)('token_endpoint', await signed(form))
    t.equal(status, 200)
    t.equal(body.get('token_type'), 'Bearer')
    t.match(claims(body.get('access_token')).cnf, { 'x5t#S256': /^[\w-]{43}$/ })
    const headers = { authorization: `Bearer ${body.get('access_token')}` }
    t.equal((await by(t, certificate)('userinfo_endpoint', undefined, headers)).body.get('sub'), alice.id)
    for (const other of [undefined, thief])
      t.equal((await by(t, other)('userinfo_endpoint', undefined, headers)).status, 401)
  })
}
