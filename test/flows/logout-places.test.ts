import t from 'tap'
import { later } from '../../src/clock.ts'
import { Refused } from '../../src/http/outbound/index.ts'
import { systemRandom } from '../../src/random.ts'
import { aServer } from '../support/server.ts'

/** What becomes of a post to the clients that are away. */
let away: () => Promise<{ status: number }> = () => Promise.reject(new Refused('it cannot be reached'))
const heard: string[] = []
let hear: () => void = () => {}
const server = await aServer(t, {
  outbound: {
    get: () => Promise.reject(new Refused('nothing is fetched here')),
    post: (uri) => {
      heard.push(uri)
      hear()
      return uri.includes('away') ? away() : Promise.resolve({ status: 200 })
    },
  },
})
const { courier, stores, clock, database } = server
const alice = await server.aPerson()
const anApp = (name: string) => server.anApp({ backchannel_logout_uri: `https://${name}.example/bc` })
const queue = (clientIds: readonly string[]) =>
  database.prisma((prisma) =>
    prisma.logoutDelivery.createMany({
      data: clientIds.map((clientId) => ({
        clientId,
        userId: alice.id,
        sessionId: systemRandom.uuid(),
        createdAt: clock.now(),
        nextAttemptAt: clock.now(),
      })),
    }),
  )

t.test('D6 S19 however many apps hang, one that answers hears of a logout at once', async (t) => {
  const hanging: string[] = []
  for (let app = 0; app < 40; app++) hanging.push((await anApp(`away${app}`)).client_id)
  const well = (await anApp('well')).client_id
  await queue(hanging)
  courier.wake()
  await courier.idle()
  t.equal(heard.length, 40, 'each was tried once')

  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  away = () => released.then(() => ({ status: 503 }))
  clock.advance({ seconds: 6 })
  heard.length = 0
  const half = new Promise<void>((resolve) => {
    hear = () => heard.length === 16 && resolve()
  })
  courier.wake()
  await half
  const last = new Promise<void>((resolve) => {
    hear = resolve
  })
  await queue([well])
  courier.wake()
  await last
  t.match(heard.at(-1), 'https://well.example/bc')
  t.equal(heard.length, 17)
  release()
  await courier.idle()
  t.equal(heard.length, 41, 'and those that fail are all tried again')
})

t.test('D6 a thousand deliveries of those that fail stand before nobody, and each client has its turn', async (t) => {
  // What is claimed here, it would claim too.
  await courier.close()
  await database.prisma((prisma) => prisma.logoutDelivery.deleteMany())
  const failing = Array.from({ length: 1100 }, (_, at) => `failing ${at}`)
  await queue(failing)
  clock.advance({ seconds: 1 })
  await queue(['many', 'many', 'many', 'few'])
  const claim = (all: number, share: number) =>
    stores.logouts.claim(
      { all, perClient: 2, failing: share },
      { underWay: new Map(), failing },
      clock.now(),
      clock.now(),
    )
  const first = await claim(2, 1)
  t.same(first.map(({ clientId }) => clientId).sort(), ['few', 'many'])
  // The lease is over at once: the same stand there again.
  const all = await claim(10, 5)
  t.equal(all.filter(({ clientId }) => clientId.startsWith('failing')).length, 5)
  t.equal(all.filter(({ clientId }) => clientId === 'many').length, 2, 'no more than a client may have')
  const [other] = await stores.logouts.claim(
    { all: 1, perClient: 2, failing: 0 },
    {
      underWay: new Map([
        ['few', 2],
        ['many', 2],
      ]),
      failing,
    },
    clock.now(),
    clock.now(),
  )
  t.equal(other, undefined)
})

t.test('D6 whoever waits for as many logouts as it likes keeps nobody behind it waiting', async (t) => {
  await database.prisma((prisma) => prisma.logoutDelivery.deleteMany())
  const crowd = Array.from({ length: 8 }, (_, at) => `crowd ${at}`)
  await queue(crowd.flatMap((clientId) => Array<string>(20).fill(clientId)))
  clock.advance({ seconds: 1 })
  await queue(['zuletzt', 'failed once'])
  const underWay = new Map(crowd.map((clientId, at) => [clientId, at === 0 ? 3 : 4]))
  const claim = (all: number, failing: readonly string[]) =>
    stores.logouts.claim({ all, perClient: 4, failing: 1 }, { underWay, failing }, clock.now(), later(clock.now(), 30))
  const [next] = await claim(1, [...crowd, 'failed once'])
  t.equal(next?.clientId, 'zuletzt', 'whose first comes before')
  const [second] = await claim(32, [...crowd, 'failed once'])
  t.equal(second?.clientId, 'failed once', 'the one place of those that fail is for who has none')
  const rest = await claim(32, [])
  t.same(
    rest.map(({ clientId }) => clientId),
    ['crowd 0'],
    'and who has three has one more, not four',
  )
})

t.test('among equals it is not always the same who comes first', async (t) => {
  await database.prisma((prisma) => prisma.logoutDelivery.deleteMany())
  const crowd = Array.from({ length: 10 }, (_, at) => `crowd ${at}`)
  await queue(crowd.flatMap((clientId) => Array<string>(100).fill(clientId)))
  const first = new Set<string | undefined>()
  for (let round = 0; round < 200; round++) {
    clock.advance({ seconds: 1 })
    const [next] = await stores.logouts.claim(
      { all: 1, perClient: 4, failing: 1 },
      { underWay: new Map(), failing: [] },
      clock.now(),
      later(clock.now(), 1000),
    )
    first.add(next?.clientId)
  }
  t.same([...first].toSorted(), crowd)
})
