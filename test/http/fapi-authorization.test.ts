import t from 'tap'
import { aDpopKey, aKeyedClient, otherKey, rsaKey } from '../support/fapi.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t, { env: { SIGNING_ALGORITHMS: 'RS256,PS256,ES256' } })
const alice = await server.aPerson()
const visitor = server.visitor()
const bank = await aKeyedClient(server, { profile: 'fapi2', first_party: true })
const { parameters: first } = bank.parameters()
await visitor.visit(bank.pushedUrl(await bank.push(first)))
await visitor.submit('login-form', { username: alice.username, password: alice.password })

const codeOf = (page: { leaves: URL | undefined }) => page.leaves?.searchParams.get('code') ?? ''
const aCode = async (changes: Record<string, string> = {}, proof?: string) => {
  const { parameters, verifier } = bank.parameters(changes)
  const answer = await bank.push(parameters, proof === undefined ? {} : { proof })
  return { answer, verifier, code: codeOf(await visitor.send(bank.pushedUrl(answer))) }
}

t.test('fapi2-security-profile-final-happy-flow: pushed, answered, redeemed with a proof', async (t) => {
  const dpop = await aDpopKey(server)
  const { code, verifier } = await aCode()
  const { status, body } = await bank.redeem(code, verifier, await dpop.proof('/oauth2/token'))
  t.match({ status, body }, { status: 200, body: { token_type: 'DPoP', id_token: String } })

  const { code: unproven, verifier: other } = await aCode()
  t.match(
    await bank.redeem(unproven, other),
    { status: 400 },
    'fapi2-security-profile-final-ensure-holder-of-key-required',
  )
})

t.test('FAPI 2.0 requests without state, without nonce, with long ones', async (t) => {
  const { parameters } = bank.parameters({ state: '', nonce: '' })
  const bare = await visitor.send(bank.pushedUrl(await bank.push(parameters)))
  t.ok(codeOf(bare), 'fapi2-security-profile-final-ensure-authorization-request-without-nonce-success')
  t.notOk(
    bare.leaves?.searchParams.has('state'),
    'fapi2-security-profile-final-ensure-authorization-request-without-state-success',
  )
  for (const [title, changes] of [
    ['fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success', { nonce: 'n'.repeat(64) }],
    ['fapi2-security-profile-final-ensure-authorization-request-with-long-nonce', { nonce: 'n'.repeat(384) }],
    ['fapi2-security-profile-final-ensure-authorization-request-with-long-state', { state: 's'.repeat(1000) }],
  ] as const) {
    const dpop = await aDpopKey(server)
    const { parameters, verifier } = bank.parameters(changes)
    const page = await visitor.send(bank.pushedUrl(await bank.push(parameters)))
    t.equal(page.leaves?.searchParams.get('state'), parameters.state, title)
    const { body } = await bank.redeem(codeOf(page), verifier, await dpop.proof('/oauth2/token'))
    const [, payload = ''] = String(body.id_token).split('.')
    t.equal(JSON.parse(Buffer.from(payload, 'base64url').toString()).nonce, parameters.nonce)
  }
  const scoped = bank.parameters({ scope: 'email openid' })
  t.ok(
    codeOf(await visitor.visit(bank.pushedUrl(await bank.push(scoped.parameters)))),
    'fapi2-security-profile-final-ensure-other-scope-order-succeeds',
  )
})

t.test('fapi2-security-profile-final-test-claims-parameter-identity-claims', async (t) => {
  const claims = JSON.stringify({ id_token: { name: { essential: true }, email: null }, userinfo: { name: null } })
  const carol = await server.aPerson('carol', { name: 'Carol', email: 'carol@id.example' })
  const at = server.visitor()
  const dpop = await aDpopKey(server)
  const { parameters, verifier } = bank.parameters({ scope: 'openid profile email', claims })
  await at.visit(bank.pushedUrl(await bank.push(parameters)))
  const page = await at.submit('login-form', { username: carol.username, password: carol.password })
  const { body } = await bank.redeem(codeOf(page), verifier, await dpop.proof('/oauth2/token'))
  const [, payload = ''] = String(body.id_token).split('.')
  t.match(JSON.parse(Buffer.from(payload, 'base64url').toString()), { name: 'Carol', email: 'carol@id.example' })
})

