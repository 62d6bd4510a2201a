import t from 'tap'
import type { ClientMetadata } from '../../src/oauth/client.ts'
import { registeringAt } from '../support/registering.ts'
import { aServer, claims } from '../support/server.ts'

const server = await aServer(t, { env: { REGISTRATION: 'open' } })
const alice = await server.aPerson('alice')
const { clients, families, revocations } = server.stores
const pairwise = { subject_type: 'pairwise', redirect_uris: ['https://one.example/cb'] }

const loggedIn = async (more: Record<string, unknown>) => {
  const app = await server.anApp({ first_party: true, redirect_uris: ['https://one.example/cb'], ...more })
  const tokens = await server.logIn(alice, app, { scope: 'openid offline_access' })
  const [family = ''] = String(claims(tokens.access_token).jti).split('.')
  return { app, tokens, family }
}
const metadataOf = async (id: string): Promise<ClientMetadata> => {
  const client = await clients.find(id)
  if (!client) throw new Error('there is no client')
  const { client_id, secrets, disabledAt, notBefore, createdAt, registration, ...metadata } = client
  return metadata
}

const changes: readonly (readonly [string, Record<string, unknown>, Partial<ClientMetadata>])[] = [
  ['becomes pairwise', {}, { subject_type: 'pairwise' }],
  ['becomes public', pairwise, { subject_type: 'public' }],
  ['takes another sector', pairwise, { sector_identifier_uri: 'https://sector.example/list' }],
  ['moves to another host', pairwise, { redirect_uris: ['https://two.example/cb'] }],
]
for (const [what, before, change] of changes)
  t.test(`OIDC Core §8.1 a client that ${what} loses what says the old sub`, async (t) => {
    const { app, tokens, family } = await loggedIn(before)
    const { seq } = await revocations.state()
    const updated = await clients.update(
      app.client_id,
      { ...(await metadataOf(app.client_id)), ...change },
      server.clock.now(),
    )
    t.same(updated, { changed: true, ended: true })
    t.match(await families.find(family), { revokeReason: 'client_changed' })
    t.equal((await revocations.state()).seq, seq + 1, 'and whoever verifies offline is told')
    t.match(await server.refresh(app, tokens.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
    t.match(await server.introspect(app, tokens.access_token), { active: false })
  })

t.test('a client whose subjects stay keeps what it was given', async (t) => {
  const { app, tokens } = await loggedIn(pairwise)
  const metadata = await metadataOf(app.client_id)
  const same = { ...metadata, client_name: 'Other', redirect_uris: ['https://one.example/other'] }
  t.same(await clients.update(app.client_id, same, server.clock.now()), { changed: true, ended: false })
  t.equal((await server.refresh(app, tokens.refresh_token)).status, 200)
  const open = await loggedIn({})
  const moved = { ...(await metadataOf(open.app.client_id)), redirect_uris: ['https://two.example/cb'] }
  t.same(await clients.update(open.app.client_id, moved, server.clock.now()), { changed: true, ended: false })
  t.same(await clients.update('nobody', moved, server.clock.now()), { changed: false, ended: false })
})

t.test(
  'RFC 7592 §2.2 a client that changes its own subjects loses them as well, and no other change costs it',
  async (t) => {
    const { registered, configure } = registeringAt(server)
    const grants = { grant_types: ['authorization_code', 'refresh_token'] }
    const app = await registered({ ...grants, token_endpoint_auth_method: 'none' })
    const { refresh_token } = await server.logIn(alice, app, { scope: 'openid offline_access' })
    const { client_id, redirect_uris } = app.body
    const put = (of: Record<string, unknown>, change: object) =>
      configure('PUT', of, { client_id, redirect_uris, ...grants, token_endpoint_auth_method: 'none', ...change })
    const renamed = await put(app.body, { contacts: ['me@example.com'] })
    t.equal(renamed.status, 200)
    const { body: next } = await server.refresh(app, refresh_token)
    t.type(next.refresh_token, 'string', 'still alive')
    t.match(await put({ ...app.body, registration_access_token: 'tsr_x' }, { subject_type: 'pairwise' }), {
      status: 401,
    })
    const { body: third } = await server.refresh(app, String(next.refresh_token))
    t.type(third.refresh_token, 'string', 'whoever may not change it ends nothing')
    t.equal((await put(renamed.body, { subject_type: 'pairwise' })).status, 200)
    t.match(await server.refresh(app, String(third.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
  },
)
