import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { type ProtectOptions, protect, type Trouble } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'

const issuer = await mockIssuer()
t.teardown(() => issuer.close())
const publicUrl = 'https://api.example'
const key = await issuer.proofKey()
const toKey = await issuer.issue({ cnf: { jkt: key.jkt } })
const toCertificate = await issuer.issue({ cnf: { 'x5t#S256': 'x' } })
type Guard = ReturnType<typeof protect>
type Api = (headers: Record<string, string>) => Promise<Response>

const aGuard = (more: Partial<ProtectOptions>) => {
  const troubles: Trouble[] = []
  const onTrouble = (trouble: Trouble) => void troubles.push(trouble)
  const { audience } = issuer
  const guard = protect({ issuer: issuer.issuer, audience, revocations: 'off', publicUrl, onTrouble, ...more })
  return { guard, troubles }
}

const listening = async (t: Test, server: ReturnType<typeof createServer>): Promise<Api> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return (headers) => fetch(`http://127.0.0.1:${port}/`, { headers })
}

const apis: Readonly<Record<string, (t: Test, guard: Guard) => Promise<Api>>> = {
  async fastify(t, guard) {
    const app = fastify()
    t.teardown(() => app.close())
    app.get('/', { onRequest: guard.fastify() }, async () => 'passed')
    const base = await app.listen({ host: '127.0.0.1', port: 0 })
    return (headers) => fetch(base, { headers })
  },
  async express(t, guard) {
    return listening(
      t,
      createServer(express().get('/', guard.express(), (_, response) => void response.send('passed'))),
    )
  },
  async http(t, guard) {
    return listening(t, createServer(guard.http(undefined, (_request, response) => response.end('passed'))))
  },
  async fetch(_, guard) {
    const handler = guard.fetch(undefined, () => new Response('passed'))
    return (headers) => handler(new Request(`${publicUrl}/`, { headers }))
  },
}

const proven = () => key.headers({ url: `${publicUrl}/`, token: toKey })
const certified = async () => ({ authorization: `Bearer ${toCertificate}` })
const bad = async () => ({ authorization: 'Bearer abc' })
const fail = () => {
  throw new Error('connection lost')
}
const failLater = async () => fail()

type Case = readonly [Partial<ProtectOptions>, () => Promise<Record<string, string>>, status: number, Trouble['about']]
const cases: Readonly<Record<string, Case>> = {
  'a store of proofs that throws': [{ proofs: { first: fail } }, proven, 503, 'proofs'],
  'a store of proofs that rejects': [{ proofs: { first: failLater } }, proven, 503, 'proofs'],
  'a certificate that throws': [{ certificate: fail }, certified, 503, 'certificate'],
  'a certificate that rejects': [{ certificate: failLater }, certified, 503, 'certificate'],
  'an onRefusal that throws': [{ onRefusal: fail }, bad, 401, 'onRefusal'],
  'an onRefusal that rejects': [{ onRefusal: failLater }, bad, 401, 'onRefusal'],
}

for (const [name, start] of Object.entries(apis))
  t.test(`${name}: what the developer gave may fail, and every request is answered all the same`, async (t) => {
    for (const [title, [options, headers, status, about]] of Object.entries(cases)) {
      const { guard, troubles } = aGuard(options)
      const api = await start(t, guard)
      for (let count = 0; count < 2; count++) t.equal((await api(await headers())).status, status, title)
      t.match(troubles[0], { about, reason: 'connection lost' }, title)
      if (status === 503) t.equal(troubles.length, 1, 'it is said once')
    }
  })

t.test('a failure is said again after what failed has worked', async (t) => {
  let works = false
  const { guard, troubles } = aGuard({ proofs: { first: async () => works || fail() } })
  const status = async () =>
    guard.verify({ headers: await proven(), url: '/', method: 'GET' }).then(
      () => 200,
      (error) => `${error.status} ${error.rule}: ${error.reason}`,
    )
  const failed = '503 proof_replayed: the option proofs failed: connection lost'
  t.equal(await status(), failed)
  works = true
  t.equal(await status(), 200)
  works = false
  t.equal(await status(), failed)
  t.equal(troubles.length, 2)
})

t.test('an onTrouble that fails becomes a warning of the process', async (t) => {
  for (const onTrouble of [fail, failLater]) {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const { guard } = aGuard({ proofs: { first: fail }, onTrouble })
    await t.rejects(guard.verify({ headers: await proven(), url: '/', method: 'GET' }), { name: 'TokenRefused' })
    t.match(await warned, { name: 'TesseraGuard', message: 'onTrouble: connection lost' })
  }
})
