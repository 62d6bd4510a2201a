import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import t from 'tap'
import { administratorResource, administratorScope } from '../../src/oauth/administrator-scope.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { proofAlgorithms } from '../../src/oauth/sender-constraint/dpop.ts'
import { aSecret } from '../support/clients.ts'
import { aProofKey, type ProofKey, type Proving } from '../support/proofs.ts'
import { type Answer, type App, aServer, claims } from '../support/server.ts'
import { grant, machineMetadata } from '../support/token-requests.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const visitor = server.visitor()
const key = await aProofKey()
const tokenEndpoint = `${server.issuer}/oauth2/token`
const userinfoEndpoint = `${server.issuer}/oauth2/userinfo`

const prove = (proving: Partial<Proving> = {}, by: ProofKey = key) =>
  by.prove({ htu: tokenEndpoint, now: server.clock.now(), ...proving })
const post = async (form: Record<string, string>, app: App, dpop?: string): Promise<Answer> =>
  server.post('/oauth2/token', form, app, dpop === undefined ? {} : { dpop })
const codeFor = async (app: App, parameters?: Record<string, string>) => {
  const { to, verifier } = await server.authorize(alice, app, parameters, visitor)
  const code = to.searchParams.get('code') ?? ''
  return { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri, code_verifier: verifier }
}
const redeem = async (app: App, by?: ProofKey, parameters?: Record<string, string>) =>
  post(await codeFor(app, parameters), app, by && (await prove({}, by)))
const refresh = async (app: App, token: unknown, by?: ProofKey) =>
  post({ grant_type: 'refresh_token', refresh_token: String(token) }, app, by && (await prove({}, by)))
const refusedProof = { status: 400, body: { error: 'invalid_dpop_proof' } }
const missingProof = { status: 400, body: { error: 'invalid_request', error_description: /^No DPoP proof was sent/ } }
const refusedGrant = { status: 400, body: { error: 'invalid_grant' } }
const bound = await server.anApp({ first_party: true, dpop_bound_access_tokens: true })
const unbound = await server.anApp({ first_party: true })
const spa = await server.anApp({
  first_party: true,
  token_endpoint_auth_method: 'none',
  dpop_bound_access_tokens: true,
  stale: 'refuse',
  allowed_origins: ['https://spa.example'],
})
const machine = await server.anApp({ ...machineMetadata, dpop_bound_access_tokens: true })

/** Shown as it was issued, with a proof for it. */
const show = async (accessToken: unknown, by: ProofKey = key, proving: Partial<Proving> = {}, scheme = 'DPoP') => {
  const dpop = await prove({ htm: 'GET', htu: userinfoEndpoint, accessToken: String(accessToken), ...proving }, by)
  return server.get('/oauth2/userinfo', { authorization: `${scheme} ${accessToken}`, dpop })
}

t.test('RFC 9449 §5 a proof binds every token of every grant; introspection says to what (§6.2)', async (t) => {
  const first = await redeem(bound, key)
  t.match(first, { status: 200, body: { token_type: 'DPoP' } })
  const refreshed = await refresh(bound, first.body.refresh_token, key)
  const own = await post(grant, machine, await prove())
  for (const { body } of [first, refreshed, own]) {
    t.equal(body.token_type, 'DPoP')
    t.same(claims(body.access_token).cnf, { jkt: key.jkt })
  }
  t.match(await server.introspect(bound, String(first.body.access_token)), {
    active: true,
    token_type: 'DPoP',
    cnf: { jkt: key.jkt },
  })
  t.match(await server.introspect(machine, String(own.body.access_token)), { token_type: 'DPoP' })

  const plain = await redeem(unbound)
  t.equal(plain.body.token_type, 'Bearer')
  t.notOk('cnf' in claims(plain.body.access_token))
  t.match(await redeem(unbound, key), { status: 200, body: { token_type: 'DPoP' } }, 'also of whoever need not')
})

t.test('T17 ensure-holder-of-key-required: a client registered for DPoP gets nothing without', async (t) => {
  t.match(await redeem(bound), missingProof)
  t.match(await redeem(spa), missingProof)
  t.match(await post(grant, machine), missingProof)
  t.match(await post(grant, machine, ''), refusedProof, 'an empty one was sent')
  const first = await redeem(bound, key)
  t.match(await refresh(bound, first.body.refresh_token), missingProof, 'refresh-token (c)')
  t.match(await refresh(bound, first.body.refresh_token, key), { status: 200 }, 'nothing was spent')
})

