import t from 'tap'
import { aBoughtFamily, start } from '../support/records.ts'
import { aConsole } from './console.ts'

const { run, json, stores } = await aConsole(t)

t.test('logout list says which app was told of which logout, when, how often and with what outcome', async (t) => {
  t.match((await run(['logout', 'list'])).stdout, /No app had to be told/)
  const { login } = await aBoughtFamily(stores)
  const client = await stores.clients.find(login.clientId)
  if (!client) throw new Error('no client')
  const { client_id, secrets: _, disabledAt: __, notBefore: ___, createdAt: ____, ...metadata } = client
  await stores.clients.update(client_id, { ...metadata, backchannel_logout_uri: 'https://app.example/bc' }, start)
  await stores.sessions.end(login.sessionId, 'logged_out', start)
  t.match(await json(['logout', 'list']), {
    deliveries: [{ client_id, sid: login.sessionId, sub: login.userId, state: 'waiting', attempts: 0, outcome: null }],
  })
  const [taken] = await stores.logouts.claim(
    { all: 1, perClient: 1, failing: 1 },
    { underWay: new Map(), failing: [] },
    start,
    start,
  )
  if (!taken) throw new Error('nothing is due')
  await stores.logouts.record(taken, { outcome: 'http_500', deliveredAt: undefined, nextAttemptAt: undefined })
  const { stdout } = await run(['logout', 'list'])
  t.match(stdout, /^ID +APP +USERNAME +SID +LOGGED OUT +STATE +ATTEMPTS +OUTCOME +NEXT$/m)
  t.match(stdout, new RegExp(`^${taken.id} .* ${login.sessionId} .* given up +1 +http_500 +–$`, 'm'))

  t.match(await json(['logout', 'again', taken.id]), { id: taken.id, state: 'waiting' })
  t.match(await json(['logout', 'list']), { deliveries: [{ state: 'waiting', attempts: 1 }] })
})

t.test('logout again and list refuse what is none', async (t) => {
  for (const id of ['999', '0', 'x', "1' OR 1=1"])
    t.match((await run(['logout', 'again', id])).stderr, /no delivery of that id/)
  for (const limit of ['0', 'x', '1000000', '-1', '1.5'])
    t.match((await run(['logout', 'list', '--limit', limit])).stderr, /--limit is between/)
})
