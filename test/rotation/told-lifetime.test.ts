import t from 'tap'
import { aServer } from '../support/server.ts'

const hour = 3600
const server = await aServer(t, { env: { SESSION_IDLE_LIFETIME: String(hour), SESSION_LIFETIME: String(2 * hour) } })
const app = await server.anApp({ first_party: true, resources: ['https://api.example'] })
const alice = await server.aPerson()
const scope = 'openid read'

t.test('T19 a family that ends with its session lives no longer than that', async (t) => {
  const { refresh_token } = await server.logIn(alice, app, { scope })
  server.clock.advance({ seconds: hour - 1 })
  const { status, body } = await server.refresh(app, refresh_token)
  t.equal(status, 200)
  server.clock.advance({ seconds: 1 })
  t.match(await server.refresh(app, String(body.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('T19 the login, the rotation and its retry tell how long that is', async (t) => {
  const { to, verifier } = await server.authorize(alice, app, { scope })
  const { body } = await server.redeem(app, to.searchParams.get('code') ?? '', verifier)
  t.equal(body.refresh_token_timeout, hour)
  t.equal(body.authorization_expires_in, 2 * hour)
  server.clock.advance({ seconds: 10 })
  const rotated = await server.refresh(app, String(body.refresh_token))
  const retried = await server.refresh(app, String(body.refresh_token))
  for (const { body } of [rotated, retried]) {
    t.equal(body.refresh_token_timeout, hour - 10)
    t.equal(body.authorization_expires_in, 2 * hour - 10)
  }
})
