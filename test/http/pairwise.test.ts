import t from 'tap'
import { isUuid } from '../../src/uuid.ts'
import { type App, aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const server = await aServer(t)
const second = await aServer(t, { beside: server })
const alice = await server.aPerson('alice', { email: 'alice@example.com' })
const bob = await server.aPerson('bob')
const metadata = { first_party: true, subject_type: 'pairwise', resources: [api] }
const redirectUris = { redirect_uris: ['https://one.example/cb'] }
const one = await server.anApp({ ...metadata, ...redirectUris })
const sameSector = await server.anApp({ ...metadata, redirect_uris: ['https://one.example/other'] })
const another = await server.anApp({ ...metadata, redirect_uris: ['https://two.example/cb'] })
const publicApp = await server.anApp({ first_party: true, resources: [api] })
const fail = (): never => {
  throw new Error('there is no client')
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const scope = 'openid email offline_access read'
const subjectAt = async (app: App, person = alice) => claims((await server.logIn(person, app, { scope })).id_token).sub

t.test('OIDC Core §8 T13: one subject in everything that leaves, and it is nobody else’s', async (t) => {
  const tokens = await server.logIn(alice, one, { scope })
  const { sub } = claims(tokens.id_token)
  t.ok(isUuid(String(sub)) && sub !== alice.id, 'no person’s id, and of a form that no client id has')
  t.equal(claims(tokens.access_token).sub, sub)
  t.match(await server.get('/oauth2/userinfo', bearer(tokens.access_token)), {
    status: 200,
    body: { sub, email: 'alice@example.com' },
  })
  t.match(await server.introspect(one, tokens.access_token), { active: true, sub, username: undefined })
  t.match(await server.introspect(one, tokens.refresh_token), { active: true, sub })
  const { body } = await second.refresh(one, tokens.refresh_token)
  t.equal(claims(body.access_token).sub, sub, 'of another server, after a refresh')
  t.equal(claims(body.id_token).sub, sub)
  for (const token of [tokens.access_token, tokens.id_token, tokens.refresh_token])
    t.notOk(
      Buffer.from(token.split('.')[1] ?? token, 'base64url')
        .toString()
        .includes(alice.id),
    )
})

t.test('OIDC Core §8.1: a session too has a name of its own in each sector, in everything that leaves', async (t) => {
  const visitor = server.visitor()
  const at = (app: App) => server.logIn(alice, app, { scope }, visitor)
  const tokens = await at(one)
  const { sid } = claims(tokens.id_token)
  t.ok(isUuid(String(sid)))
  t.equal(claims(tokens.access_token).sid, sid)
  for (const token of [tokens.access_token, tokens.refresh_token])
    t.match(await server.introspect(one, token), { active: true, sid })
  const { body } = await second.refresh(one, tokens.refresh_token)
  for (const token of [body.access_token, body.id_token]) t.equal(claims(token).sid, sid, 'after a refresh elsewhere')
  t.equal(claims((await at(sameSector)).id_token).sid, sid)
  const others = [claims((await at(another)).id_token).sid, claims((await at(publicApp)).id_token).sid]
  t.equal(new Set([sid, ...others]).size, 3)
  const { sid: next } = claims((await server.logIn(alice, one, { scope })).id_token)
  t.not(next, sid, 'another session')
})

t.test('Front-Channel Logout §2: the sid is that of the ID token', async (t) => {
  const visitor = server.visitor()
  const told = await server.anApp({
    ...metadata,
    redirect_uris: ['https://three.example/cb'],
    frontchannel_logout_uri: 'https://three.example/out',
  })
  const { id_token } = await server.logIn(alice, told, { scope }, visitor)
  const { html } = await visitor.visit(`/oauth2/logout?${new URLSearchParams({ id_token_hint: id_token })}`)
  t.match(html, `sid=${claims(id_token).sid}`)
})

t.test('OIDC Core §8.1: the same in a sector, and in no other', async (t) => {
  const sub = await subjectAt(one)
  t.equal(await subjectAt(one), sub)
  t.equal(await subjectAt(sameSector), sub)
  const others = [await subjectAt(another), await subjectAt(one, bob), await subjectAt(publicApp)]
  t.equal(new Set([sub, ...others]).size, 4)
  t.equal(others[2], alice.id, 'a public client is told the person’s id')
})

t.test(
  'OIDC Core §8.1: a client stored with a sector that it does not show is told of nobody else’s people',
  async (t) => {
    const redirect_uris = ['com.evil.app://one.example/cb']
    const app = { ...(await server.anApp(metadata)), redirectUri: redirect_uris[0] ?? '' }
    const { client_id, secrets, disabledAt, notBefore, createdAt, registration, ...stored } =
      (await server.stores.clients.find(app.client_id)) ?? fail()
    await server.stores.clients.update(client_id, { ...stored, redirect_uris }, server.clock.now())
    const at = async (of: App) => {
      const { sub, sid } = claims((await server.logIn(alice, of, { scope }, visitor)).id_token)
      return [sub, sid]
    }
    const visitor = server.visitor()
    const [theirs, own] = [await at(one), await at(app)]
    t.equal(new Set([...theirs, ...own]).size, 4)
    t.same(await at(app), own, 'and of each person always by the same')
  },
)

t.test('R20 a hint and a claimed sub name the person as the client knows them', async (t) => {
  const visitor = server.visitor()
  const { id_token } = await server.logIn(alice, one, { scope }, visitor)
  const { sub } = claims(id_token)
  const silently = async (parameters: Record<string, string>) => {
    const { leaves } = await visitor.visit(server.authorizeUrl(one, { scope, prompt: 'none', ...parameters }).url)
    return leaves?.searchParams.get('error') ?? (leaves?.searchParams.has('code') ? 'code' : 'nothing')
  }
  const asking = (value: unknown) => ({ claims: JSON.stringify({ id_token: { sub: { value } } }) })
  t.equal(await silently({ id_token_hint: id_token }), 'code')
  t.equal(await silently(asking(sub)), 'code')
  t.equal(await silently(asking(alice.id)), 'login_required', 'the id that other clients know is not theirs to name')
  t.equal(await silently(asking(await subjectAt(one, bob))), 'login_required')
  const { id_token: bobs } = await server.logIn(bob, one, { scope })
  t.equal(await silently({ id_token_hint: bobs }), 'login_required')
})

t.test(
  'RP-Initiated Logout §2: the hint of a pairwise client ends its person’s session unasked, and no other',
  async (t) => {
    const visitor = server.visitor()
    const { id_token } = await server.logIn(alice, one, { scope: 'openid' }, visitor)
    const { id_token: bobs } = await server.logIn(bob, one, { scope: 'openid' })
    const end = (hint: string) => visitor.visit(`/oauth2/logout?${new URLSearchParams({ id_token_hint: hint })}`)
    const isAsked = ({ forms }: Awaited<ReturnType<typeof end>>) => forms.some(({ id }) => id === 'logout-form')
    t.ok(isAsked(await end(bobs)))
    t.notOk(isAsked(await end(id_token)))
    t.notOk(isAsked(await visitor.visit('/logout')), 'nobody is logged in any more')
  },
)
