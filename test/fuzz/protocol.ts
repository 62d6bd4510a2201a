import type { Issued } from '../support/client-certificates.ts'
import { aDevice, aDeviceApp, deviceGrantName } from '../support/devices.ts'
import { aKeyedClient } from '../support/fapi.ts'
import type { ProofKey } from '../support/proofs.ts'
import { redirectUri, registeringAt } from '../support/registering.ts'
import type { App, Person, TestServer } from '../support/server.ts'
import { api, machineMetadata } from '../support/token-requests.ts'
import type { Visitor } from '../support/visitor.ts'
import type { Pair, Shot } from './shot.ts'

/** Makes a request that would be served; each time with a proof and an assertion of its own. */
export type Recipe = () => Promise<Shot>

const pairs = (record: Readonly<Record<string, string>>): readonly Pair[] => Object.entries(record)
const basic = ({ client_id, secret }: App): Pair => [
  'authorization',
  `Basic ${Buffer.from(`${client_id}:${secret}`).toString('base64')}`,
]
const cookies = (visitor: Visitor): Pair => [
  'cookie',
  [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
]

/** A valid request to each endpoint of the protocol, by each way to prove who asks. @returns what must not leak, besides */
export const protocol = async (
  server: TestServer,
  {
    person,
    visitor,
    leaver,
    key,
    certificate,
  }: { person: Person; visitor: Visitor; leaver: Visitor; key: ProofKey; certificate: Issued },
): Promise<{ readonly recipes: readonly Recipe[]; readonly secrets: readonly string[] }> => {
  const app = await server.anApp({ first_party: true, resources: [api], post_logout_redirect_uris: [redirectUri] })
  const keyed = await aKeyedClient(server, { first_party: true })
  const television = await aDeviceApp(server, { token_endpoint_auth_method: 'none' })
  const machine = await server.anApp(machineMetadata)
  const shown = await server.anApp({
    ...machineMetadata,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [certificate.jwk] },
    tls_client_certificate_bound_access_tokens: true,
  })
  const tokens = await server.logIn(person, app, {}, visitor)
  const { to, verifier } = await server.authorize(person, app, {}, visitor)
  const code = to.searchParams.get('code') ?? ''
  const device = await aDevice(server, television)
  const registered = await registeringAt(server).registered({ client_name: 'Itself' })
  const accessToken = String(registered.body.registration_access_token)
  const bound = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine, {
    dpop: await key.prove({ htu: `${server.issuer}/oauth2/token`, now: server.clock.now() }),
  })
  const boundToken = String(bound.body.access_token)
  const metadata = { redirect_uris: [redirectUri], client_name: 'Somebody', scope: 'openid', contacts: ['a@b.example'] }

  const proof = async (path: string, more: { htm?: string; accessToken?: string } = {}): Promise<Pair> => [
    'dpop',
    await key.prove({ htu: server.issuer + path, now: server.clock.now(), ...more }),
  ]
  const post = (path: string, form: Readonly<Record<string, string>>, ...headers: readonly Pair[]): Shot => ({
    route: path,
    method: 'POST',
    path,
    query: [],
    headers,
    body: { form: pairs(form) },
  })
  const get = (path: string, query: Readonly<Record<string, string>>, ...headers: readonly Pair[]): Shot => ({
    route: path,
    method: 'GET',
    path,
    query: pairs(query),
    headers,
  })
  const asked = (of: App) =>
    Object.fromEntries(new URL(server.authorizeUrl(of, { scope: 'openid read' }).url).searchParams)
  const asserted = async (form: Readonly<Record<string, string>>) => ({
    ...form,
    client_id: keyed.client_id,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await keyed.assertion(),
  })
  const authorize = (query: Readonly<Record<string, string>>) =>
    get('/oauth2/authorize', query, cookies(visitor), ['accept', 'text/html'])
  const pushed = async () => String((await keyed.push(keyed.parameters().parameters)).body.request_uri)
  const configuration = `/oauth2/register/${registered.client_id}`
  const bearer = (token: string): Pair => ['authorization', `Bearer ${token}`]
  const hint = { id_token_hint: tokens.id_token, post_logout_redirect_uri: redirectUri, state: 'out' }

  const recipes: readonly Recipe[] = [
    async () => authorize(asked(app)),
    async () =>
      authorize({ ...asked(app), response_mode: 'form_post', prompt: 'none', id_token_hint: tokens.id_token }),
    async () =>
      authorize({ ...asked(app), response_mode: 'jwt', max_age: '100', claims: '{"userinfo":{"name":null}}' }),
    async () => authorize({ ...asked(app), resource: api, acr_values: '1', ui_locales: 'ko en', prompt: 'consent' }),
    async () => authorize({ client_id: keyed.client_id, request: await keyed.object(keyed.parameters().parameters) }),
    async () => authorize({ client_id: keyed.client_id, request_uri: await pushed() }),
    async () => ({ ...post('/oauth2/authorize', asked(app), cookies(visitor)), query: [] }),
    async () => post('/oauth2/par', asked(app), basic(app)),
    async () => post('/oauth2/par', await asserted(keyed.parameters().parameters), await proof('/oauth2/par')),
    async () => post('/oauth2/par', await asserted({ request: await keyed.object(keyed.parameters().parameters) })),
    async () =>
      post(
        '/oauth2/token',
        { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri, code_verifier: verifier },
        basic(app),
      ),
    async () => post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, basic(app)),
    async () =>
      post('/oauth2/token', { grant_type: 'client_credentials', scope: 'read', resource: api }, basic(machine)),
    async () =>
      post('/oauth2/token', { grant_type: 'client_credentials' }, basic(machine), await proof('/oauth2/token')),
    async () =>
      post('/oauth2/token', await asserted({ grant_type: 'authorization_code', code, code_verifier: verifier })),
    async () =>
      post('/oauth2/token', { grant_type: 'client_credentials', client_id: shown.client_id }, [
        'client-cert',
        certificate.header,
      ]),
    async () =>
      post('/oauth2/token', {
        grant_type: deviceGrantName,
        device_code: device.deviceCode,
        client_id: television.client_id,
      }),
    async () => post('/oauth2/device_authorization', { client_id: television.client_id, scope: 'openid read' }),
    async () => post('/oauth2/introspect', { token: tokens.access_token, token_type_hint: 'access_token' }, basic(app)),
    async () =>
      post('/oauth2/introspect', { token: tokens.refresh_token }, basic(app), [
        'accept',
        'application/token-introspection+jwt',
      ]),
    async () => post('/oauth2/revoke', { token: `${tokens.access_token.slice(0, -5)}AAAAA` }, basic(app)),
    async () => get('/oauth2/userinfo', {}, bearer(tokens.access_token)),
    async () => post('/oauth2/userinfo', { access_token: tokens.access_token }),
    async () =>
      get(
        '/oauth2/userinfo',
        {},
        ['authorization', `DPoP ${boundToken}`],
        await proof('/oauth2/userinfo', { htm: 'GET', accessToken: boundToken }),
      ),
    async () => ({ ...post('/oauth2/register', {}), body: { json: metadata } }),
    async () => ({ ...post('/oauth2/register', {}), body: { json: { ...metadata, jwks: { keys: [key.jwk] } } } }),
    async () => ({ ...get(configuration, {}, bearer(accessToken)), route: '/oauth2/register/:id' }),
    async () => ({
      ...get(configuration, {}, bearer(accessToken)),
      route: '/oauth2/register/:id',
      method: 'PUT',
      body: { json: { client_id: registered.client_id, ...metadata } },
    }),
    async () => get('/oauth2/logout', hint, cookies(leaver), ['accept', 'text/html']),
    async () => post('/oauth2/logout', hint, cookies(leaver), ['accept', 'text/html']),
    async () => get('/oauth2/revocations', {}),
    async () => get('/device', { user_code: device.userCode }, cookies(visitor)),
  ]
  const secrets = [
    ...[app.secret, keyed.secret, machine.secret, registered.secret].filter((secret) => secret !== undefined),
    ...[tokens.access_token, tokens.refresh_token, tokens.id_token, boundToken, code, verifier],
    ...[device.deviceCode, device.userCode, accessToken, person.password],
    ...[...visitor.cookies.values()].map((value) => decodeURIComponent(value)),
  ]
  return { recipes, secrets }
}
