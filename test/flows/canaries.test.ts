import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { aDevice, aDeviceApp, approve } from '../support/devices.ts'
import { dumpOf } from '../support/dump.ts'
import { aKeyedClient } from '../support/fapi.ts'
import { aProofKey } from '../support/proofs.ts'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { aServer } from '../support/server.ts'
import { aJwt, aRefreshToken } from '../support/token-forms.ts'

const server = await aServer(t, { env: { REGISTRATION: 'token' } })
const canaries = new Map<string, string>()
/** Remembered as it is, and without the parts that a log could have cut off. */
const plant = (name: string, value: string): string => {
  canaries.set(name, value)
  return value
}
const canary = (name: string): string => plant(name, `canary${randomBytes(12).toString('hex')}`)

/** Every text in which a secret could lie there and still be used. */
const spellings = (value: string): readonly string[] => [
  value,
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
  Buffer.from(value).toString('hex'),
  Buffer.from(value, 'base64url').toString('hex'),
]
/** A JWT is useless without its signature, a token of ours without its last bytes: so those are looked for as well. */
const traces = (value: string): readonly string[] => [
  ...spellings(value),
  ...(value.startsWith('eyJ') ? value.split('.').slice(2) : []),
  ...(value.length >= 40 ? [value.slice(-30)] : []),
]
const found = (text: string): readonly string[] =>
  [...canaries]
    .filter(([, value]) => traces(value).some((trace) => trace !== '' && text.includes(trace)))
    .map(([name]) => name)