t.test('fapi2-security-profile-final-user-rejects-authentication: also at a redirect URI with a query', async (t) => {
  const state = 's'.repeat(128)
  const query = { dummy1: 'lorem', dummy2: 'ipsum' }
  const redirect_uri = `https://app.example/cb?${new URLSearchParams(query)}`
  const second = await aKeyedClient(server, { profile: 'fapi2', redirect_uris: [redirect_uri] })
  for (const [client, changes, own] of [
    [bank, { state }, {}],
    [second, { state, redirect_uri }, query],
  ] as const) {
    const at = server.visitor()
    await at.visit(client.pushedUrl(await client.push(client.parameters(changes).parameters)))
    const { error_description: _said, ...answer } = Object.fromEntries(
      (await at.submit('login-form', {}, 'login-cancel')).leaves?.searchParams ?? [],
    )
    t.same(answer, { ...own, error: 'access_denied', state, iss: server.issuer })
  }
})

t.test('RFC 9449 §10 dpop_jkt binds the code, by a parameter or by a proof at PAR', async (t) => {
  const [ours, theirs] = [await aDpopKey(server), await aDpopKey(server)]
  const { code: byParameter, verifier: one } = await aCode({ dpop_jkt: ours.jkt })
  t.match(
    await bank.redeem(byParameter, one, await theirs.proof('/oauth2/token')),
    { status: 400 },
    'fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt',
  )
  t.match(
    await bank.redeem(byParameter, one, await ours.proof('/oauth2/token')),
    { status: 200 },
    'fapi2-security-profile-final-ensure-dpop-auth-code-binding-success',
  )

  const { code, verifier } = await aCode({}, await ours.proof('/oauth2/par'))
  t.match(
    await bank.redeem(code, verifier, await theirs.proof('/oauth2/token')),
    { status: 400 },
    'fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt',
  )
  t.match(
    await bank.redeem(code, verifier, await ours.proof('/oauth2/token')),
    { status: 200 },
    'fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success',
  )
})

t.test('fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails (RFC 9449 §10.1)', async (t) => {
  const [ours, theirs] = [await aDpopKey(server), await aDpopKey(server)]
  const { parameters } = bank.parameters({ dpop_jkt: ours.jkt })
  const refused = await bank.push(parameters, { proof: await theirs.proof('/oauth2/par') })
  t.match(refused, { status: 400, body: { error: 'invalid_dpop_proof' } })
  t.equal((await bank.push(parameters, { proof: await ours.proof('/oauth2/par') })).status, 201)
  const elsewhere = await bank.push(parameters, { proof: await ours.proof('/oauth2/token') })
  t.match(elsewhere, { status: 400, body: { error: 'invalid_dpop_proof' } }, 'T17 a proof for another endpoint')
  const proof = await ours.proof('/oauth2/par')
  t.equal((await bank.push(parameters, { proof })).status, 201)
  t.match(await bank.push(parameters, { proof }), { status: 400 }, 'T17 a proof is used once')
})

t.test(
  'fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails: at PAR and at the token',
  async (t) => {
    const dpop = await aDpopKey(server)
    const { parameters } = bank.parameters()
    const by = (alg: string) => bank.assertion({}, { header: { alg, kid: 'rsa' }, key: rsaKey.privateKey })
    const refused = { status: 401, body: { error: 'invalid_client' } }
    t.match(await bank.push(parameters, { assertion: await by('RS256') }), refused)
    t.equal((await bank.push(parameters, { assertion: await by('PS256') })).status, 201)
    const { code, verifier } = await aCode()
    t.match(await bank.redeem(code, verifier, await dpop.proof('/oauth2/token'), await by('RS256')), refused)
    const object = await bank.object(parameters, {}, { header: { alg: 'RS256', kid: 'rsa' }, key: rsaKey.privateKey })
    t.match(await bank.push({ request: object }), { status: 400, body: { error: 'invalid_request_object' } })
  },
)

