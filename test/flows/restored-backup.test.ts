import t from 'tap'
import { withClient } from '../support/database.ts'
import { aServer } from '../support/server.ts'

t.test(
  'after a restored backup: a token from the future is refused with an alarm, and the family lives on',
  async (t) => {
    const server = await aServer(t)
    const app = await server.anApp()
    const first = await server.logIn(await server.aPerson(), app)
    const second = await server.refresh(app, first.refresh_token)

    // The family as it was before the refresh; the ledger, in another tablespace, was not rolled back.
    await withClient(server.databaseUrl, (client) => client.query('UPDATE token_families SET generation = 1'))
    const ahead = await server.refresh(app, String(second.body.refresh_token))
    t.match(ahead, { status: 400, body: { error: 'invalid_grant' } })
    const alarm = server
      .log()
      .split('\n')
      .find((line) => line.includes('"event":"alarm"'))
    t.match(alarm, /"level":"error".*"reason":"ahead: generation 2/)

    const again = await server.refresh(app, first.refresh_token)
    t.equal(again.status, 200, 'the ledger knows this pair already, and no refresh fails by it')
    t.equal(again.body.refresh_token, second.body.refresh_token)
  },
)

t.test('K4 a client registered for an algorithm without a key is told so, and its code is not lost', async (t) => {
  const server = await aServer(t, { env: { SIGNING_ALGORITHMS: 'RS256' } })
  const alice = await server.aPerson()
  for (const member of [
    'id_token_signed_response_alg',
    'access_token_signed_response_alg',
    'userinfo_signed_response_alg',
  ]) {
    const app = await server.anApp({ [member]: 'ES256' })
    const { to, verifier } = await server.authorize(alice, app)
    const refused = await server.redeem(app, to.searchParams.get('code') ?? '', verifier)
    t.match(refused, { status: 400, body: { error: 'unauthorized_client', error_description: /SIGNING_ALGORITHMS/ } })
    const client = await server.stores.clients.find(app.client_id)
    if (!client) throw new Error('the client is gone')
    const { client_id, secrets, disabledAt, notBefore, createdAt, ...metadata } = client
    await server.stores.clients.update(app.client_id, { ...metadata, [member]: 'RS256' }, server.clock.now())
    t.equal((await server.redeem(app, to.searchParams.get('code') ?? '', verifier)).status, 200, 'once it is mended')
  }
})
