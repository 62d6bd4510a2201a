import t from 'tap'
import { createPasswords } from '../../src/identity/password.ts'
import { systemRandom } from '../../src/random.ts'
import { rows } from '../support/rows.ts'
import { type App, aServer } from '../support/server.ts'

const server = await aServer(t)
const app = await server.anApp({ scope: 'openid offline_access read' })
const alice = await server.aPerson()
const visitor = server.visitor()

/** A fresh code of Alice's, and its verifier. */
const aCode = async (to: App = app, parameters = {}) => {
  const { to: url, verifier } = await server.authorize(alice, to, parameters, visitor)
  const code = url.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${url.href}`)
  return { code, verifier }
}
const refused = { status: 400, body: { error: 'invalid_grant' } }
const isAlive = async (token: unknown) => (await server.introspect(app, String(token))).active

t.test('P3 P4 P6 P11 a wrong proof is refused, takes nothing away, and the right one still works', async (t) => {
  const { code, verifier } = await aCode()
  const before = await rows(server)
  const send = (form: Record<string, string>) =>
    server.post('/oauth2/token', { grant_type: 'authorization_code', ...form }, app)
  const other = `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`
  t.match(await send({ code }), refused, 'P3 no verifier')
  t.match(await send({ code, code_verifier: '' }), refused, 'P3 an empty verifier')
  t.match(await server.redeem(app, code, 'w'.repeat(43)), refused, 'P3 a wrong verifier')
  for (const bad of ['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(42)}+`, `${'a'.repeat(42)} `, `${'a'.repeat(42)}é`])
    t.match(
      await server.redeem(app, code, bad),
      { status: 400, body: { error: 'invalid_request' } },
      `P4 ${bad.length}`,
    )
  for (const redirect_uri of ['https://app.example/cb/', 'https://evil.example/cb', 'https://app.example/CB'])
    t.match(await server.redeem(app, code, verifier, { redirect_uri }), refused, `P6 ${redirect_uri}`)
  t.match(await server.redeem(app, other, verifier), refused, 'P11 one byte changed')
  t.match(await server.redeem(app, `${code}A`, verifier), refused, 'P11 one byte more')
  t.match(await server.redeem(app, code.toUpperCase(), verifier), refused, 'P11 another case')
  t.same(await rows(server), before)
  t.equal((await server.redeem(app, code, verifier)).status, 200)
})

t.test('P3 a verifier where the request had no challenge: somebody took it out', async (t) => {
  const old = await server.anApp({ pkce: 'optional', scope: 'openid read', first_party: true })
  const without = { code_challenge: '', code_challenge_method: '', scope: 'openid read' }
  const { code, verifier } = await aCode(old, without)
  const before = await rows(server)
  t.match(await server.redeem(old, code, verifier), refused)
  t.same(await rows(server), before)
  const form = { grant_type: 'authorization_code', code, redirect_uri: old.redirectUri }
  t.equal((await server.post('/oauth2/token', form, old)).status, 200)
})

t.test("P5 a code of one app is nothing to another, and stays the first one's", async (t) => {
  const rival = await server.anApp()
  const { code, verifier } = await aCode()
  const before = await rows(server)
  t.match(await server.redeem(rival, code, verifier), refused)
  t.same(await rows(server), before)
  const { status, body } = await server.redeem(app, code, verifier)
  t.equal(status, 200)
  t.match(await server.redeem(rival, code, verifier), refused, 'also when it is spent')
  t.equal(await isAlive(body.access_token), true, 'P8: and that revokes nothing')
})

t.test('P7 oidcc-codereuse: the second redemption is refused, and what the first bought is dead', async (t) => {
  const { code, verifier } = await aCode()
  const { body } = await server.redeem(app, code, verifier)
  t.equal(await isAlive(body.access_token), true)
  t.match(await server.redeem(app, code, verifier), refused)
  t.equal(await isAlive(body.access_token), false)
  t.match(await server.refresh(app, String(body.refresh_token)), refused)
  const info = await server.get('/oauth2/userinfo', { authorization: `Bearer ${body.access_token}` })
  t.equal(info.status, 401)
})

t.test('P7 oidcc-codereuse-30seconds, and an hour later, after a refresh', async (t) => {
  for (const seconds of [30, 3600]) {
    const { code, verifier } = await aCode()
    const { body } = await server.redeem(app, code, verifier)
    const next = await server.refresh(app, String(body.refresh_token))
    t.equal(next.status, 200)
    server.clock.advance({ seconds })
    t.match(await server.redeem(app, code, verifier), refused)
    t.equal(await isAlive(body.access_token), false)
    t.match(await server.refresh(app, String(next.body.refresh_token)), refused, `${seconds} s`)
  }
})