t.test('T17 RFC 9449 §4.3 at the token endpoint; a refused proof spends neither code nor assertion', async (t) => {
  const form = await codeFor(bound)
  const used = await prove()
  t.match(await post(grant, machine, used), { status: 200 })
  for (const [name, dpop] of [
    ['used before', used],
    ['of another method', await prove({ htm: 'GET' })],
    ['of another endpoint', await prove({ htu: userinfoEndpoint })],
    ['of another host', await prove({ htu: 'https://evil.example/oauth2/token' })],
    ['an hour old', await prove({ claims: { iat: Math.floor(server.clock.now().getTime() / 1000) - 3600 } })],
    ['junk', 'junk'],
    ['two in one', `${await prove()}, ${await prove()}`],
  ] as const)
    t.match(await post(form, bound, dpop), refusedProof, name)
  t.equal(await twice('/oauth2/token', 'POST', [await prove(), await prove()], emptyForm), 400, 'two headers')
  t.match(await post(form, bound, await prove({ htu: `${tokenEndpoint}?x=1#y` })), { status: 200 })
})

const emptyForm = ['Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', '0']

/** Two DPoP headers: fetch would join them. */
const twice = async (path: string, method: string, proofs: readonly string[], more: readonly string[] = []) => {
  const { hostname, port } = new URL(server.issuer)
  const headers = ['Host', 'x', ...proofs.flatMap((proof) => ['DPoP', proof]), ...more]
  return new Promise<number | undefined>((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, path, method, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

t.test('T17 a proof is used once on all servers, also at the same time', async (t) => {
  const beside = await aServer(t, { beside: server })
  const proof = await prove()
  const sent = [server, beside, server, beside].map((node) =>
    node.post('/oauth2/token', grant, machine, { dpop: proof }),
  )
  const statuses = (await Promise.all(sent)).map(({ status }) => status).sort()
  t.same(statuses, [200, 400, 400, 400])
})

t.test(
  'refresh-token (a) (b): a confidential client comes with a new key each time, and with an old token',
  async (t) => {
    for (const rotation of ['rotate', 'reuse']) {
      const app = await server.anApp({ first_party: true, dpop_bound_access_tokens: true, rotation })
      const [first, second, third] = [await aProofKey(), await aProofKey(), await aProofKey()]
      const { body } = await redeem(app, first)
      const rotated = await refresh(app, body.refresh_token, second)
      t.same(claims(rotated.body.access_token).cnf, { jkt: second.jkt }, rotation)
      server.clock.advance({ seconds: 30 })
      const retried = await refresh(app, body.refresh_token, third)
      t.match(retried, { status: 200, body: { token_type: 'DPoP', refresh_token: String(rotated.body.refresh_token) } })
      t.same(claims(retried.body.access_token).cnf, { jkt: third.jkt }, 'an access token of its own beside')
      t.not(claims(retried.body.access_token).jti, claims(rotated.body.access_token).jti)
      const same = await refresh(app, body.refresh_token, second)
      if (rotation === 'rotate')
        t.equal(claims(same.body.access_token).jti, claims(rotated.body.access_token).jti, 'the very pair')
      t.match(await refresh(app, retried.body.refresh_token, first), { status: 200 })
    }
  },
)

t.test('T17 a public client: the refresh token is the key’s, and a wrong presenter changes nothing', async (t) => {
  const { body } = await redeem(spa, key)
  const thief = await aProofKey()
  t.match(await refresh(spa, body.refresh_token, thief), refusedGrant)
  t.match(await refresh(spa, body.refresh_token), missingProof)
  const rotated = await refresh(spa, body.refresh_token, key)
  t.match(rotated, { status: 200 })
  t.match(await refresh(spa, body.refresh_token, thief), refusedGrant, 'no retry either')
  server.clock.advance({ seconds: 60 })
  const retried = await refresh(spa, body.refresh_token, key)
  t.equal(retried.body.refresh_token, rotated.body.refresh_token, 'for 60 s: the presenter is proven')
  t.equal(claims(retried.body.access_token).jti, claims(rotated.body.access_token).jti)
  server.clock.advance({ seconds: 61 })
  t.match(await refresh(spa, body.refresh_token, thief), refusedGrant, 'whose replay revokes nothing')
  t.match(await refresh(spa, rotated.body.refresh_token, key), { status: 200 })
})

t.test(
  'dpop_jkt: ensure-token-endpoint-fails-with-mismatched-dpop-jkt, -dpop-proof-jkt, auth-code-binding',
  async (t) => {
    const thief = await aProofKey()
    const form = await codeFor(bound, { dpop_jkt: key.jkt })
    t.match(await post(form, bound, await prove({}, thief)), refusedGrant)
    t.match(await post(await codeFor(unbound, { dpop_jkt: key.jkt }), unbound), refusedGrant, 'and without any proof')
    t.match(await post(form, bound, await prove()), { status: 200, body: { token_type: 'DPoP' } }, 'nothing was spent')
  },
)

t.test('T17 dpop-negative-tests at userinfo', async (t) => {
  const { access_token: token } = (await redeem(bound, key)).body
  t.match(await show(token), { status: 200, body: { sub: alice.id } })
  const now = Math.floor(server.clock.now().getTime() / 1000)
  const used = await prove({ htm: 'GET', htu: userinfoEndpoint, accessToken: String(token) })
  const by = (dpop: string) => server.get('/oauth2/userinfo', { authorization: `DPoP ${token}`, dpop })
  t.match(await by(used), { status: 200 })
  const refused: readonly (readonly [string, string, Answer])[] = [
    ['jti replay', 'invalid_dpop_proof', await by(used)],
    ['malformed', 'invalid_dpop_proof', await by('a.b.c')],
    ['no typ', 'invalid_dpop_proof', await show(token, key, { header: { typ: undefined } })],
    ['no jwk', 'invalid_dpop_proof', await show(token, key, { header: { jwk: undefined } })],
    ['no jti', 'invalid_dpop_proof', await show(token, key, { claims: { jti: undefined } })],
    ['no htm', 'invalid_dpop_proof', await show(token, key, { claims: { htm: undefined } })],
    ['no htu', 'invalid_dpop_proof', await show(token, key, { claims: { htu: undefined } })],
    ['no iat', 'invalid_dpop_proof', await show(token, key, { claims: { iat: undefined } })],
    ['no ath', 'invalid_dpop_proof', await show(token, key, { claims: { ath: undefined } })],
    ['wrong ath', 'invalid_dpop_proof', await show(token, key, { accessToken: 'another' })],
    ['wrong typ', 'invalid_dpop_proof', await show(token, key, { header: { typ: 'JWT' } })],
    ['wrong htm', 'invalid_dpop_proof', await show(token, key, { htm: 'POST' })],
    ['wrong htu', 'invalid_dpop_proof', await show(token, key, { htu: tokenEndpoint })],
    ['iat an hour ago', 'invalid_dpop_proof', await show(token, key, { claims: { iat: now - 3600 } })],
    ['iat in an hour', 'invalid_dpop_proof', await show(token, key, { claims: { iat: now + 3600 } })],
    [
      'private key',
      'invalid_dpop_proof',
      await show(token, key, { header: { jwk: key.privateKey.export({ format: 'jwk' }) } }),
    ],
    ['bad signature', 'invalid_dpop_proof', await show(token, key, { signedBy: (await aProofKey()).privateKey })],
    ['another key', 'invalid_token', await show(token, await aProofKey())],
    ['no proof', 'invalid_token', await server.get('/oauth2/userinfo', { authorization: `DPoP ${token}` })],
    ['as a bearer token', 'invalid_token', await server.get('/oauth2/userinfo', { authorization: `Bearer ${token}` })],
    ['as a bearer token, with a proof', 'invalid_token', await show(token, key, {}, 'Bearer')],
    ['in a body', 'invalid_token', await server.post('/oauth2/userinfo', { access_token: String(token) })],
  ]
  for (const [name, error, answer] of refused) {
    t.match(answer, { status: 401, body: { error } }, name)
    const challenge = answer.headers.get('www-authenticate') ?? ''
    t.match(challenge, new RegExp(`^DPoP error="${error}", .*algs="${proofAlgorithms.join(' ')}"$`), name)
  }
  const authorization = ['Authorization', `DPoP ${token}`]
  const proofs = await Promise.all(
    [1, 2].map(() => prove({ htm: 'GET', htu: userinfoEndpoint, accessToken: String(token) })),
  )
  t.equal(await twice('/oauth2/userinfo', 'GET', proofs, authorization), 401, 'duplicate headers')
  t.match(await show(token, key, { htu: `${userinfoEndpoint}?query#fragment` }), { status: 200 })
  for (const iat of [now - 10, now + 10]) t.match(await show(token, key, { claims: { iat } }), { status: 200 })
})

t.test('access-token-type-header-case-sensitivity, and a token that is bound to nothing', async (t) => {
  const { access_token: token } = (await redeem(bound, key)).body
  for (const scheme of ['dpop', 'DPOP', 'DPoP']) t.match(await show(token, key, {}, scheme), { status: 200 }, scheme)
  const plain = (await redeem(unbound)).body.access_token
  t.match(await show(plain), { status: 401, body: { error: 'invalid_token' } }, 'a proof proves nothing of it')
  t.match(await show(plain, key, {}, 'Bearer'), { status: 200 })
  const junk = await show('junk')
  t.match(junk, { status: 401, body: { error: 'invalid_token' } })
  t.match(junk.headers.get('www-authenticate'), /^DPoP error="invalid_token"/, 'T3 the scheme that was tried')
})

t.test('T17 the administrators’ API honours a bound token for its holder alone', async (t) => {
  const client_id = `admin-${randomUUID()}`
  const metadata = { ...machineMetadata, scope: administratorScope, resources: [administratorResource(server.issuer)] }
  const app = await server.anApp(machineMetadata)
  const checked = checkMetadata(
    { client_name: 'Admin', ...metadata, token_endpoint_auth_method: 'client_secret_basic' },
    'operator',
  )
  await server.stores.clients.create(client_id, checked, [aSecret(String(app.secret))], server.clock.now())
  const { body } = await post(grant, { ...app, client_id }, await prove())
  t.equal(body.token_type, 'DPoP')
  const token = String(body.access_token)
  const htu = `${server.issuer}/api/v1/clients`
  const ask = async (scheme: string, by: ProofKey, more: Partial<Proving> = {}) =>
    server.get('/api/v1/clients?limit=1', {
      authorization: `${scheme} ${token}`,
      dpop: await prove({ htm: 'GET', htu, accessToken: token, ...more }, by),
    })
  t.match(await ask('DPoP', key), { status: 200 })
  for (const answer of [
    await ask('Bearer', key),
    await ask('DPoP', await aProofKey()),
    await ask('DPoP', key, { htu: userinfoEndpoint }),
  ]) {
    t.equal(answer.status, 401)
    t.match(answer.headers.get('www-authenticate'), /^DPoP .*algs=/)
  }
})

t.test('T17 server nonces: RFC 9449 §8 at the token endpoint, §9 at a resource', async (t) => {
  const strict = await aServer(t, { beside: server, env: { DPOP_NONCE: 'required' } })
  const at = (dpop: string) => strict.post('/oauth2/token', grant, machine, { dpop })
  const challenged = await at(await prove())
  t.match(challenged, { status: 400, body: { error: 'use_dpop_nonce' } })
  const nonce = challenged.headers.get('dpop-nonce') ?? ''
  const granted = await at(await prove({ nonce }))
  t.match(granted, { status: 200 })
  t.ok(granted.headers.get('dpop-nonce'), 'also with an answer that is no error')
  t.match(await at(await prove({ nonce: 'foreign' })), { body: { error: 'use_dpop_nonce' } })

  const { access_token } = (await redeem(bound, key)).body
  const ask = async (proving: Partial<Proving>) =>
    strict.get('/oauth2/userinfo', {
      authorization: `DPoP ${access_token}`,
      dpop: await prove({ htm: 'GET', htu: userinfoEndpoint, accessToken: String(access_token), ...proving }),
    })
  const answer = await ask({})
  t.match(answer, { status: 401, body: { error: 'use_dpop_nonce' } })
  t.match(answer.headers.get('www-authenticate'), /^DPoP error="use_dpop_nonce", .*algs=/)
  t.match(await ask({ nonce: answer.headers.get('dpop-nonce') ?? '' }), { status: 200 })

  server.clock.advance({ seconds: 240 })
  t.match(await at(await prove({ nonce })), { body: { error: 'use_dpop_nonce' } }, 'expired')
  const lenient = await post(grant, machine, await prove({ nonce }))
  t.match(lenient, { body: { error: 'use_dpop_nonce' } }, 'what was sent is checked where none is required')
})

t.test('T23 a page of the app may read the nonce', async (t) => {
  const headers = { origin: 'https://spa.example', dpop: await prove() }
  const answer = await server.post('/oauth2/token', await codeFor(spa), spa, headers)
  t.equal(answer.status, 200)
  t.match(answer.headers.get('access-control-expose-headers'), /\bDPoP-Nonce\b/)
})

t.test('what must not stand together is refused at registration', async (t) => {
  const refused = { code: 'invalid_client_metadata' }
  const both = { dpop_bound_access_tokens: true, tls_client_certificate_bound_access_tokens: true }
  await t.rejects(server.anApp(both), refused)
  await t.rejects(
    server.anApp({ dpop_bound_access_tokens: true, stale: 'refuse' }),
    refused,
    'of a confidential client no refresh token is bound',
  )
  await t.rejects(server.anApp({ token_endpoint_auth_method: 'none', stale: 'refuse' }), refused)
})
