import { once } from 'node:events'
import t from 'tap'
import { Busy, createOutbound, Refused, type Resolve } from '../../../src/http/outbound/index.ts'
import { createPlaces } from '../../../src/http/outbound/places.ts'
import { aPeer, aSilentPeer } from '../../support/peer.ts'

const accept = ['application/json']
const toLoopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }]
/** That it was refused a place, and for no other reason. */
const isBusy = (taken: Promise<unknown>): Promise<boolean> =>
  taken.then(
    () => false,
    (error) => error instanceof Busy,
  )
const never = new AbortController().signal

t.test('D8 so many at once and so many waiting, in order, in all and for one host', async (t) => {
  const places = createPlaces({ all: { underWay: 3, waiting: 3 }, host: { underWay: 2, waiting: 1 } })
  const [leaveA] = [await places.take('a', never), await places.take('a', never)]
  const entered: string[] = []
  const come = (host: string, signal = never) =>
    places.take(host, signal).then((leave) => {
      entered.push(host)
      return leave
    })
  const third = come('a')
  t.ok(await isBusy(places.take('a', never)), 'one of a host may wait')
  const leaveB = await come('b')
  t.same(entered, ['b'], 'a host that is full keeps nobody else out')
  const waiting = [come('b'), come('c')]
  t.ok(await isBusy(places.take('d', never)), 'three may wait in all')

  leaveB()
  const [leaveSecondB] = await Promise.all(waiting.slice(0, 1))
  t.same(entered, ['b', 'b'], 'the first who may enter does: not the one whose host is full')
  leaveA?.()
  await third
  t.same(entered, ['b', 'b', 'a'])
  leaveSecondB?.()
  await Promise.all(waiting)
  t.same(entered, ['b', 'b', 'a', 'c'])
})

t.test('D8 whoever waits too long goes, and leaves no place taken', async (t) => {
  const places = createPlaces({ all: { underWay: 1, waiting: 1 }, host: { underWay: 1, waiting: 1 } })
  const leave = await places.take('a', never)
  const patience = new AbortController()
  const waiting = places.take('a', patience.signal)
  patience.abort()
  t.ok(await isBusy(waiting))
  leave()
  const again = await places.take('a', never)
  again()
})

t.test('O2 500 peers that hang hold few sockets, and nobody for longer than the time given', async (t) => {
  const silent = await aSilentPeer(t)
  const outbound = createOutbound({ allowLoopback: true, resolve: toLoopback, timeout: 2000 })
  const before = process.memoryUsage().rss
  const asked = Array.from({ length: 500 }, (_, peer) =>
    outbound.get(`https://peer-${peer}.example:${silent.port}/`, { accept, mayUseNamed: true }).then(
      () => 'answered',
      (error) => (error instanceof Busy ? 'busy' : error instanceof Refused ? 'refused' : String(error)),
    ),
  )
  const answers = await Promise.all(asked)
  t.equal(answers.filter((answer) => answer === 'refused').length + answers.filter((a) => a === 'busy').length, 500)
  t.ok(answers.filter((answer) => answer === 'refused').length >= 128, 'and the rest was not tried')
  // As the peer counts: some come before it has seen those close whose places they take.
  t.ok(silent.most() <= 2 * 128, `${silent.most()} sockets`)
  t.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024, 'memory')
  const closed = once(silent.server, 'close')
  silent.server.close()
  await closed
  t.pass('none stays open')
  const good = await aPeer(t, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  t.equal(await outbound.get(good.uri, { accept, mayUseNamed: true }), '{}', 'and the others are served again')
})

t.test('O2 apps that registered themselves fill places of their own, and half as many', async (t) => {
  const silent = await aSilentPeer(t)
  const good = await aPeer(t, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  const outbound = createOutbound({ allowLoopback: true, resolve: toLoopback, timeout: 3000 })
  const hanging = Array.from({ length: 500 }, (_, peer) =>
    outbound
      .get(`https://peer-${peer}.example:${silent.port}/`, { accept, mayUseNamed: false })
      .then(String, (error: unknown) => error),
  )
  t.ok(await isBusy(outbound.get(good.uri, { accept, mayUseNamed: false })), 'all of theirs are taken')
  t.equal(await outbound.get(good.uri, { accept, mayUseNamed: true }), '{}')
  t.same(await outbound.post(good.uri, new URLSearchParams(), { mayUseNamed: true }), { status: 200 })
  const errors = await Promise.all(hanging)
  t.ok(errors.every((error) => error instanceof Refused))
  t.ok(errors.filter((error) => error instanceof Busy).length >= 500 - 64 - 128)
  t.ok(silent.most() <= 2 * 64, `${silent.most()} sockets`)
})

t.test('O2 a host is one whatever its ports, and full for those alone who filled it', async (t) => {
  const begun: string[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const resolve: Resolve = async (hostname) => {
    begun.push(hostname)
    await released
    return []
  }
  const outbound = createOutbound({ allowLoopback: false, resolve })
  const ask = (port: number, mayUseNamed: boolean) =>
    outbound.get(`https://hangs.example:${port}/`, { accept, mayUseNamed }).then(String, (error: unknown) => error)
  const asked = Array.from({ length: 32 }, (_, at) => ask(8001 + (at % 16), false))
  await new Promise(setImmediate)
  t.equal(begun.length, 8)
  asked.push(ask(8001, true))
  await new Promise(setImmediate)
  t.equal(begun.length, 9)
  release()
  const errors = await Promise.all(asked)
  t.equal(errors.filter((error) => error instanceof Busy).length, 32 - 8 - 16)
})

t.test('O2 one host that hangs does not keep the others out', async (t) => {
  const silent = await aSilentPeer(t)
  const good = await aPeer(t, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  const outbound = createOutbound({ allowLoopback: true, resolve: toLoopback, timeout: 3000 })
  const hanging = Array.from({ length: 500 }, () =>
    outbound.get(`https://hangs.example:${silent.port}/`, { accept, mayUseNamed: true }).catch((error) => error),
  )
  t.equal(await outbound.get(good.uri, { accept, mayUseNamed: true }), '{}')
  const errors = await Promise.all(hanging)
  t.ok(errors.every((error) => error instanceof Refused))
  t.ok(errors.filter((error) => error instanceof Busy).length >= 500 - 8 - 16)
  t.ok(silent.most() <= 2 * 8, `${silent.most()} sockets`)
})
