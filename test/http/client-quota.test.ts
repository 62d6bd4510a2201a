import Fastify from 'fastify'
import t from 'tap'
import { createClientQuota } from '../../src/http/oauth/client-quota.ts'
import { start } from '../identity/people.ts'
import { aClient } from '../support/clients.ts'

const policy = {
  network: { attempts: 2, windowSeconds: 60 },
  site: { attempts: 3, windowSeconds: 60 },
  all: { attempts: 6, windowSeconds: 60 },
  client: { attempts: 4, windowSeconds: 60 },
}
const registration = { hash: Buffer.alloc(32), lastUsedAt: undefined }
const anAsker = async () => {
  const admit = createClientQuota(policy)
  const app = Fastify({ trustProxy: true })
  const clients = new Map([
    ['public', aClient({ token_endpoint_auth_method: 'none' })],
    ['confidential', aClient({ token_endpoint_auth_method: 'client_secret_basic' })],
    [
      'registered',
      { ...aClient({ token_endpoint_auth_method: 'client_secret_basic' }), client_id: 'dyn', registration },
    ],
  ])
  app.get('/:client', async (request, reply) => {
    const client = clients.get(request.url.slice(1))
    if (!client) throw new Error('no client')
    admit(request, reply, client, start)
    return 'admitted'
  })
  return async (client: 'public' | 'confidential' | 'registered', ip: string) =>
    (await app.inject({ url: `/${client}`, headers: { 'x-forwarded-for': ip } })).statusCode
}

t.test('D6 no number of strangers switches off one public app: they are counted, and it is not', async (t) => {
  const ask = await anAsker()
  for (const at of [1, 2, 3, 4, 5]) t.equal(await ask('public', `192.0.2.${at}`), 200, 'more than an app may have')
  t.equal(await ask('public', '192.0.2.1'), 200)
  t.equal(await ask('public', '192.0.2.9'), 429, 'but all of them together fill no table')
  t.equal(await ask('confidential', '192.0.2.9'), 200, 'and who proves itself is not concerned')
})

t.test('D6 a network and a site have their shares; a confidential app its own, from wherever it asks', async (t) => {
  const ask = await anAsker()
  t.same([await ask('public', '2001:db8:1:1::1'), await ask('public', '2001:db8:1:1::2')], [200, 200])
  t.equal(await ask('public', '2001:db8:1:1::3'), 429, 'the network')
  t.same([await ask('public', '2001:db8:1:2::1'), await ask('public', '2001:db8:1:3::1')], [200, 429], 'the site')
  t.equal(await ask('public', '2001:db8:2::1'), 200, 'another site')
  const statuses = []
  for (const at of [1, 2, 3, 4, 5]) statuses.push(await ask('confidential', `192.0.2.${at}`))
  t.same(statuses, [200, 200, 200, 200, 429])
})

t.test(
  'D6 an app that registered itself is vouched for by nobody: its secret lets it leave behind no more',
  async (t) => {
    const ask = await anAsker()
    t.same([await ask('registered', '192.0.2.1'), await ask('registered', '192.0.2.1')], [200, 200])
    t.equal(await ask('registered', '192.0.2.1'), 429, 'of one network no more than of a stranger there')
    t.equal(await ask('public', '192.0.2.1'), 429, 'who is counted with it')
    const statuses = []
    for (const at of [2, 3, 4]) statuses.push(await ask('registered', `192.0.2.${at}`))
    t.same(statuses, [200, 200, 429], 'and never more than one app')
    t.equal(await ask('confidential', '192.0.2.1'), 200, 'which an operator vouches for')
  },
)
