import t from 'tap'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t, { env: { REGISTRATION: 'open' } })
const { registered, configure } = registeringAt(server)
const alice = await server.aPerson()

/** What RFC 7592 §2.2 lets a client send back. */
const replacement = (
  { client_id, ...rest }: Record<string, unknown>,
  change: Record<string, unknown> = {},
): Record<string, unknown> => {
  const told = [
    'registration_access_token',
    'registration_client_uri',
    'client_secret_expires_at',
    'client_id_issued_at',
  ]
  const metadata = Object.entries(rest).filter(([name]) => !told.includes(name))
  return { ...Object.fromEntries(metadata), client_id, ...change }
}

t.test('RFC 7592 §2.1 a client reads what it registered, as often as it likes', async (t) => {
  const { body } = await registered({ client_name: 'Notes' })
  for (let time = 0; time < 2; time++) {
    const read = await configure('GET', body)
    t.equal(read.status, 200)
    t.equal(read.headers.get('cache-control'), 'no-store')
    const { client_secret: _, client_secret_expires_at: __, ...rest } = body
    t.same(read.body, rest, 'the secret is known to the client alone')
  }
})

t.test('O4 nobody else reads, changes or deletes it', async (t) => {
  const [ours, others] = [(await registered()).body, (await registered()).body]
  const byOperator = await server.anApp()
  const uri = (id: string) => ({ ...ours, registration_client_uri: `${server.issuer}/oauth2/register/${id}` })
  const secret = `tra_${'A'.repeat(43)}`
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const body = method === 'PUT' ? replacement(ours) : undefined
    const attempts = [
      await configure(method, ours, body, String(others.registration_access_token)),
      await configure(method, ours, body, secret),
      await configure(method, ours, body, 'x'),
      await configure(method, uri(byOperator.client_id), body),
      await configure(method, uri('unknown'), body),
      await configure(method, uri('%00'), body),
    ]
    t.same([...new Set(attempts.map(({ body }) => body.error_description))].length, 1, 'one text for all of them')
    for (const { status, body, headers } of attempts) {
      t.equal(status, 401)
      t.equal(body.error, 'invalid_token')
      t.match(headers.get('www-authenticate'), /^Bearer error="invalid_token"/)
    }
  }
  t.equal((await configure('GET', ours)).status, 200)
  const bare = await fetch(String(ours.registration_client_uri))
  t.equal(bare.status, 401)
  t.equal(bare.headers.get('www-authenticate'), 'Bearer', 'RFC 6750 §3.1: no error code for who sent nothing')
})

t.test('RFC 7592 §2.2 what is sent takes the place of everything', async (t) => {
  const { body } = await registered({
    client_name: 'Notes',
    logo_uri: 'https://app.example/l.png',
    contacts: ['a@b.c'],
  })
  const { contacts: _, ...without } = replacement(body)
  const changed = await configure('PUT', body, { ...without, client_name: 'Memos', logo_uri: null })
  t.equal(changed.status, 200)
  t.match(changed.body, { client_id: body.client_id, client_name: 'Memos', contacts: [], redirect_uris: [redirectUri] })
  t.notOk('logo_uri' in changed.body, 'null is omitted')
  t.equal(changed.body.client_secret, body.client_secret, 'the secret that it sent stays')
  const found = await server.stores.clients.find(String(body.client_id))
  t.match(found, { client_name: 'Memos', contacts: [], logo_uri: undefined })
})

t.test('O4 RFC 7592 §2.2 the token is another after an update, and a lost answer locks nobody out', async (t) => {
  const { body } = await registered()
  const old = String(body.registration_access_token)
  const lost = await configure('PUT', body, replacement(body))
  t.not(lost.body.registration_access_token, old)
  const again = await configure('PUT', body, replacement(body))
  t.equal(again.status, 200, 'the answer was lost: the old one still opens')
  const next = String(again.body.registration_access_token)
  t.equal((await configure('GET', body, undefined, String(lost.body.registration_access_token))).status, 401)
  t.equal((await configure('GET', body, undefined, old)).status, 200)
  t.equal((await configure('GET', body, undefined, next)).status, 200)
  t.equal((await configure('GET', body, undefined, old)).status, 401, 'it arrived: the old one is dead')
  t.equal((await configure('GET', body, undefined, next)).status, 200)
})

t.test('two updates at once: one set of metadata, and never more than two tokens', async (t) => {
  const { body } = await registered()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => configure('PUT', body, replacement(body, { client_name: `name ${n}` }))),
  )
  const tokens = answers
    .filter(({ status }) => status === 200)
    .map((answer) => String(answer.body.registration_access_token))
  const standing = []
  for (const token of tokens) standing.push((await configure('GET', body, undefined, token)).status)
  t.equal(standing.filter((status) => status === 200).length, 1)
})

t.test('O4 PUT with another client_id, secret, or with what the server says', async (t) => {
  const { body } = await registered()
  const changes: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ client_id: 'other' }, /client_id must be that/],
    [{ client_id: undefined }, /client_id must be that/],
    [{ client_secret: 'chosen' }, /client_secret is not that/],
    [{ client_secret: 7 }, /client_secret is not that/],
    [{ registration_access_token: body.registration_access_token }, /registration_access_token must not be sent/],
    [{ registration_client_uri: body.registration_client_uri }, /registration_client_uri must not be sent/],
    [{ client_id_issued_at: 0 }, /client_id_issued_at must not be sent/],
    [{ client_secret_expires_at: 0 }, /client_secret_expires_at must not be sent/],
    [{ first_party: true }, /first_party is set by/],
    [{ redirect_uris: ['https://app.example/cb#f'] }, /redirect_uris\[0\] has a fragment/],
    [{ scope: 'openid tessera.admin' }, /scope/],
  ]
  for (const [change, expected] of changes) {
    const { status, body: answer } = await configure('PUT', body, replacement(body, change))
    t.equal(status, 400, JSON.stringify(change))
    t.match(answer.error_description, expected)
  }
  t.same(
    await server.stores.clients.find(String(body.client_id)),
    await server.stores.registrations.find(String(body.client_id)),
  )
  t.equal((await configure('GET', body)).status, 200, 'what was refused rotates nothing')
})

