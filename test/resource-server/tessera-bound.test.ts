import t from 'tap'
import { protect } from '../../src/resource-server/index.ts'
import { aProofKey } from '../../src/resource-server/testing/mock-proofs.ts'
import { aServer } from '../support/server.ts'
import { api, grant, machineMetadata } from '../support/token-requests.ts'

const server = await aServer(t)
const guard = protect({
  issuer: server.issuer,
  audience: api,
  publicUrl: api,
  now: server.clock.now,
  feedWait: 60,
  timeout: 60_000,
})
t.teardown(() => guard.close())
const seconds = () => server.clock.now().getTime() / 1000
const url = `${api}/orders`

t.test('a token that the server bound to a key passes with a proof of the key alone (RFC 9449 §7)', async (t) => {
  const app = await server.anApp({ ...machineMetadata, dpop_bound_access_tokens: true })
  const [key, thief] = [await aProofKey(seconds), await aProofKey(seconds)]
  const proof = () => key.proof({ url: `${server.issuer}/oauth2/token`, method: 'POST' })
  const asked = await server.post('/oauth2/token', grant, app, { dpop: await proof() })
  t.match(asked, { status: 200, body: { token_type: 'DPoP' } })
  const token = String(asked.body.access_token)

  const verify = async (headers: Record<string, string>) =>
    guard.verify({ headers, url, method: 'GET' }, 'read').then(
      ({ client_id }) => client_id,
      ({ rule }) => rule,
    )
  t.equal(await verify(await key.headers({ url, token })), app.client_id)
  t.equal(await verify({ authorization: `Bearer ${token}` }), 'cnf')
  t.equal(await verify(await thief.headers({ url, token })), 'cnf')
  t.equal(await verify({ authorization: `DPoP ${token}`, dpop: await proof() }), 'proof', 'one for the token endpoint')
})
