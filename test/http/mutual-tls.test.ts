import { writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import { keyed, sign } from '../support/assertions.ts'
import { anAuthority, aSelfSigned, type Issued } from '../support/client-certificates.ts'
import { freePort } from '../support/free-port.mjs'
import { aProofKey } from '../support/proofs.ts'
import { type App, aServer, claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { grant, machineMetadata, refusedClient } from '../support/token-requests.ts'

const authority = await anAuthority()
const caFile = join(t.testdir(), 'authorities.pem')
await writeFile(caFile, `An authority\n${(await anAuthority('CN=Another')).pem}\n${authority.pem}`)
const port = await freePort()
const server = await aTlsServer(t, { env: { MTLS_PORT: String(port), MTLS_CA_FILE: caFile } })
const alias = `https://127.0.0.1:${port}`
const alice = await server.aPerson()
const visitor = server.visitor()

type Sent = { readonly status: number; readonly body: Record<string, unknown>; readonly challenge: string | null }

/** By a connection that shows this certificate, or none. */
const by = (t: Test, issued?: Issued, base = alias, chain: readonly Issued[] = []) => {
  const cert = issued && [issued, ...chain].map(({ pem }) => pem).join('\n')
  const dispatcher = new Agent({
    connect: { ca: server.certificate.ca, ...(issued && cert !== undefined && { cert, key: issued.key }) },
  })
  t.teardown(() => dispatcher.close())
  const send = async (
    path: string,
    init: { method?: string; body?: URLSearchParams; headers?: Record<string, string> },
  ): Promise<Sent> => {
    const answer = await fetchBy(base + path, { ...init, dispatcher })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false
    return {
      status: answer.status,
      body: isJson ? JSON.parse(text) : { text },
      challenge: answer.headers.get('www-authenticate'),
    }
  }
  return {
    get: (path: string, headers: Record<string, string> = {}) => send(path, { headers }),
    post: (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
      send(path, { method: 'POST', body: new URLSearchParams(form), headers }),
    token: (app: App, form: Record<string, string> = grant, headers: Record<string, string> = {}) =>
      send('/oauth2/token', {
        method: 'POST',
        body: new URLSearchParams({ client_id: app.client_id, ...form }),
        headers,
      }),
  }
}

const pki = (metadata: Record<string, unknown>) =>
  server.anApp({ ...machineMetadata, token_endpoint_auth_method: 'tls_client_auth', ...metadata })

t.test('RFC 8705 §3.3, §5: what the metadata says, and no more than works', async (t) => {
  const { body } = await server.get('/.well-known/openid-configuration')
  t.equal(body.tls_client_certificate_bound_access_tokens, true)
  t.match(body.mtls_endpoint_aliases, {
    token_endpoint: `${alias}/oauth2/token`,
    userinfo_endpoint: `${alias}/oauth2/userinfo`,
    pushed_authorization_request_endpoint: `${alias}/oauth2/par`,
  })
  const methods = ['tls_client_auth', 'self_signed_tls_client_auth']
  t.same(
    methods.filter((each) => String(body.token_endpoint_auth_methods_supported).includes(each)),
    methods,
  )
  t.match((await by(t).get('/login')).status, 404, 'no page at a port that asks for certificates')
  t.match((await by(t).get('/oauth2/authorize')).status, 404)

  const onlySelfSigned = await aServer(t, { env: { MTLS_PROXY: '10.0.0.1' } })
  const other = (await onlySelfSigned.get('/.well-known/openid-configuration')).body
  t.notOk('mtls_endpoint_aliases' in other, 'the proxy serves the issuer itself')
  t.equal(other.tls_client_certificate_bound_access_tokens, true)
  t.match(other.token_endpoint_auth_methods_supported, /self_signed_tls_client_auth/)
  t.notMatch(other.token_endpoint_auth_methods_supported, /,tls_client_auth/, 'no authority is named')
})

t.test('T18 tls_client_auth (RFC 8705 §2.1): each kind of name, and not another', async (t) => {
  const certificate = await authority.issue({
    subject: 'C=KR, O=Bank, CN=client',
    names: [
      { type: 'dns', value: 'client.example' },
      { type: 'url', value: 'https://client.example/id' },
      { type: 'ip', value: '10.0.0.7' },
      { type: 'email', value: 'ops@client.example' },
    ],
  })
  const other = await authority.issue({
    subject: 'C=KR, O=Bank, CN=another',
    names: [{ type: 'dns', value: 'another.example' }],
  })
  for (const metadata of [
    { tls_client_auth_subject_dn: 'CN=client,O=Bank,C=KR' },
    { tls_client_auth_san_dns: 'client.example' },
    { tls_client_auth_san_uri: 'https://client.example/id' },
    { tls_client_auth_san_ip: '10.0.0.7' },
    { tls_client_auth_san_email: 'ops@client.example' },
  ]) {
    const app = await pki(metadata)
    const [name] = Object.keys(metadata)
    t.match(await by(t, certificate).token(app), { status: 200, body: { token_type: 'Bearer' } }, String(name))
    t.match(await by(t, other).token(app), refusedClient, String(name))
  }
  const app = await pki({ tls_client_auth_san_dns: 'client.example' })
  const named = { names: [{ type: 'dns', value: 'client.example' }] } as const
  t.match(await by(t).token(app), refusedClient, 'no certificate')
  t.match(await by(t, certificate, server.base).token(app), refusedClient, 'the first port asks for none')
  const names = [...named.names]
  t.match(await by(t, await aSelfSigned({ names })).token(app), refusedClient, 'self-signed')
  t.match(await by(t, await (await anAuthority()).issue({ names })).token(app), refusedClient, 'wrong authority')
  t.match(
    await by(t, await authority.issue({ names, notAfter: new Date('2021-01-01') })).token(app),
    refusedClient,
    'expired',
  )
  t.match(await by(t, await authority.issue({ names, usages: ['1.3.6.1.5.5.7.3.1'] })).token(app), refusedClient)
  const between = await authority.issue({ subject: 'CN=between', ca: true })
  const below = await between.issue({ names })
  t.match(await by(t, below, alias, [between]).token(app), { status: 200 })
  t.match(await by(t, below).token(app), refusedClient, 'without what is between')
  t.match(await by(t, certificate).token({ ...app, client_id: 'unknown' }), refusedClient)
  const secret = await server.anApp(machineMetadata)
  t.match(
    await by(t, certificate).token(secret),
    refusedClient,
    "the certificate is nothing to another method's client",
  )
})

t.test('T18 self_signed_tls_client_auth (RFC 8705 §2.2): the key or the certificate that was registered', async (t) => {
  const certificate = await aSelfSigned()
  const pinned = await aSelfSigned()
  const x5c = [pinned.x509.raw.toString('base64')]
  const app = await server.anApp({
    ...machineMetadata,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [certificate.jwk, { ...pinned.jwk, x5c }] },
  })
  t.match(await by(t, certificate).token(app), { status: 200 })
  t.match(await by(t, pinned).token(app), { status: 200 })
  t.match(await by(t, await aSelfSigned()).token(app), refusedClient, 'another')
  t.match(await by(t, await authority.issue()).token(app), refusedClient, 'of an authority')
  t.match(await by(t).token(app), refusedClient, 'none')
  const old = await aSelfSigned({ notAfter: new Date('2021-01-01') })
  const late = await server.anApp({
    ...machineMetadata,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [old.jwk] },
  })
  t.match(await by(t, old).token(late), refusedClient, 'expired')
})

t.test(
  'T18 certificate-bound tokens (RFC 8705 §3): ensure-holder-of-key-required, thumbprint mismatch is 401',
  async (t) => {
    const certificate = await aSelfSigned()
    const thief = await aSelfSigned()
    const app = await server.anApp({
      first_party: true,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificate.jwk, thief.jwk] },
      tls_client_certificate_bound_access_tokens: true,
    })
    const { to, verifier } = await server.authorize(alice, app, {}, visitor)
    const form = {
      grant_type: 'authorization_code',
      code: to.searchParams.get('code') ?? '',
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
    }
    t.match(await by(t).token(app, form), refusedClient)
    const key = await aProofKey()
    const dpop = await key.prove({ htu: `${alias}/oauth2/token`, now: server.clock.now() })
    t.match(await by(t, certificate).token(app, form, { dpop }), { status: 400, body: { error: 'invalid_request' } })
    const { status, body } = await by(t, certificate).token(app, form)
    t.equal(status, 200)
    const { cnf } = claims(body.access_token)
    t.match(cnf, { 'x5t#S256': /^[\w-]{43}$/ })
    t.match(
      (
        await by(t, certificate).post('/oauth2/introspect', {
          client_id: app.client_id,
          token: String(body.access_token),
        })
      ).body,
      {
        active: true,
        token_type: 'Bearer',
        cnf,
      },
    )

    const authorization = `Bearer ${body.access_token}`
    t.match(await by(t, certificate).get('/oauth2/userinfo', { authorization }), {
      status: 200,
      body: { sub: alice.id },
    })
    for (const [name, answer] of [
      ['another', await by(t, thief).get('/oauth2/userinfo', { authorization })],
      ['none', await by(t).get('/oauth2/userinfo', { authorization })],
      ['at the first port', await by(t, certificate, server.base).get('/oauth2/userinfo', { authorization })],
      [
        'as DPoP',
        await by(t, certificate).get('/oauth2/userinfo', { authorization: `DPoP ${body.access_token}`, dpop }),
      ],
    ] as const) {
      t.match(answer, { status: 401, body: { error: 'invalid_token' } }, name)
      t.match(answer.challenge, /^Bearer error="invalid_token"/, name)
    }
    const again = await by(t, thief).token(app, {
      grant_type: 'refresh_token',
      refresh_token: String(body.refresh_token),
    })
    t.equal(again.status, 200, 'the refresh token is the client’s, which may have renewed its certificate')
    t.not(JSON.stringify(claims(again.body.access_token).cnf), JSON.stringify(cnf))
  },
)

