import { createServer } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { type ProtectOptions, protect, tokenOf } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'

const issuer = await mockIssuer()
const aGuard = (more: Partial<ProtectOptions>) =>
  protect({ issuer: issuer.issuer, audience: issuer.audience, revocations: 'off', ...more })
const publicUrl = 'https://api.example'
const guard = aGuard({ publicUrl })
const behind = aGuard({ publicUrl: `${publicUrl}/v1/` })
const unnamed = aGuard({})
t.teardown(() => issuer.close())
const key = await issuer.proofKey()
const token = await issuer.issue({ cnf: { jkt: key.jkt } })

const listening = async (t: Test, server: ReturnType<typeof createServer>): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

/** Each with a guarded `/orders/1`. @returns its base */
const apis: Readonly<Record<string, (t: Test, by: typeof guard) => Promise<string>>> = {
  async fastify(t, by) {
    const app = fastify()
    t.teardown(() => app.close())
    app.all('/orders/1', { onRequest: by.fastify() }, async (request) => tokenOf(request).sub)
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  async 'express, mounted'(t, by) {
    const app = express()
    const orders = express.Router()
    orders.use(by.express())
    orders.all('/1', (request, response) => void response.send(tokenOf(request).sub))
    app.use('/orders', orders)
    return `http://${await listening(t, createServer(app))}`
  },
  async 'node:http'(t, by) {
    const server = createServer(by.http(undefined, (_request, response, { sub }) => response.end(sub)))
    return `http://${await listening(t, server)}`
  },
}

for (const [name, start] of Object.entries(apis))
  t.test(`${name}: htu is the address by which clients call, whatever Host says (RFC 9449 §4.3)`, async (t) => {
    const base = await start(t, guard)
    const url = `${publicUrl}/orders/1`
    const ask = async (request: { url?: string; method?: string }, method = 'GET') =>
      (await fetch(`${base}/orders/1?page=1`, { method, headers: await key.headers({ url, token, ...request }) }))
        .status
    t.equal(await ask({}), 200)
    t.equal(await ask({ method: 'POST' }, 'POST'), 200)
    t.equal(await ask({ method: 'POST' }), 401)
    for (const wrong of [`${publicUrl}/1`, `${publicUrl}/orders/2`, `${base}/orders/1`])
      t.equal(await ask({ url: wrong }), 401, wrong)

    const through = async (inner: string, url: string) =>
      (await fetch(`${inner}/orders/1`, { headers: await key.headers({ url, token }) })).status
    const inner = await start(t, behind)
    t.equal(await through(inner, 'https://api.example/v1/orders/1'), 200, 'behind a proxy that takes a path away')
    t.equal(await through(inner, `${inner}/orders/1`), 401)
    const alone = await start(t, unnamed)
    t.equal(await through(alone, `${alone}/orders/1`), 401, 'no address is known that a proof could be for')
  })

t.test('the Fetch API: htu is the address by which clients call', async (t) => {
  const handler = guard.fetch(undefined, (_request, { sub }) => new Response(sub))
  const url = `${publicUrl}/orders`
  const headers = await key.headers({ url, token })
  t.equal((await handler(new Request(`${url}?a=b`, { headers }))).status, 200)
  const twice = new Headers({ authorization: `DPoP ${token}` })
  for (let count = 0; count < 2; count++) twice.append('dpop', await key.proof({ url, token }))
  t.equal((await handler(new Request(url, { headers: twice }))).status, 401, 'two proofs, which fetch joins')
  const elsewhere = 'https://other.example/orders'
  const replayed = new Request(elsewhere, { headers: await key.headers({ url: elsewhere, token }) })
  t.equal((await handler(replayed)).status, 401)
})

t.test('a proof for another API is refused, whatever the one that passes it on says of the address', async (t) => {
  const elsewhere = 'http://other.example/orders'
  for (const by of [guard, unnamed])
    for (const [url, host] of [
      ['/orders', 'other.example'],
      [elsewhere, 'other.example'],
      [elsewhere, 'api.example'],
    ] as const) {
      const headers = { ...(await key.headers({ url: elsewhere, token })), host, ':authority': host }
      const error = await by.verify({ headers, url, method: 'GET' }).catch((one) => one)
      t.match(error, { status: 401, rule: by === guard ? 'proof' : 'cnf', reason: /publicUrl/ }, `${host} ${url}`)
    }
  const headers = { ...(await key.headers({ url: `${publicUrl}/orders`, token })), host: 'other.example' }
  t.equal((await guard.verify({ headers, url: elsewhere, method: 'GET' })).sub, 'alice', 'only the path is read')
})

t.test('who takes no proofs offers none', async (t) => {
  const error = await unnamed.verify({ headers: {} }).catch((one) => one)
  t.equal(error.headers['www-authenticate'], `Bearer realm="${issuer.audience}"`)
})

t.test('dpop-negative-tests: two DPoP headers on the wire are refused', async (t) => {
  const host = await listening(t, createServer(guard.http(undefined, (_request, response) => response.end('passed'))))
  const proof = () => key.proof({ url: `${publicUrl}/`, token })
  const answerTo = async (proofs: readonly string[]) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(host.split(':')[1]), '127.0.0.1')
      let heard = ''
      socket.on('data', (chunk) => {
        heard += String(chunk)
      })
      socket.on('close', () => resolve(heard))
      const headers = [`Authorization: DPoP ${token}`, ...proofs.map((one) => `DPoP: ${one}`)]
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`)
    })
  t.match(await answerTo([await proof()]), /^HTTP\/1.1 200 /)
  t.match(await answerTo([await proof(), await proof()]), /^HTTP\/1.1 401 /)
})
