import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { clocksAgree, type HealthCheck, health } from '../../../src/http/operations/health.ts'
import { createReadiness, endConnections, stopInOrder } from '../../../src/http/operations/stop.ts'

const aServer = async (t: Test, checks: readonly HealthCheck[], timeout = 2000) => {
  const app = Fastify({ logger: false })
  const readiness = createReadiness()
  endConnections(app, readiness)
  await app.register(health, { checks, readiness, timeout })
  t.teardown(() => app.close())
  return { app, readiness }
}
const good = (name: string): HealthCheck => ({ name, passes: async () => true })

t.test('ready when every check passes', async (t) => {
  const { app } = await aServer(t, [good('database'), good('keys')])
  const answer = await app.inject('/health/ready')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['cache-control'], 'no-store')
  t.same(answer.json(), { status: 'ready', checks: { database: 'ok', keys: 'ok' } })
})

t.test(
  'not ready when one fails, throws or hangs; alive all the same, and nothing of the reason is told',
  async (t) => {
    const bad: readonly HealthCheck[] = [
      { name: 'keys', passes: async () => false },
      {
        name: 'keys',
        passes: async () => {
          throw new Error('hunter2-canary')
        },
      },
      {
        name: 'keys',
        passes: () => {
          throw new Error('hunter2-canary')
        },
      },
      { name: 'keys', passes: () => new Promise(() => undefined) },
    ]
    for (const check of bad) {
      const { app } = await aServer(t, [good('database'), check], 20)
      const answer = await app.inject('/health/ready')
      t.equal(answer.statusCode, 503)
      t.same(answer.json(), { status: 'not ready', checks: { database: 'ok', keys: 'failed' } })
      t.equal((await app.inject('/health/live')).statusCode, 200)
    }
  },
)

t.test('probes at once ask the database once', async (t) => {
  let asked = 0
  const { app } = await aServer(t, [
    {
      name: 'database',
      passes: async () => {
        asked += 1
        return true
      },
    },
  ])
  await app.ready()
  await Promise.all(Array.from({ length: 50 }, () => app.inject('/health/ready')))
  t.ok(asked < 50, `asked ${asked} times`)
  await app.inject('/health/ready')
  t.ok(asked > 1, 'and again for the next')
})

t.test('clocks may differ by two seconds', async (t) => {
  const at = (milliseconds: number) => new Date(milliseconds)
  t.ok(clocksAgree(at(0), at(2000)))
  t.ok(clocksAgree(at(2000), at(0)))
  t.notOk(clocksAgree(at(0), at(2001)))
  t.notOk(clocksAgree(at(2001), at(0)))
})

t.test(
  'stopping: readiness first, requests in flight finish, idle connections close, then the rest in order',
  async (t) => {
    const { app, readiness } = await aServer(t, [good('database')])
    const order: string[] = []
    let release: () => void = () => undefined
    let arrived: () => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      arrived = resolve
    })
    app.get('/slow', async () => {
      arrived()
      await new Promise<void>((resolve) => {
        release = resolve
      })
      order.push('answered')
      return { done: true }
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const [address] = app.addresses()
    const port = typeof address === 'object' ? address.port : 0

    const idle = connect(port, '127.0.0.1')
    idle.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(idle, 'data')
    const idleClosed = once(idle, 'close')

    const slow = fetch(`http://127.0.0.1:${port}/slow`)
    await entered
    const closing = [{ close: () => app.close() }, { close: async () => void order.push('database') }]
    const stopped = stopInOrder({ readiness, drain: 0, closing })
    t.ok(readiness.stopping(), 'readiness first')
    await idleClosed
    t.same(order, [], 'nothing else was closed while a request is in flight')
    release()
    t.same(await (await slow).json(), { done: true })
    await stopped
    t.same(order, ['answered', 'database'])
  },
)

t.test('readiness says that it is stopping', async (t) => {
  const { app, readiness } = await aServer(t, [good('database')])
  readiness.stop()
  const answer = await app.inject('/health/ready')
  t.equal(answer.statusCode, 503)
  t.equal(answer.json().status, 'stopping')
})