/** Everything that happens to people and clients, with something secret in every place that can hold one. */
const live = async () => {
  const state = canary('state')
  const nonce = canary('nonce')
  const alice = await server.aPerson('alice', { name: 'Alice Archer' })
  plant('password', alice.password)
  const app = await server.anApp({ resources: ['https://api.example'] })
  plant('client secret', app.secret ?? '')

  const visitor = server.visitor()
  const { url, verifier } = server.authorizeUrl(app, { state, nonce, login_hint: canary('login_hint') })
  plant('verifier', verifier)
  await visitor.visit(url)
  const form = visitor.at().forms.find(({ id }) => id === 'login-form')
  plant('interaction', new URL(visitor.at().url).searchParams.get('interaction') ?? form?.fields.interaction ?? '')
  plant('csrf', form?.fields.csrf ?? form?.fields._csrf ?? '')
  await visitor.submit('login-form', { username: 'alice', password: canary('wrong password') }, 'login-submit')
  await visitor.submit('login-form', { username: canary('password as name'), password: 'x' }, 'login-submit')
  await visitor.submit('login-form', { username: 'alice', password: alice.password }, 'login-submit')
  for (const [name, value] of visitor.cookies) plant(`cookie ${name}`, decodeURIComponent(value).split('.')[0] ?? value)
  const page = await visitor.submit('consent-form', {}, 'consent-allow')
  for (const [name, value] of visitor.cookies) plant(`later cookie ${name}`, value)
  const code = plant('code', page.leaves?.searchParams.get('code') ?? '')

  await server.redeem(app, code, canary('wrong verifier'))
  const { body } = await server.redeem(app, code, verifier)
  const token = (name: string, value: unknown) => plant(name, String(value))
  token('access token', body.access_token)
  token('ID token', body.id_token)
  const first = token('refresh token', body.refresh_token)
  const second = (await server.refresh(app, first)).body
  const access = token('second access token', second.access_token)
  token('second refresh token', second.refresh_token)
  await server.introspect(app, access)
  await server.get('/oauth2/userinfo', { authorization: `Bearer ${access}` })
  await server.get(`/oauth2/userinfo?access_token=${access}`)
  await server.get('/oauth2/userinfo', { authorization: `Bearer ${canary('bearer')}` })
  await visitor.visit(`/oauth2/logout?id_token_hint=${body.id_token}&state=${canary('logout state')}`)
  server.clock.advance({ seconds: 61 })
  await server.refresh(app, first)
  await server.redeem(app, code, verifier)
  await server.post('/oauth2/revoke', { token: access }, app)
  await server.post('/oauth2/revoke', { token: canary('junk token') }, app)

  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const machine = await server.anApp({
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicKey.export({ format: 'jwk' })] },
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })
  const now = Math.floor(server.clock.now().getTime() / 1000)
  const assert = async (claims: Record<string, unknown>, name: string) => {
    const payload = { iss: machine.client_id, sub: machine.client_id, aud: server.issuer, exp: now + 60, ...claims }
    const assertion = plant(name, await new SignJWT(payload).setProtectedHeader({ alg: 'ES256' }).sign(privateKey))
    return server.post('/oauth2/token', {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    })
  }
  const machineAnswer = await assert({ jti: canary('jti') }, 'assertion')
  token('machine token', machineAnswer.body.access_token)
  await assert({ jti: canary('other jti'), aud: canary('aud') }, 'wrong assertion')
  await assert({ jti: canary('third jti'), exp: canary('exp') }, 'malformed assertion')

  await server.post('/oauth2/token', { grant_type: canary('grant type') }, app)
  await server.post(
    '/oauth2/token',
    { grant_type: 'refresh_token', refresh_token: `tsr_${canary('junk refresh')}` },
    app,
  )
  await server.post('/oauth2/token', {}, { ...app, secret: canary('wrong secret') })
  await server.post('/oauth2/token', {}, undefined, { authorization: `Bearer ${canary('authorization')}` })
  await server.post('/oauth2/token', {}, undefined, { authorization: canary('scheme') })
  await server.post(`/oauth2/token?code=${canary('code in the address')}`, {}, app)
  await server.post('/oauth2/token', new URLSearchParams(`a=${canary('repeat')}&a=b`), app)
  await server.post('/oauth2/token', {}, app, { 'content-type': `text/${canary('type')}` })
  await server.post('/oauth2/token', { [canary('name')]: `${canary('control')}\u0001` }, app)
  await server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: canary('bad') }, app, {
    'x-request-id': canary('request id'),
    'x-forwarded-for': canary('forwarded'),
  })
  await server.get(`/${canary('path')}?${canary('query')}=${canary('value')}`)
  await server.get(`/%${canary('escape')}`)
  await visitor.visit(`/login?interaction=${canary('foreign interaction')}`)
  await visitor.visit(server.authorizeUrl(app, { redirect_uri: `https://evil.example/${canary('redirect')}` }).url)
  await visitor.visit(server.authorizeUrl(app, { scope: canary('scope'), state: canary('second state') }).url)
  await visitor.visit('/login', {
    method: 'POST',
    body: new URLSearchParams({ username: 'a', password: canary('no csrf') }),
  })
  for (const name of visitor.cookies.keys()) visitor.cookies.set(name, canary(`forged ${name}`))
  await visitor.visit('/account')
}
await live()

