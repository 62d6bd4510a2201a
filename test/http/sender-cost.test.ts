import t from 'tap'
import type { Database } from '../../src/storage/database.ts'
import { aDatabase } from '../support/database.ts'
import { aDevice, aDeviceApp, deviceGrantName } from '../support/devices.ts'
import { aProofKey } from '../support/proofs.ts'
import { aServer } from '../support/server.ts'
import { grant, machineMetadata } from '../support/token-requests.ts'
import { until } from '../support/until.ts'

const { url, database } = await aDatabase(t)
let statements: string[] = []
/** The feed and the courier look by themselves, now and then. */
const isAsked = (name: string) => !/^(revocation|logout)_/.test(name)
const counted: Database = {
  ...database,
  rows: (...asked) => {
    statements.push(asked[0].name)
    return database.rows(...asked)
  },
  count: (...asked) => {
    statements.push(asked[0].name)
    return database.count(...asked)
  },
}
const server = await aServer(t, { on: { url, database: counted } })
const key = await aProofKey()
const announced = new Set<string>()
server.stores.changes.subscribe((change) => {
  if (change?.of === 'client') announced.add(change.id)
})
/** Its own announcement, which empties the memory once more, has come. */
const isKnown = ({ client_id }: { readonly client_id: string }) =>
  until(() => announced.has(client_id), 'the announcement')
const prove = async () => ({ dpop: await key.prove({ htu: `${server.issuer}/oauth2/token`, now: server.clock.now() }) })
/** What a request asks of the database. */
const asked = async (request: () => Promise<{ readonly status: number }>) => {
  statements = []
  const { status } = await request()
  return [status, ...statements.filter(isAsked)]
}

t.test('a proof costs one insert, of its jti: client credentials touch no row without (design, Tokens)', async (t) => {
  const machine = await server.anApp(machineMetadata)
  await isKnown(machine)
  const send = (headers?: Record<string, string>) => server.post('/oauth2/token', grant, machine, headers)
  await send()
  t.same(await asked(() => send()), [200])
  const headers = await prove()
  t.same(await asked(() => send(headers)), [200, 'replay_first'])
})

t.test(
  'K7 what fails without the database costs no row: a proof beside a refresh token that is none of ours',
  async (t) => {
    const stranger = await server.anApp({ token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true })
    await isKnown(stranger)
    const form = { grant_type: 'refresh_token', refresh_token: `tsr_${'A'.repeat(76)}` }
    const headers = await prove()
    const send = () => server.post('/oauth2/token', form, stranger, headers)
    await send()
    t.same(await asked(send), [400])
  },
)

t.test('D6 K7 nor does a proof beside a device code that is none of ours: a stranger fills no table', async (t) => {
  const app = await aDeviceApp(server)
  await isKnown(app)
  const ask = async (device_code: string) => {
    const headers = await prove()
    return asked(() => server.post('/oauth2/token', { grant_type: deviceGrantName, device_code }, app, headers))
  }
  const [status, ...statements] = await ask(`tsd_${'A'.repeat(43)}`)
  t.equal(status, 400)
  t.notOk(statements.includes('replay_first'), String(statements))
  const device = await aDevice(server, app)
  t.ok((await ask(device.deviceCode)).includes('replay_first'), 'of one that waits it is kept')
})

t.test('a bound refresh is one statement and one insert', async (t) => {
  const alice = await server.aPerson()
  const app = await server.anApp({
    first_party: true,
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  })
  await isKnown(app)
  const { to, verifier } = await server.authorize(alice, app)
  const form = { grant_type: 'authorization_code', code: to.searchParams.get('code') ?? '', code_verifier: verifier }
  let { refresh_token } = (await server.post('/oauth2/token', form, app, await prove())).body
  for (const _ of [1, 2]) {
    server.clock.advance({ seconds: 590 })
    const headers = await prove()
    const renewed = { grant_type: 'refresh_token', refresh_token: String(refresh_token) }
    const spent = await asked(async () => {
      const answer = await server.post('/oauth2/token', renewed, app, headers)
      refresh_token = answer.body.refresh_token
      return answer
    })
    t.same(spent, [200, 'replay_first', 'family_advance_observe_all'])
  }
})