t.test('T18 a public client: its refresh token is the certificate’s (RFC 8705 §4)', async (t) => {
  const certificate = await aSelfSigned()
  const app = await server.anApp({
    first_party: true,
    token_endpoint_auth_method: 'none',
    tls_client_certificate_bound_access_tokens: true,
  })
  const { to, verifier } = await server.authorize(alice, app, {}, visitor)
  const form = { grant_type: 'authorization_code', code: to.searchParams.get('code') ?? '', code_verifier: verifier }
  t.match(await by(t).token(app, form), { status: 400, body: { error: 'invalid_request' } })
  const { body } = await by(t, certificate).token(app, form)
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
  t.match(await by(t).token(app, refresh), { status: 400, body: { error: 'invalid_request' } })
  t.match(await by(t, await aSelfSigned()).token(app, refresh), { status: 400, body: { error: 'invalid_grant' } })
  const rotated = await by(t, certificate).token(app, refresh)
  t.equal(rotated.status, 200)
  t.same(claims(rotated.body.access_token).cnf, claims(body.access_token).cnf)
})

t.test('T4 RFC 8705 §5: an assertion may name the endpoint by the alias at which it was called', async (t) => {
  const app = await server.anApp({ ...keyed, assertion_audience: 'issuer_or_endpoint' })
  const { client_id } = app
  const now = Math.floor(server.clock.now().getTime() / 1000)
  let serial = 0
  const asserted = async (aud: string) => ({
    ...grant,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await sign({ iss: client_id, sub: client_id, aud, jti: `${serial++}`, iat: now, exp: now + 60 }),
  })
  const { token } = by(t)
  t.match(await token(app, await asserted(`${alias}/oauth2/token`)), { status: 200 })
  t.match(await token(app, await asserted(`${alias}/oauth2/revoke`)), refusedClient, 'of another endpoint')
  t.match(await token(app, await asserted(alias)), refusedClient, 'no endpoint')
  const introspect = async (aud: string) =>
    by(t).post('/oauth2/introspect', { ...(await asserted(aud)), token: 'unknown' })
  for (const name of ['introspect', 'token'])
    t.match(await introspect(`${alias}/oauth2/${name}`), { status: 200 }, `${name}, at introspection`)
})

