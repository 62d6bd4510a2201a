import { request as httpRequest } from 'node:http'
import t from 'tap'
import { aSecret } from '../support/clients.ts'
import { dumpOf } from '../support/dump.ts'
import { aServer } from '../support/server.ts'
import { grant, isChallenged, machineMetadata, malformed, refusedClient } from '../support/token-requests.ts'

const server = await aServer(t)
const machine = await server.anApp(machineMetadata)
const dump = () => dumpOf(server.databaseUrl)
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** A request that fetch would not send. */
const raw = (headers: readonly string[], body = new URLSearchParams(grant).toString(), path = '/oauth2/token') =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(server.issuer)
    const given = [
      'Host',
      'x',
      'Content-Type',
      'application/x-www-form-urlencoded',
      'Content-Length',
      String(body.length),
    ]
    const outgoing = httpRequest(
      { hostname, port, path, method: 'POST', headers: [...given, ...headers] },
      (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += String(chunk)
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })

t.test('T1 the Basic header is read form-encoded, as RFC 6749 §2.3.1 has it, and as it comes', async (t) => {
  const odd = { id: `https://c.example/a b:c%d+é`, secret: 'p:%41+ß' }
  const { stores, clock } = server
  const registered = await stores.clients.find(machine.client_id)
  if (!registered) throw new Error('no client')
  const { client_id: _, secrets: __, disabledAt: ___, notBefore: ____, createdAt: _____, ...metadata } = registered
  await stores.clients.create(odd.id, metadata, [aSecret(odd.secret)], clock.now())
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')

  const encoded = await server.post('/oauth2/token', grant, undefined, {
    authorization: basic(encode(odd.id), encode(odd.secret)),
  })
  t.match(encoded, { status: 200, body: { token_type: 'Bearer' } })
  for (const [id, secret] of [
    [encode(odd.id), encode(`${odd.secret}x`)],
    [encode(odd.id), encode('p:A+ß')],
    [encode(odd.id), ''],
  ] as const)
    t.match(await server.post('/oauth2/token', grant, undefined, { authorization: basic(id, secret) }), refusedClient)
})

t.test('T1 two methods in one request, or another than the registered one', async (t) => {
  const { client_id, secret = '' } = machine
  const both = await server.post('/oauth2/token', { ...grant, client_id, client_secret: secret }, machine)
  t.match(both, malformed, 'RFC 6749 §2.3: at most one method')
  const posted = await server.post('/oauth2/token', { ...grant, client_id, client_secret: secret })
  t.match(posted, refusedClient, 'registered for Basic')
  isChallenged(t, posted)
  const named = await server.post('/oauth2/token', { ...grant, client_id })
  t.match(named, refusedClient, 'a confidential client that only says its name')

  const posting = await server.anApp({ ...machineMetadata, token_endpoint_auth_method: 'client_secret_post' })
  t.match(await server.post('/oauth2/token', grant, posting), refusedClient, 'and the other way round')
  const { client_id: id, secret: right = '' } = posting
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id, client_secret: right }), { status: 200 })
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id, client_secret: 'wrong' }), refusedClient)
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id }, machine), refusedClient, 'two clients')
})

t.test(
  'T1 a client that is unknown, disabled, or whose secret has expired, gets one and the same answer',
  async (t) => {
    const gone = await server.anApp(machineMetadata)
    await server.stores.clients.disable(gone.client_id, server.clock.now())
    const expired = await server.anApp(machineMetadata)
    const [first] = (await server.stores.clients.find(expired.client_id))?.secrets ?? []
    await server.stores.clients.expireSecret(expired.client_id, first?.id ?? '', server.clock.now())
    const answers = [
      await server.post('/oauth2/token', grant, gone),
      await server.post('/oauth2/token', grant, expired),
      await server.post('/oauth2/token', grant, { ...machine, secret: 'wrong' }),
      await server.post('/oauth2/token', grant, { ...machine, client_id: 'nobody' }),
      await server.post('/oauth2/token', grant),
    ]
    for (const answer of answers) {
      t.match(answer, refusedClient)
      t.equal(answer.body.error_description, 'Client authentication failed.')
      t.equal(answer.headers.get('cache-control'), 'no-store', 'T3')
      isChallenged(t, answer)
    }
  },
)

t.test('T2 malformed headers are refused, never a failure of ours', async (t) => {
  const before = await dump()
  const good = basic(machine.client_id, machine.secret ?? '')
  const headers = [
    'Bearer',
    'Bearer x',
    'Basic',
    'Basic ',
    'Basic ===',
    'Basic :',
    'Basic !!!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Basic ${Buffer.from(':empty id').toString('base64')}`,
    `Basic ${Buffer.from('a\0b:c').toString('base64')}`,
    `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0xff]).toString('base64')}`,
    `Basic ${Buffer.from('%:%').toString('base64')}`,
    'Digest username="a"',
    'DPoP abc',
    ',',
    `${good}, ${good}`,
  ]
  for (const authorization of headers) {
    const answer = await server.post('/oauth2/token', grant, undefined, { authorization })
    t.match(answer, refusedClient, JSON.stringify(authorization))
    isChallenged(t, answer)
  }
  for (const pair of [
    [good, good],
    [good, 'Basic'],
    ['', good],
  ] as const) {
    const { status, text } = await raw(pair.flatMap((value) => ['Authorization', value]))
    t.equal(status, 400, 'two Authorization headers')
    t.match(JSON.parse(text), { error: 'invalid_request' })
  }
  const long = await raw(['Authorization', `Basic ${'A'.repeat(10_000)}`])
  t.equal(long.status, 400)
  const overlong = await raw(['Authorization', `Basic ${'A'.repeat(100 * 1024)}`])
  t.equal(overlong.status, 431)
  t.match(JSON.parse(overlong.text), { error: 'invalid_request' })
  t.equal(await dump(), before, 'nothing was changed')
})
