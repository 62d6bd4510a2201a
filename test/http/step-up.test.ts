import t from 'tap'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t)
const alice = await server.aPerson()
const api = 'https://api.example'
const visitor = server.visitor()
const app = await server.anApp({ first_party: true, resources: [api] })
await server.logIn(alice, app, {}, visitor)
const before = Number(claims((await server.logIn(alice, app, {}, visitor)).id_token).auth_time)

const send = (parameters: Record<string, string>, client = app) =>
  visitor.send(server.authorizeUrl(client, parameters).url)
const answerOf = (page: { leaves: URL | undefined }) => Object.fromEntries(page.leaves?.searchParams ?? [])
const isAtLogin = (page: { leaves: URL | undefined }) => page.leaves?.pathname === '/login'
const essential = (value: unknown) => JSON.stringify({ id_token: { acr: { essential: true, ...Object(value) } } })

t.test('S17 RFC 9470 §4: max_age forces a new login, and the tokens say when it was', async (t) => {
  server.clock.advance({ seconds: 100 })
  t.ok(answerOf(await send({ max_age: '1000' })).code, 'recent enough')
  t.ok(isAtLogin(await send({ max_age: '60' })))
  t.match(
    answerOf(await send({ max_age: '60', prompt: 'none' })),
    { error: 'login_required' },
    'no way around by prompt',
  )
  // An API sends a person back for a fresher login: RFC 9470 §5.
  const tokens = await server.logIn(alice, app, { max_age: '60' }, visitor)
  t.ok(Number(claims(tokens.id_token).auth_time) >= before + 100)
  t.match(claims(tokens.access_token), { auth_time: claims(tokens.id_token).auth_time, acr: '1' }, 'RFC 9470 §6')
})

t.test('S17 the interaction remembers what was asked: nothing that the browser sends lessens it', async (t) => {
  server.clock.advance({ seconds: 100 })
  const page = await visitor.visit(server.authorizeUrl(app, { max_age: '60' }).url)
  const { searchParams } = new URL(page.url)
  const id = searchParams.get('interaction')
  for (const path of [`/consent?interaction=${id}&max_age=9999`, `/login?interaction=${id}&max_age=9999&prompt=none`]) {
    const next = await visitor.visit(path)
    t.notOk(next.leaves, path)
    t.ok(
      next.forms.some((form) => form.id === 'login-form'),
      path,
    )
  }
})

t.test('OIDC Registration §2: default_max_age counts where the request says nothing', async (t) => {
  const strict = await server.anApp({ first_party: true, default_max_age: 60 })
  server.clock.advance({ seconds: 100 })
  t.ok(isAtLogin(await send({}, strict)))
  t.match(answerOf(await send({ prompt: 'none' }, strict)), { error: 'login_required' })
  t.ok(answerOf(await send({ max_age: '100000' }, strict)).code, 'the request overrides it')
  const zero = await server.anApp({ first_party: true, default_max_age: 0 })
  t.ok(isAtLogin(await send({}, zero)))
})

t.test('OIDC Registration §2: require_auth_time, and default_acr_values that are a wish', async (t) => {
  const client = await server.anApp({ first_party: true, require_auth_time: true, default_acr_values: ['phr', 'mfa'] })
  const { id_token } = await server.logIn(alice, client, {}, visitor)
  t.match(claims(id_token), { auth_time: Number, acr: '1' })
  for (const acr of ['a b', ''])
    await t.rejects(server.anApp({ default_acr_values: [acr] }), { code: 'invalid_client_metadata' })
})

t.test('RFC 9470 §4 OIDC Core §5.5.1.1: acr_values is a wish, an essential acr is not', async (t) => {
  const wished = await server.logIn(alice, app, { acr_values: 'phr mfa' }, visitor)
  t.equal(claims(wished.id_token).acr, '1', 'oidcc-ensure-request-with-acr-values-succeeds')
  for (const [title, wanted] of [
    ['a value', { value: 'phr' }],
    ['values', { values: ['phr', 'mfa'] }],
  ] as const)
    for (const prompt of ['none', ''])
      t.match(
        answerOf(await send({ claims: essential(wanted), prompt })),
        {
          error: 'unmet_authentication_requirements',
          iss: server.issuer,
        },
        `${title} ${prompt}`,
      )
  t.ok(answerOf(await send({ claims: essential({ values: ['phr', '1'] }) })).code)
  t.ok(answerOf(await send({ claims: essential({}) })).code)
})

t.test('S17 a pushed request cannot be lessened where it is used', async (t) => {
  server.clock.advance({ seconds: 100 })
  const { url } = server.authorizeUrl(app, { max_age: '60' })
  const pushed = await server.post('/oauth2/par', new URL(url).searchParams, app)
  const query = new URLSearchParams({ client_id: app.client_id, request_uri: String(pushed.body.request_uri) })
  t.ok(isAtLogin(await visitor.send(`/oauth2/authorize?${query}&max_age=99999&prompt=none`)))
})

t.test('RFC 8707 §2.1 §2.2: a resource in both places', async (t) => {
  const two = await server.anApp({ first_party: true, resources: [api, 'https://b.example'], scope: 'read' })
  const { to, verifier } = await server.authorize(alice, two, { scope: 'read', resource: api }, visitor)
  const code = to.searchParams.get('code') ?? ''
  t.match(
    await server.redeem(two, code, verifier, { resource: 'https://b.example' }),
    {
      status: 400,
      body: { error: 'invalid_target' },
    },
    'not granted',
  )
  const { body } = await server.redeem(two, code, verifier, { resource: api })
  t.match([claims(body.access_token).aud].flat(), [api], 'T11')
})
