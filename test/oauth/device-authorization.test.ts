import t from 'tap'
import { authorizeDevice } from '../../src/oauth/device/authorization.ts'
import type { DeviceCode } from '../../src/oauth/device/stores.ts'
import { parseParameters } from '../../src/oauth/parameters.ts'
import { systemRandom } from '../../src/random.ts'
import { aClient } from '../support/clients.ts'
import { deviceGrantName } from '../support/devices.ts'
import { nowhere, start } from '../support/records.ts'

/** @param taken how many user codes are, before one is free */
const asked = async (taken: number, client = aClient({ grant_types: [deviceGrantName] })) => {
  const tried: DeviceCode[] = []
  const create = async (code: DeviceCode) => tried.push(code) > taken
  const unused = () => Promise.reject(new Error('not asked for'))
  const answer = await authorizeDevice(parseParameters(), client, {
    issuer: 'https://id.example',
    deviceCodes: { create, claim: unused, decide: unused, isKnown: unused, poll: unused },
    key: Buffer.alloc(32),
    verificationUri: 'https://id.example/device',
    random: systemRandom,
    now: start,
    origin: nowhere,
  })
  return { answer, tried }
}

t.test('T20 a user code that waits already is drawn anew; three in a row are no chance', async (t) => {
  const { tried } = await asked(2)
  t.equal(new Set(tried.map(({ userCodeHash }) => userCodeHash.toString('hex'))).size, 3)
  await t.rejects(asked(3), /3 user codes in a row were taken/)
})

t.test(
  "what the client registered is asked for where it says nothing, with its defaults of a login's age",
  async (t) => {
    const client = aClient({
      grant_types: [deviceGrantName],
      scope: 'openid read',
      resources: ['https://one.example', 'https://two.example'],
      default_max_age: 60,
      default_acr_values: ['2'],
    })
    const { tried } = await asked(0, client)
    t.match(tried[0]?.asked, {
      scope: ['openid', 'read'],
      resources: ['https://one.example'],
      maxAge: 60,
      acrValues: ['2'],
    })
  },
)
