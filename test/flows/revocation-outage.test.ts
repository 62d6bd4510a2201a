import t from 'tap'
import { later } from '../../src/clock.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { aCable } from '../support/cable.ts'
import { aDatabase } from '../support/database.ts'
import { aReader, getList } from '../support/feed.ts'
import { aServer } from '../support/server.ts'

/** The server reaches its database through one cable, and hears announcements through another. */
const direct = await aDatabase(t)
const [cable, wire] = [await aCable(t, direct.url), await aCable(t, direct.url)]
const open = (url: string) => openDatabase({ url, poolSize: 4, statementTimeoutMs: 3000, onError: () => {} })
const [database, announcements] = [open(cable.url), open(wire.url)]
t.teardown(async () => {
  await database.close()
  await announcements.close()
})
const server = await aServer(t, { on: { url: direct.url, database: { ...database, aside: announcements.aside } } })
const beside = await aServer(t, { on: direct, beside: server })
let tokens = 0
const revoke = () => {
  const now = server.clock.now()
  return beside.stores.tokens.revoke(`token-${tokens++}`, later(now, 600), now)
}
const seconds = () => server.clock.now().getTime() / 1000

t.test('T19 announcements are not heard: the feed polls, and tells what the other server ended', async (t) => {
  const reader = await aReader(server, server.base)
  t.teardown(reader.close)
  t.match((await reader.next())?.list, { seq: 0 })
  await wire.cut()
  await revoke()
  t.match((await reader.next())?.list, { seq: 1 }, 'within a second or so')
  await revoke()
  await wire.mend()
  t.match((await reader.next())?.list, { seq: 2 })
})

t.test('T19 the database is away: the list stays, and says its age until it is back', async (t) => {
  const before = await getList(server, server.base)
  t.equal(before.iat, seconds())
  const reader = await aReader(server, server.base)
  t.teardown(reader.close)
  await reader.next()
  await cable.cut()
  await wire.cut()
  await revoke()
  for (const age of [20, 40]) {
    server.clock.advance({ seconds: 20 })
    const list = await getList(server, server.base)
    t.match(list, { iat: before.iat, seq: before.seq }, 'nothing is signed that the server does not know')
    t.equal(seconds() - Number(list.iat), age)
  }
  t.equal((await server.get('/health/live')).status, 200)
  await cable.mend()
  const next = await reader.next()
  t.match(
    next?.list,
    { after: before.seq, seq: before.seq + 1, iat: seconds() },
    'and the readers hear it by themselves',
  )
  t.match(await getList(server, server.base, before), { seq: before.seq + 1, iat: seconds() })
  await wire.mend()
})

t.test('T19 the database is silent: an asker waits for a second, and gets what is known', async (t) => {
  const before = await getList(server, server.base)
  cable.choke()
  server.clock.advance({ seconds: 15 })
  t.match(await getList(server, server.base), { iat: before.iat })
  await cable.mend()
})