t.test('PUT to another method: a secret is made where one is needed, and forgotten where none is', async (t) => {
  const app = await registered({ token_endpoint_auth_method: 'none' })
  const confidential = await configure(
    'PUT',
    app.body,
    replacement(app.body, { token_endpoint_auth_method: 'client_secret_basic' }),
  )
  t.match(confidential.body, { client_secret: /^tcs_/, client_secret_expires_at: 0 })
  const { client_secret: _, ...rest } = replacement(confidential.body)
  const open = await configure('PUT', confidential.body, { ...rest, token_endpoint_auth_method: 'none' })
  t.notOk('client_secret' in open.body)
  t.equal((await server.stores.clients.find(app.client_id))?.secrets.length, 0)
})

t.test('what an operator changed of it stays through an update, and it may keep the scope it was given', async (t) => {
  const { body } = await registered()
  const id = String(body.client_id)
  const client = await server.stores.clients.find(id)
  if (!client) throw new Error('it was not registered')
  const {
    client_id: _,
    secrets: __,
    disabledAt: ___,
    notBefore: ____,
    createdAt: _____,
    registration: ______,
    ...metadata
  } = client
  await server.stores.clients.update(
    id,
    {
      ...metadata,
      first_party: true,
      scope: 'openid notes',
      access_token_lifetime: 60,
    },
    server.clock.now(),
  )
  const changed = await configure('PUT', body, replacement(body, { scope: 'openid notes', first_party: true }))
  t.equal(changed.status, 200)
  t.match(changed.body, { first_party: true, access_token_lifetime: 60 }, 'which RFC 7591 §3.2.1 wants it to hear')
  const read = await configure('GET', changed.body)
  t.match(read.body, { first_party: true, access_token_lifetime: 60 })
  for (const name of ['secrets', 'createdAt', 'disabledAt', 'notBefore', 'registration'])
    t.notOk(name in read.body, name)
  t.match(await server.stores.clients.find(id), { first_party: true, access_token_lifetime: 60, scope: 'openid notes' })
  t.equal((await configure('PUT', changed.body, replacement(changed.body, { scope: 'openid more' }))).status, 400)
})

t.test('O4 RFC 7592 §2.3 DELETE ends its tokens, and the token is worth nothing then', async (t) => {
  const app = await registered({ grant_types: ['authorization_code', 'refresh_token'] })
  const tokens = await server.logIn(alice, app, { scope: 'openid offline_access' })
  const family = String(tokens.access_token && (await server.introspect(app, tokens.access_token)).sid)
  t.ok(family)
  const deleted = await configure('DELETE', app.body)
  t.equal(deleted.status, 204)
  t.same(deleted.body, {})
  t.equal((await configure('DELETE', app.body)).status, 401)
  t.equal((await configure('GET', app.body)).status, 401)
  t.equal((await server.refresh(app, tokens.refresh_token)).body.error, 'invalid_client')
  const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
  t.equal(userinfo.status, 401)
})

t.test('S6 people are asked again for an app with another name or address, and only then', async (t) => {
  const app = await registered({ client_name: 'Notes' })
  const visitor = server.visitor()
  await server.logIn(alice, app, { scope: 'openid' }, visitor)
  const { url } = server.authorizeUrl(app, { scope: 'openid' })
  t.ok((await visitor.visit(url)).leaves, 'not asked again')
  const same = await configure('PUT', app.body, replacement(app.body, { contacts: ['a@b.example'] }))
  t.ok((await visitor.visit(url)).leaves, 'nor for what nobody saw')
  await configure('PUT', same.body, replacement(same.body, { client_name: 'Your Bank' }))
  t.equal((await visitor.visit(url)).forms[0]?.id, 'consent-form')
})

t.test('O10 the log says who registered and changed what, without a token', async (t) => {
  const { body } = await registered()
  const changed = await configure('PUT', body, replacement(body))
  await configure('DELETE', changed.body)
  const events = server
    .log()
    .split('\n')
    .filter((line) => line.includes(String(body.client_id)))
  for (const event of ['client_registered', 'client_changed', 'client_deleted'])
    t.ok(
      events.some((line) => line.includes(`"${event}"`)),
      event,
    )
  for (const secret of [body.client_secret, body.registration_access_token, changed.body.registration_access_token])
    t.notOk(server.log().includes(String(secret)))
})

t.test('of a disabled client nothing is answered', async (t) => {
  const { body } = await registered()
  await server.stores.clients.disable(String(body.client_id), server.clock.now())
  t.equal((await configure('GET', body)).status, 401)
})

t.test('D6 a client changes itself sixty times in an hour, and no oftener', async (t) => {
  let { body } = await registered()
  for (let time = 0; time < 60; time++) body = (await configure('PUT', body, replacement(body))).body
  const refused = await configure('PUT', body, replacement(body))
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.equal((await configure('GET', body)).status, 200)
  const other = (await registered()).body
  t.equal((await configure('PUT', other, replacement(other))).status, 200, 'another client')
  server.clock.advance({ seconds: 3600 })
  t.equal((await configure('PUT', body, replacement(body))).status, 200)
})