/** The later dialects: what is pushed, signed, proven, registered, entered on a device. */
const speak = async () => {
  const bob = await server.aPerson('bob')
  const client = await aKeyedClient(server, { first_party: true, dpop_bound_access_tokens: true })
  const key = await aProofKey()
  const proofAt = async (name: string, path: string, more: { htm?: string; accessToken?: string } = {}) =>
    plant(name, await key.prove({ htu: server.issuer + path, now: server.clock.now(), ...more }))
  const { parameters, verifier } = client.parameters({
    login_hint: canary('signed hint'),
    state: canary('signed state'),
  })
  const request = plant('request object', await client.object(parameters))
  const assertion = plant('pushed assertion', await client.assertion())
  const pushed = await client.push({ request }, { assertion, proof: await proofAt('pushed proof', '/oauth2/par') })
  plant('request_uri', String(pushed.body.request_uri).slice(-43))
  const visitor = server.visitor()
  await visitor.visit(client.pushedUrl(pushed))
  const page = await visitor.submit('login-form', { username: 'bob', password: bob.password }, 'login-submit')
  const code = plant('pushed code', page.leaves?.searchParams.get('code') ?? '')
  const { body } = await client.redeem(
    code,
    plant('pushed verifier', verifier),
    await proofAt('proof', '/oauth2/token'),
  )
  const accessToken = plant('bound token', String(body.access_token))
  const proof = await proofAt('shown proof', '/oauth2/userinfo', { htm: 'GET', accessToken })
  for (const dpop of [proof, proof, plant('junk proof', `${proof.slice(0, -40)}${canary('signature')}`)])
    await server.get('/oauth2/userinfo', { authorization: `DPoP ${accessToken}`, dpop })
  await client.push({ request: plant('junk object', `${request.slice(0, -40)}${canary('other signature')}`) })
  await client.push({ ...parameters, client_secret: canary('secret that is none') })

  const television = await aDeviceApp(server)
  const device = await aDevice(server, television)
  plant('device code', device.deviceCode)
  plant('user code', device.userCode)
  await device.poll()
  await approve(bob, server.visitor(), device.userCode)
  server.clock.advance({ seconds: 6 })
  plant('token of a device', String((await device.poll()).body.refresh_token))
  await visitor.visit(`/device?user_code=${canary('user code in the address')}`)

  const { register, configure, invite } = registeringAt(server)
  const invitation = plant('initial access token', await invite(3))
  const metadata = { redirect_uris: [redirectUri], software_id: 'x' }
  const information = (await register(metadata, { authorization: `Bearer ${invitation}` })).body
  plant('registration access token', String(information.registration_access_token))
  plant('registered secret', String(information.client_secret))
  await register({ ...metadata, client_secret: canary('chosen secret') }, { authorization: `Bearer ${invitation}` })
  await configure('GET', information)
  await configure('GET', information, undefined, canary('guessed token'))
  await configure('DELETE', information)
  await register(metadata, { authorization: `Bearer ${canary('guessed invitation')}` })
}
await speak()

t.test('O10 no secret, code, token, verifier, password or cookie is in the log, at its most talkative', async (t) => {
  const log = server.log()
  const everything = [...canaries.values()].join(' ')
  t.equal(found(everything).length, canaries.size, 'what is looked for would be found')
  t.ok(canaries.size > 50, `${canaries.size} were planted`)
  t.ok(log.split('\n').length > 30, 'the story was logged')
  t.match(log, /replayed: generation 1 of family/, 'with what an operator needs')
  t.ok(
    [...canaries.values()].every((value) => value.length >= 8),
    [...canaries].filter(([, v]) => v.length < 8).join(),
  )
  t.same(found(log), [])
  for (const line of log.trim().split('\n')) if (!line.startsWith('{')) t.fail(`not JSON: ${line}`)
})

t.test('O11 P11 a dump of the database redeems nothing', async (t) => {
  const dump = await dumpOf(server.databaseUrl)
  t.match(dump, /authorization_codes/)
  t.match(dump, /token_families/)
  t.match(canaries.get('access token'), aJwt)
  t.match(canaries.get('refresh token'), aRefreshToken)
  // What the relying party chose for itself, and would show anybody, is stored with its request and its grant.
  // A user code that was entered stands with the request of its browser, and is of no use in any other (T20).
  const shown = ['state', 'nonce', 'login_hint', 'second state', 'scope', 'signed hint', 'signed state', 'user code']
  t.same(
    found(dump).filter((name) => !shown.includes(name)),
    [],
  )
  t.notMatch(dump, aJwt, 'no JWT')
  t.notMatch(dump, aRefreshToken, 'no refresh token')
  t.notMatch(dump, /PRIVATE|"d":/, 'no private key')
})

t.test('O10 the audit names the actor, the client and the address of a replay', async (t) => {
  const events = await server.stores.events.list({ limit: 100 })
  const [replay] = events.filter(({ kind }) => kind === 'family_revoked')
  t.match(replay, {
    userId: String,
    clientId: /^app-/,
    familyId: String,
    ip: '127.0.0.1',
    detail: { reason: 'replayed' },
  })
})
