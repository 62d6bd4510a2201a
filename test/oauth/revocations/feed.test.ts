import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { aFeed, aVerifier, second } from './memory.ts'

t.test('a snapshot, deltas, and what cannot be continued', async (t) => {
  const { feed, act, ask, tell, newer } = await aFeed(t)
  act()
  await feed.start()
  const { claims } = await ask()
  t.match(claims, { iss: 'https://as.example', iat: second(0), seq: 1, after: 0, max_age: 30 })
  t.match(claims.epoch, /^[\w-]{11}$/, 'nothing of the database is told')
  const heard = newer()
  act()
  act()
  tell()
  await heard
  const delta = (await ask(claims)).claims
  t.match(delta, { epoch: claims.epoch, seq: 3, after: 1 })
  t.equal(Object.keys(delta.family ?? {}).length, 2)
  t.match((await ask(delta)).claims, { seq: 3, after: 3, family: undefined }, 'an empty one: nothing is new')
  for (const held of [
    { epoch: 'another', seq: 3 },
    { epoch: delta.epoch, seq: 0 },
    { epoch: delta.epoch, seq: 4 },
  ])
    t.match((await ask(held)).claims, { seq: 3, after: 0 }, 'a snapshot')
})

t.test('a quiet feed is signed anew at a third of its age, and the same bytes are shared until then', async (t) => {
  const { feed, clock, ask, signatures } = await aFeed(t)
  await feed.start()
  const first = await ask()
  clock.advance({ seconds: 9 })
  const [same, again] = await Promise.all([ask(), ask()])
  t.equal(same.body, first.body)
  t.equal(again.body, first.body)
  t.equal(signatures(), 1)
  clock.advance({ seconds: 1 })
  const renewed = await Promise.all([ask(), ask(), ask()])
  t.equal(signatures(), 2, 'one signature for all')
  t.match(renewed[0]?.claims, { iat: second(10), seq: 0 })
  t.not(renewed[0]?.etag, first.etag)
  clock.advance({ seconds: -5 })
  t.match((await ask()).claims, { iat: second(5) }, 'a clock that was put back is no reason to go stale')
})

t.test('a long maximum age is renewed at 15 seconds, before a proxy cuts the stream', async (t) => {
  const { feed, clock, ask } = await aFeed(t, { maxAge: 3600 })
  await feed.start()
  clock.advance({ seconds: 14 })
  t.match((await ask()).claims, { iat: second(0), max_age: 3600 })
  clock.advance({ seconds: 1 })
  t.match((await ask()).claims, { iat: second(15) })
})

t.test('T19 while the database is away nothing gets a newer iat, and then it goes on', async (t) => {
  const { feed, clock, ask, act, setAway, tell, warnings } = await aFeed(t)
  setAway(true)
  await feed.start()
  await t.rejects(ask(), { name: 'Unavailable' }, 'nothing is known yet')
  setAway(false)
  const { claims } = await ask()
  t.match(claims, { iat: second(0) })
  setAway(true)
  act()
  tell()
  clock.advance({ seconds: 40 })
  const stale = await ask(claims)
  t.match(stale.claims, { iat: second(0), seq: 0 }, 'it says its age')
  t.equal(warnings.length, 2, 'said once for each time it went')
  setAway(false)
  t.match((await ask(claims)).claims, { iat: second(40), seq: 1, after: 0 })
})

t.test('a restored database: another epoch or a number that goes back begins anew', async (t) => {
  const { feed, ask, act, restore, tell, newer } = await aFeed(t)
  for (let n = 0; n < 5; n++) act()
  await feed.start()
  const before = (await ask()).claims
  let heard = newer()
  restore(3)
  tell()
  await heard
  t.match((await ask(before)).claims, { epoch: before.epoch, seq: 3, after: 0 }, 'the number went back')
  heard = newer()
  restore(3, 'another')
  act({ subject: 'of the new life' })
  act()
  act()
  tell(undefined)
  await heard
  const after = (await ask(before)).claims
  t.match(after, { seq: 6, after: 0 })
  t.not(after.epoch, before.epoch)
  t.equal(Object.keys(after.family ?? {}).length, 6)
})