t.test('T18 Client-Cert (RFC 9440) is believed of a named proxy alone', async (t) => {
  const behind = await aServer(t, { env: { MTLS_PROXY: '127.0.0.1', MTLS_CA_FILE: caFile } })
  const stranger = await aServer(t, { env: { MTLS_PROXY: '10.0.0.1', MTLS_CA_FILE: caFile, TRUST_PROXY: '127.0.0.1' } })
  const names = [{ type: 'dns', value: 'client.example' }] as const
  const certificate = await authority.issue({ names: [...names] })
  const metadata = {
    ...machineMetadata,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'client.example',
    tls_client_certificate_bound_access_tokens: true,
  }
  const app = await behind.anApp(metadata)
  const ask = (headers: Record<string, string>) => behind.post('/oauth2/token', grant, app, headers)
  const granted = await ask({ 'client-cert': certificate.header })
  t.match(granted, { status: 200 })
  t.match(claims(granted.body.access_token).cnf, { 'x5t#S256': /^[\w-]{43}$/ })

  const between = await authority.issue({ subject: 'CN=between', ca: true })
  const below = await between.issue({ names: [...names] })
  t.match(await ask({ 'client-cert': below.header }), refusedClient, 'without what is between')
  t.match(await ask({ 'client-cert': below.header, 'client-cert-chain': `${between.header}, ${authority.header}` }), {
    status: 200,
  })

  t.match(await ask({}), refusedClient, 'none')
  t.match(
    await ask({ 'client-cert': (await aSelfSigned({ names: [...names] })).header }),
    refusedClient,
    'nobody vouches for it',
  )
  t.match(
    await ask({ 'client-cert': (await (await anAuthority()).issue({ names: [...names] })).header }),
    refusedClient,
  )
  const old = await authority.issue({ names: [...names], notAfter: new Date('2021-01-01') })
  t.match(await ask({ 'client-cert': old.header }), refusedClient, 'expired')
  const raw = certificate.x509.raw.toString('base64')
  for (const [name, value] of [
    ['no byte sequence', raw],
    ['no base64', ':not base64:'],
    ['no certificate', ':aGVsbG8=:'],
    ['two', `${certificate.header}, ${certificate.header}`],
    ['PEM', encodeURIComponent(certificate.pem)],
  ] as const)
    t.match(await ask({ 'client-cert': value }), { status: 400, body: { error: 'invalid_request' } }, name)
  const chained = (chain: string) => ask({ 'client-cert': certificate.header, 'client-cert-chain': chain })
  t.match(await chained('no certificate'), { status: 400 })

  const machine = await behind.anApp(machineMetadata)
  for (const empty of ['', ' ', '::']) {
    t.match(await ask({ 'client-cert': empty }), refusedClient, 'an empty one is none')
    t.match(await chained(empty), { status: 200 }, 'nor does an empty chain hold any')
  }
  for (const value of ['', '::', raw, ':aGVsbG8=:']) {
    const headers = { 'client-cert': value, 'client-cert-chain': value }
    t.match(await behind.post('/oauth2/token', grant, machine, headers), { status: 200 }, 'who needs none is not asked')
  }

  const there = await stranger.anApp(metadata)
  for (const headers of [{}, { 'x-forwarded-for': '10.0.0.1' }, { forwarded: 'for=10.0.0.1' }])
    t.match(
      await stranger.post('/oauth2/token', grant, there, { 'client-cert': certificate.header, ...headers }),
      refusedClient,
      `from anybody else it is ignored: ${Object.keys(headers)}`,
    )
  const own = await pki({ tls_client_auth_san_dns: 'client.example' })
  t.match(await by(t).token(own, grant, { 'client-cert': certificate.header }), refusedClient, 'at our own TLS too')
})

t.test('RFC 9325 the second port speaks TLS like the first', async (t) => {
  const failed = await new Promise<string>((resolve) => {
    const asked = httpsRequest({
      host: '127.0.0.1',
      port,
      ca: server.certificate.ca,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    })
    asked.on('error', ({ message }) => resolve(message))
    asked.on('response', () => resolve('answered'))
    asked.end()
  })
  t.not(failed, 'answered')
})

t.test('RFC 8705 §2.1.2 what says nothing, or says two things, is refused at registration', async (t) => {
  const refused = { code: 'invalid_client_metadata' }
  for (const metadata of [
    { token_endpoint_auth_method: 'tls_client_auth' },
    {
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'a',
      tls_client_auth_san_uri: 'https://a',
    },
    { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'no name' },
    { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_ip: 'a.example' },
    { tls_client_auth_san_dns: 'a.example' },
    { token_endpoint_auth_method: 'self_signed_tls_client_auth' },
    { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [] } },
  ])
    await t.rejects(server.anApp(metadata), refused, JSON.stringify(metadata))
})
