import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aKeyedClient, type KeyedClient } from '../support/fapi.ts'
import { aProofKey, type ProofKey, type Proving } from '../support/proofs.ts'
import { type Answer, aServer, claims } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'

/** FAPI 2.0 Security Profile with private_key_jwt and DPoP: the modules that are about the proof. */
const suite = 'fapi2-security-profile-final'
const algorithms = { SIGNING_ALGORITHMS: signingAlgorithms.join() }
const server = await aTlsServer(t, { env: algorithms })
const alice = await server.aPerson()
const visitor = server.visitor()
const key = await aProofKey()
const par = `${server.issuer}/oauth2/par`
const tokenEndpoint = `${server.issuer}/oauth2/token`
const userinfo = `${server.issuer}/oauth2/userinfo`
const client = await aKeyedClient(server, { profile: 'fapi2', first_party: true })

type By = { readonly key?: ProofKey | undefined; readonly proving?: Partial<Proving> }

const prove = (htu: string, { key: by = key, proving = {} }: By = {}) =>
  by.prove({ htu, now: server.clock.now(), ...proving })

/** Everything that a client signs is signed anew for each request, as the suite does. */
const signed = async (app: KeyedClient, form: Record<string, string>) => ({
  ...form,
  client_id: app.client_id,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await app.assertion(),
})

const push = async (changes: Record<string, string> = {}, dpop?: string) => {
  const { parameters, verifier } = client.parameters({ scope: 'openid offline_access', ...changes })
  const answer = await server.post('/oauth2/par', await signed(client, parameters), undefined, dpop ? { dpop } : {})
  return { answer, verifier }
}

/** The whole way to a code. */
const codeFor = async (changes?: Record<string, string>, dpop?: string) => {
  const { answer, verifier } = await push(changes, dpop)
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  let page = await visitor.visit(client.pushedUrl(answer))
  if (page.forms.some(({ id }) => id === 'login-form'))
    page = await visitor.submit('login-form', { username: alice.username, password: alice.password }, 'login-submit')
  const code = page.leaves?.searchParams.get('code') ?? ''
  return { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: verifier }
}

const ask = async (form: Record<string, string>, dpop?: string): Promise<Answer> =>
  server.post('/oauth2/token', await signed(client, form), undefined, dpop ? { dpop } : {})
const redeem = async (by: By = {}) => ask(await codeFor(), await prove(tokenEndpoint, by))
const show = async (accessToken: unknown, { key: by, proving }: By = {}, scheme = 'DPoP') =>
  server.get('/oauth2/userinfo', {
    authorization: `${scheme} ${accessToken}`,
    dpop: await prove(userinfo, { key: by, proving: { htm: 'GET', accessToken: String(accessToken), ...proving } }),
  })
const seconds = () => Math.floor(server.clock.now().getTime() / 1000)

t.test(`${suite}-happy-flow: a bound token, honoured for its holder`, async (t) => {
  const { status, body } = await redeem()
  t.equal(status, 200, JSON.stringify(body))
  t.equal(body.token_type, 'DPoP')
  t.same(claims(body.access_token).cnf, { jkt: key.jkt })
  t.match(await show(body.access_token), { status: 200, body: { sub: alice.id } })
})

for (const [module, said] of [
  ['check-dpop-proof-nbf-exp', () => ({ nbf: seconds(), exp: seconds() + 300 })],
  ['ensure-dpopproof-with-iat-10seconds-before-succeeds', () => ({ iat: seconds() - 10 })],
  ['ensure-dpopproof-with-iat-10seconds-after-succeeds', () => ({ iat: seconds() + 10 })],
] as const)
  t.test(`${suite}-${module}`, async (t) => {
    const { status, body } = await redeem({ proving: { claims: said() } })
    t.equal(status, 200)
    t.match(await show(body.access_token, { proving: { claims: said() } }), { status: 200 })
  })

t.test(`${suite}-access-token-type-header-case-sensitivity`, async (t) => {
  const { body } = await redeem()
  for (const scheme of ['dpop', 'DPOP', 'dPoP']) t.match(await show(body.access_token, {}, scheme), { status: 200 })
})

t.test(`${suite}-ensure-mismatched-dpop-jkt-fails: dpop_jkt of another key than the proof at PAR`, async (t) => {
  const { answer } = await push({ dpop_jkt: (await aProofKey()).jkt }, await prove(par))
  t.match(answer, { status: 400, body: { error: 'invalid_dpop_proof' } })
})

t.test(`T17 ${suite}: a proof at PAR is checked like any other`, async (t) => {
  const used = await prove(par)
  t.match((await push({}, used)).answer, { status: 201 })
  for (const [name, dpop] of [
    ['used before', used],
    ['for the token endpoint', await prove(tokenEndpoint)],
    ['of another method', await prove(par, { proving: { htm: 'GET' } })],
    ['an hour old', await prove(par, { proving: { claims: { iat: seconds() - 3600 } } })],
    ['a private key', await prove(par, { proving: { header: { jwk: key.privateKey.export({ format: 'jwk' }) } } })],
    ['junk', 'junk'],
  ] as const)
    t.match((await push({}, dpop)).answer, { status: 400, body: { error: 'invalid_dpop_proof' } }, name)
})

const another = async () => prove(tokenEndpoint, { key: await aProofKey() })
const refusedGrant = { status: 400, body: { error: 'invalid_grant' } }

t.test(`${suite}-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt: another key than at PAR`, async (t) => {
  t.match(await ask(await codeFor({}, await prove(par)), await another()), refusedGrant)
})

