import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import { createReadiness, endConnections } from '../../../src/http/operations/stop.ts'

t.test('D3 a connection that never asked anything does not hold a server that stops', async (t) => {
  const app = Fastify()
  const readiness = createReadiness()
  endConnections(app, readiness)
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  app.get('/', async () => {
    await held
    return 'done'
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const connections = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')]
  await Promise.all(connections.map((socket) => once(socket, 'connect')))
  const ends = connections.map((socket) => once(socket, 'close'))
  const asked = fetch(`http://127.0.0.1:${port}/`)
  // Node has told the server of all three when it has told it of the request.
  await once(app.server, 'request')

  readiness.stop()
  const closed = app.close()
  await Promise.all(ends)
  t.pass('both ended before the server did')
  letGo()
  t.equal(await (await asked).text(), 'done', 'a request in flight is answered')
  await closed
})