t.test('P8 a second redemption that proves nothing revokes nothing', async (t) => {
  const { code, verifier } = await aCode()
  const { body } = await server.redeem(app, code, verifier)
  const before = await rows(server)
  t.match(await server.redeem(app, code, 'w'.repeat(43)), refused)
  t.match(await server.redeem(app, code, verifier, { redirect_uri: 'https://evil.example/' }), refused)
  t.match(await server.post('/oauth2/token', { grant_type: 'authorization_code', code }, app), refused)
  const stranger = await server.post('/oauth2/token', {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_id: app.client_id,
    redirect_uri: app.redirectUri,
  })
  t.match(stranger, { status: 401, body: { error: 'invalid_client' } }, 'without the secret')
  t.same(await rows(server), before)
  t.equal(await isAlive(body.access_token), true)
  t.equal((await server.refresh(app, String(body.refresh_token))).status, 200)
})

t.test('P9 fifty redemptions at once: exactly one 200, one family', async (t) => {
  const { code, verifier } = await aCode()
  const before = await rows(server)
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.redeem(app, code, verifier)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ body }) => body.error === 'invalid_grant').length, 49)
  t.equal((await rows(server)).families, before.families + 1)
})

t.test('P10 a code lives sixty seconds', async (t) => {
  const [young, old] = [await aCode(), await aCode()]
  server.clock.advance({ seconds: 59 })
  t.equal((await server.redeem(app, young.code, young.verifier)).status, 200)
  server.clock.advance({ seconds: 2 })
  const before = await rows(server)
  t.match(await server.redeem(app, old.code, old.verifier), refused)
  t.same(await rows(server), before)
})

t.test('P11 the database holds only hashes of codes, interactions and sessions', async (t) => {
  const { code } = await aCode()
  const browser = server.visitor()
  const { url } = await browser.visit(server.authorizeUrl(app).url)
  const dump = JSON.stringify(
    await server.database.prisma(async (prisma) => [
      await prisma.authorizationCode.findMany(),
      await prisma.interaction.findMany(),
      await prisma.session.findMany(),
    ]),
  )
  const interaction = new URL(url).searchParams.get('interaction') ?? ''
  for (const secret of [code, interaction, ...visitor.cookies.values(), ...browser.cookies.values()]) {
    t.ok(secret.length > 20)
    t.notOk(dump.includes(secret))
    t.notOk(server.log().includes(secret), 'nor does the log')
  }
})

t.test('P11 P12 S22 a code dies with its session, a new password, a disabled person or client', async (t) => {
  const passwords = createPasswords({ concurrency: 1, random: systemRandom })
  const hash = await passwords.hash('another password')
  const now = () => server.clock.now()
  const ends: Record<string, (person: { id: string }, doomed: App, sessionId: string) => Promise<unknown>> = {
    'P12 a new password': ({ id }) => server.stores.users.setPassword(id, hash, now()),
    'P12 the session ended': (_, __, sessionId) => server.stores.sessions.end(sessionId, 'revoked_by_admin', now()),
    'S22 the person disabled': ({ id }) => server.stores.users.disable(id, now()),
    'S22 and enabled again': async ({ id }) => {
      await server.stores.users.disable(id, now())
      await server.stores.users.enable(id)
    },
    'the client disabled and enabled': async (_, { client_id }) => {
      await server.stores.clients.disable(client_id, now())
      await server.stores.clients.enable(client_id, now())
    },
  }
  for (const [index, [title, end]] of Object.entries(ends).entries()) {
    const person = await server.aPerson(`doomed${index}`)
    const doomed = await server.anApp({ scope: 'openid offline_access read' })
    const { to, verifier } = await server.authorize(person, doomed)
    const [session] = await server.stores.sessions.list({ userId: person.id, limit: 1 }, now())
    await end(person, doomed, session?.id ?? '')
    const before = await rows(server)
    t.match(await server.redeem(doomed, to.searchParams.get('code') ?? '', verifier), refused, title)
    t.same(await rows(server), before, title)
  }
})

t.test("P13 login CSRF: the attacker's code in the victim's browser meets another verifier", async (t) => {
  const mallory = await server.aPerson('mallory')
  const hers = await server.authorize(mallory, app)
  const victims = server.authorizeUrl(app)
  const before = await rows(server)
  const injected = await server.redeem(app, hers.to.searchParams.get('code') ?? '', victims.verifier)
  t.match(injected, refused)
  t.same(await rows(server), before)
})

t.test('R7 the code sent twice in one request, or in the address', async (t) => {
  const { code, verifier } = await aCode()
  const before = await rows(server)
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier })
  form.append('code', code)
  t.match(await server.post('/oauth2/token', form, app), { status: 400, body: { error: 'invalid_request' } })
  const inAddress = { grant_type: 'authorization_code', code_verifier: verifier }
  t.match(await server.post(`/oauth2/token?code=${code}`, inAddress, app), { status: 400 })
  t.same(await rows(server), before)
})

t.test('P1 a public client without a challenge is refused, whatever its other ways to prove itself', async (t) => {
  const open = await server.anApp({ token_endpoint_auth_method: 'none', first_party: true })
  const { url } = server.authorizeUrl(open, { code_challenge: '', code_challenge_method: '' })
  const { leaves } = await visitor.send(url)
  t.equal(leaves?.searchParams.get('error'), 'invalid_request')
  t.notOk(leaves?.searchParams.has('code'))
  await t.rejects(server.anApp({ token_endpoint_auth_method: 'none', pkce: 'optional' }))
})