t.test(`${suite}-ensure-token-endpoint-fails-with-mismatched-dpop-jkt: another key than dpop_jkt named`, async (t) => {
  t.match(await ask(await codeFor({ dpop_jkt: key.jkt }), await another()), refusedGrant)
})

t.test(`${suite}-ensure-dpopproof-at-par-endpoint-binding-success`, async (t) => {
  t.match(await ask(await codeFor({}, await prove(par)), await prove(tokenEndpoint)), { status: 200 })
})

t.test(`${suite}-ensure-dpop-auth-code-binding-success`, async (t) => {
  t.match(await ask(await codeFor({ dpop_jkt: key.jkt }), await prove(tokenEndpoint)), { status: 200 })
  t.match(await ask(await codeFor({ dpop_jkt: key.jkt }, await prove(par)), await prove(tokenEndpoint)), {
    status: 200,
  })
})

t.test(`${suite}-dpop-negative-tests`, async (t) => {
  const { access_token: token } = (await redeem()).body
  const proving = (proving: Partial<Proving>) => show(token, { proving })
  const used = await prove(userinfo, { proving: { htm: 'GET', accessToken: String(token) } })
  const by = (dpop?: string) =>
    server.get('/oauth2/userinfo', { authorization: `DPoP ${token}`, ...(dpop && { dpop }) })
  t.match(await by(used), { status: 200 })
  const answers: Record<string, Answer> = {
    'jti used before': await by(used),
    'two proofs': await by(`${used}, ${used}`),
    'no proof': await by(),
    malformed: await by('not a proof'),
    'as a bearer token': await show(token, {}, 'Bearer'),
    'of another key': await show(token, { key: await aProofKey() }),
    'bad signature': await proving({ signedBy: (await aProofKey()).privateKey }),
    'wrong typ': await proving({ header: { typ: 'JWT' } }),
    'private key': await proving({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } }),
    'wrong htm': await proving({ htm: 'POST' }),
    'wrong htu': await proving({ htu: tokenEndpoint }),
    'wrong ath': await proving({ accessToken: 'another' }),
    'iat an hour ago': await proving({ claims: { iat: seconds() - 3600 } }),
    'iat in an hour': await proving({ claims: { iat: seconds() + 3600 } }),
  }
  for (const name of ['typ', 'jwk']) answers[`no ${name}`] = await proving({ header: { [name]: undefined } })
  for (const name of ['jti', 'htm', 'htu', 'iat', 'ath'])
    answers[`no ${name}`] = await proving({ claims: { [name]: undefined } })
  for (const [name, { status, headers }] of Object.entries(answers)) {
    t.equal(status, 401, name)
    t.match(headers.get('www-authenticate'), /^DPoP error="invalid_(token|dpop_proof)"/, name)
  }
  t.match(await proving({ htu: `${userinfo}?a=b#c` }), { status: 200 }, 'query and fragment are ignored')
})

t.test(`${suite}-ensure-holder-of-key-required`, async (t) => {
  t.match(await ask(await codeFor()), { status: 400, body: { error: 'invalid_request' } })
})

t.test(
  `${suite}-refresh-token: (a) an old one after 30 s, (b) a new key each time, (c) nothing without proof`,
  async (t) => {
    for (const rotation of ['reuse', 'rotate']) {
      // The profile asks for reuse; where tokens rotate the suite waits and presents the previous one.
      const app = await aKeyedClient(server, { dpop_bound_access_tokens: true, first_party: true, rotation })
      const { to, verifier } = await server.authorize(alice, app, {}, visitor)
      const code = to.searchParams.get('code') ?? ''
      const send = async (form: Record<string, string>, by?: ProofKey) => {
        const dpop = by && (await prove(tokenEndpoint, { key: by }))
        return server.post('/oauth2/token', await signed(app, form), undefined, dpop ? { dpop } : {})
      }
      const first = await send({ grant_type: 'authorization_code', code, code_verifier: verifier }, key)
      const form = { grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }
      const rotated = await send(form, await aProofKey())
      t.equal(rotated.status, 200, rotation)
      t.equal(rotated.body.refresh_token === first.body.refresh_token, rotation === 'reuse')
      server.clock.advance({ seconds: 30 })
      const again = await aProofKey()
      const retried = await send(form, again)
      t.equal(retried.status, 200, 'the previous refresh token after 30 s')
      t.same(claims(retried.body.access_token).cnf, { jkt: again.jkt })
      t.match(await send(form), { status: 400, body: { error: 'invalid_request' } }, 'without a proof')
      t.match(
        await server.post('/oauth2/token', { ...form, client_id: app.client_id }, undefined, {
          dpop: await prove(tokenEndpoint),
        }),
        { status: 401, body: { error: 'invalid_client' } },
        'without client authentication',
      )
      const own = await prove(tokenEndpoint)
      const theirs = await server.post('/oauth2/token', await signed(client, form), undefined, { dpop: own })
      t.match(theirs, refusedGrant, 'by another client')
    }
  },
)

t.test('RFC 9449 §8 who is sent back for a nonce comes again with the same assertion', async (t) => {
  const strict = await aServer(t, { beside: server, env: { ...algorithms, DPOP_NONCE: 'required' } })
  const form = await signed(client, await codeFor())
  const challenged = await strict.post('/oauth2/token', form, undefined, { dpop: await prove(tokenEndpoint) })
  t.match(challenged, { status: 400, body: { error: 'use_dpop_nonce' } })
  const nonce = challenged.headers.get('dpop-nonce') ?? ''
  const dpop = await prove(tokenEndpoint, { proving: { nonce } })
  t.match(await strict.post('/oauth2/token', form, undefined, { dpop }), { status: 200 })
})
