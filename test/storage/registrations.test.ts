import t from 'tap'
import { aClock } from '../support/clock.ts'
import { registeringAt } from '../support/registering.ts'
import { aServer } from '../support/server.ts'

// A use is written down once in a calendar day: none ends within these stories.
const noon = new Date(new Date().setUTCHours(12, 0, 0, 0))
const server = await aServer(t, { env: { REGISTRATION: 'open' }, clock: aClock(noon) })
const { registered } = registeringAt(server)
const alice = await server.aPerson()
const days = (count: number) => ({ seconds: count * 86_400 })
const grants = { grant_types: ['authorization_code', 'refresh_token'] }
const isThere = async (id: string) => (await server.stores.registrations.find(id)) !== undefined
const lastUsed = async (id: string) => (await server.stores.registrations.find(id))?.registration?.lastUsedAt

t.test('the last use is written once a day, and of clients that registered themselves alone', async (t) => {
  const app = await registered(grants)
  t.equal(await lastUsed(app.client_id), undefined)
  const first = server.clock.now()
  const { refresh_token } = await server.logIn(alice, app, { scope: 'openid offline_access' })
  t.same(await lastUsed(app.client_id), first)
  server.clock.advance({ seconds: 60 })
  const { body } = await server.refresh(app, refresh_token)
  t.same(await lastUsed(app.client_id), first, 'not again on the same day')
  server.clock.advance(days(1))
  await server.refresh(app, String(body.refresh_token))
  t.same(await lastUsed(app.client_id), server.clock.now())

  const ours = await server.anApp()
  await server.logIn(alice, ours)
  const row = await server.database.prisma((prisma) => prisma.client.findUnique({ where: { id: ours.client_id } }))
  t.equal(row?.lastUsedAt, null)
})

t.test('a failed token request is no use', async (t) => {
  const app = await registered()
  t.equal((await server.redeem(app, 'x', 'y'.repeat(43))).status, 400)
  t.equal(await lastUsed(app.client_id), undefined)
})

t.test('clients that nobody used for thirty days are cleared away, and no others', async (t) => {
  const sweep = () => server.stores.maintenance.sweep(server.clock.now())
  const unused = await registered({ client_name: 'unused' })
  const [consented, alive] = [await registered(grants), await registered(grants)]
  const operators = await server.anApp()
  await server.logIn(alice, consented, { scope: 'openid' })
  await server.logIn(alice, alive, { scope: 'openid offline_access' })
  // What people allow is remembered until they take it back: here they did.
  await server.database.prisma((prisma) => prisma.consent.deleteMany({ where: { clientId: alive.client_id } }))
  t.ok(await server.stores.clients.find(unused.client_id), 'in memory')

  server.clock.advance(days(29))
  await sweep()
  t.ok(await isThere(unused.client_id))

  server.clock.advance(days(2))
  const young = await registered()
  await sweep()
  t.notOk(await isThere(unused.client_id))
  t.ok(await isThere(alive.client_id), 'its family lived a moment ago')
  t.ok(await isThere(consented.client_id))
  t.ok(await isThere(young.client_id))
  t.ok(await isThere(operators.client_id))

  server.clock.advance(days(400))
  await sweep()
  t.notOk(await isThere(alive.client_id))
  t.ok(await isThere(consented.client_id), 'somebody allowed it')
  t.ok(await isThere(operators.client_id), 'an operator made it')
})

t.test('who deletes says so: no server answers from memory for a client that is gone', async (t) => {
  const other = await aServer(t, { beside: server, env: { REGISTRATION: 'open' } })
  const app = await registered()
  t.ok(await other.stores.clients.find(app.client_id))
  const gone = new Promise<void>((resolve) =>
    other.stores.changes.subscribe((change) => {
      if (change?.of === 'client' && change.id === app.client_id) resolve()
    }),
  )
  server.clock.advance(days(31))
  await server.stores.maintenance.sweep(server.clock.now())
  await gone
  t.equal(await other.stores.clients.find(app.client_id), undefined)
})