t.test(
  'fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails, and a signed one too',
  async (t) => {
    const { parameters } = bank.parameters()
    const refused = { error: 'invalid_request', iss: server.issuer, state: 'the state' }
    const plain = await visitor.send(`/oauth2/authorize?${new URLSearchParams(parameters)}`)
    t.match(Object.fromEntries(plain.leaves?.searchParams ?? []), refused)
    const request = await bank.object(parameters)
    const signed = await visitor.send(
      `/oauth2/authorize?${new URLSearchParams({ client_id: bank.client_id, request })}`,
    )
    t.match(Object.fromEntries(signed.leaves?.searchParams ?? []), refused)
  },
)

t.test('FAPI 2.0 a code without its verifier', async (t) => {
  const dpop = await aDpopKey(server)
  const { code, verifier } = await aCode()
  const refused = { status: 400, body: { error: 'invalid_grant' } }
  t.match(
    await bank.redeem(code, '', await dpop.proof('/oauth2/token')),
    refused,
    'fapi2-security-profile-final-ensure-pkce-code-verifier-required',
  )
  t.match(
    await bank.redeem(code, 'x'.repeat(43), await dpop.proof('/oauth2/token')),
    refused,
    'fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected',
  )
  t.match(await bank.redeem(code, verifier, await dpop.proof('/oauth2/token')), { status: 200 })
})

t.test('fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code: after 62 s', async (t) => {
  const dpop = await aDpopKey(server)
  const { code, verifier } = await aCode()
  server.clock.advance({ seconds: 62 })
  t.match(await bank.redeem(code, verifier, await dpop.proof('/oauth2/token')), {
    status: 400,
    body: { error: 'invalid_grant' },
  })
})

t.test('FAPI 2.0 Message Signing: the request object of a pushed request', async (t) => {
  const signing = await aKeyedClient(server, { profile: 'fapi2_message_signing', first_party: true })
  const { parameters } = signing.parameters({ response_mode: 'jwt' })
  const now = signing.now()
  const push = async (changes: Record<string, unknown>, by: Parameters<typeof signing.object>[2] = {}) =>
    (await signing.push({ request: await signing.object(parameters, changes, by) })).status
  const cases: readonly (readonly [title: string, changes: Record<string, unknown>, status: number])[] = [
    ['multiple aud', { aud: ['https://elsewhere.example', server.issuer] }, 201],
    ['nbf 8 s ahead', { nbf: now + 8 }, 201],
    ['no exp', { exp: undefined }, 400],
    ['no nbf', { nbf: undefined }, 400],
    ['expired', { exp: now - 300 }, 400],
    ['bad aud', { aud: 'https://elsewhere.example' }, 400],
    ['exp over 60 minutes', { exp: now + 70 * 60 }, 400],
    ['nbf over 60 minutes', { nbf: now - 70 * 60 }, 400],
    ['§5.3.1 exp 60 minutes after nbf', { nbf: now - 1800, exp: now + 1800 }, 201],
    ['§5.3.1 exp over 60 minutes after nbf', { nbf: now - 1800, exp: now + 1801 }, 400],
    ['request_uri inside', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 400],
  ]
  for (const [title, changes, expected] of cases)
    t.equal(await push(changes), expected, `fapi2-message-signing-final: ${title}`)
  t.equal(await push({}, { header: { alg: 'RS256', kid: 'rsa' }, key: rsaKey.privateKey }), 400, 'RS256')
  t.equal(await push({}, { key: otherKey.privateKey }), 400, "another client's key")
  t.match(await signing.push(parameters), { status: 400, body: { error: 'invalid_request' } }, 'unsigned at PAR')
  const [, payload = ''] = (await signing.object(parameters)).split('.')
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  t.match(await signing.push({ request: none }), { status: 400, body: { error: 'invalid_request_object' } }, 'none')
  const [head, , signature] = (await signing.object({ ...parameters, state: 'other' })).split('.')
  t.equal((await signing.push({ request: `${head}.${payload}.${signature}` })).status, 400, 'invalid signature')
})