t.test('who holds more than this server has heard of is not told less', async (t) => {
  const { feed, ask, act } = await aFeed(t)
  await feed.start()
  const { epoch } = (await ask()).claims
  act()
  act()
  // The announcement is still on its way; another server told both.
  t.match((await ask({ epoch, seq: 2 })).claims, { seq: 2, after: 2 })
})

t.test('D8 deltas from many places are signed up to a bound; the rest get the snapshot', async (t) => {
  const { feed, ask, act, signatures } = await aFeed(t)
  for (let n = 0; n < 600; n++) act()
  await feed.start()
  const { epoch } = (await ask()).claims
  let snapshots = 0
  for (let seq = 1; seq <= 600; seq++) if ((await ask({ epoch, seq })).claims.after === 0) snapshots += 1
  t.equal(signatures(), 257)
  t.equal(snapshots, 600 - 256)
})

t.test('D8 a long snapshot is made once a second at most; a delta tells each act at once', async (t) => {
  const { feed, ask, act, clock, tell, newer, signatures, setKid } = await aFeed(t)
  for (let n = 0; n < 5000; n++) act()
  await feed.start()
  const first = await ask()
  const next = async () => {
    const heard = newer()
    act()
    tell()
    await heard
  }
  await next()
  t.equal((await ask()).body, first.body)
  t.equal(signatures(), 1)
  t.match((await ask(first.claims)).claims, { after: 5000, seq: 5001 })
  const { epoch } = first.claims
  t.equal((await ask({ epoch: 'another', seq: 1 })).body, first.body)
  for (let seq = 1; seq <= 260; seq++) await ask({ epoch, seq })
  t.match((await ask({ epoch, seq: 300 })).claims, { after: 0, seq: 5001 }, 'who continues never gets an old one')
  clock.advance({ seconds: 1 })
  await next()
  t.match((await ask()).claims, { after: 0, seq: 5002 })
  setKid('the next key')
  await next()
  t.match((await ask()).body.toString(), /^the next key/, 'nothing of a key that is gone is served')
  t.match((await ask()).claims, { seq: 5003 })
})

t.test('another key signs at once, and a signature that failed is tried again', async (t) => {
  const { feed, ask, setKid } = await aFeed(t)
  await feed.start()
  const first = await ask()
  setKid('the next key')
  const second = await ask()
  t.match(second.body.toString(), /^the next key/)
  t.not(second.etag, first.etag)
})

t.test('it polls each second while announcements are not heard, and stops when it is closed', async (t) => {
  const { feed, ask, act, setUp, newer } = await aFeed(t)
  await feed.start()
  setUp(false)
  const heard = newer()
  act()
  await heard
  t.match((await ask()).claims, { seq: 1 })
  feed.close()
})

t.test('closing waits for what is being read, and nothing is read afterwards', async (t) => {
  const { feed, tell, setUp, readings, warnings } = await aFeed(t)
  await feed.start()
  const before = readings()
  tell()
  tell()
  t.equal(readings(), before + 1, 'one is under way, and one would follow it')
  await feed.close()
  t.equal(readings(), before + 1)
  // What the database is closed after: it is heard no more, and nobody may poll it.
  setUp(false)
  tell(undefined)
  await sleep(1500)
  t.equal(readings(), before + 1)
  t.same(warnings, [])
})

t.test('announcements of something else cause no reading; a new connection does', async (t) => {
  const { feed, ask, act, tell, newer } = await aFeed(t)
  await feed.start()
  act()
  tell({ of: 'clients' })
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
  t.match((await ask()).claims, { seq: 0 })
  const heard = newer()
  tell(undefined)
  await heard
  t.match((await ask()).claims, { seq: 1 })
})

t.test('what is read while acts are under way misses none and repeats none', async (t) => {
  const { feed, ask, act, tell, newer } = await aFeed(t)
  await feed.start()
  const verifier = aVerifier()
  const all = newer(100)
  for (let n = 0; n < 50; n++) {
    act()
    tell()
    act()
    if (n % 3 === 0) t.ok(verifier.take((await ask(verifier.held())).claims))
  }
  tell()
  await all
  t.ok(verifier.take((await ask(verifier.held())).claims))
  t.equal(verifier.names.size, 100)
})
