import t from 'tap'
import { createOutbound, type Resolve } from '../../src/http/outbound/index.ts'
import { deviceGrantName } from '../support/devices.ts'
import { forbidden } from '../support/forbidden-destinations.ts'
import { redirectUri, registeringAt } from '../support/registering.ts'
import { type Answer, aServer } from '../support/server.ts'
import { anHttpsApp, aTlsServer } from '../support/tls-server.ts'

const server = await aTlsServer(t, { env: { REGISTRATION: 'token' } })
const { register, invite, configure } = registeringAt(server)
const fetched: string[] = []
let listed: unknown = [redirectUri]
let type = 'application/json'
const site = await anHttpsApp(t, server.certificate, () => (request, response) => {
  fetched.push(request.url ?? '')
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(listed))
})
const sector_identifier_uri = `${site}/sector.json`
const metadata = { redirect_uris: [redirectUri], sector_identifier_uri }

t.test(
  'O1 OIDC Registration §5 nothing is fetched before the caller was authorised and all else is right',
  async (t) => {
    t.equal((await register(metadata)).status, 401)
    t.equal((await register(metadata, { authorization: `Bearer tsn_${'A'.repeat(43)}` })).status, 401)
    const authorization = `Bearer ${await invite(1)}`
    t.equal((await register({ ...metadata, logo_uri: 'data:x' }, { authorization })).status, 400)
    const plain = { redirect_uris: [redirectUri], jwks_uri: `${site}/jwks`, logo_uri: `${site}/logo.png` }
    t.equal((await register(plain, { authorization })).status, 201)
    t.same(fetched, [], 'and neither keys nor pictures are')
  },
)

t.test('OIDC Registration §5 a document that is not a JSON array of all redirect URIs', async (t) => {
  const authorization = `Bearer ${await invite(1)}`
  const bad: readonly (readonly [unknown, string])[] = [
    [[], 'application/json'],
    [['https://app.example/other'], 'application/json'],
    [{ redirect_uris: [redirectUri] }, 'application/json'],
    [null, 'application/json'],
    [redirectUri, 'application/json'],
    [[redirectUri], 'text/html'],
  ]
  for (const [document, as] of bad) {
    listed = document
    type = as
    const { status, body } = await register(metadata, { authorization })
    t.equal(status, 400, JSON.stringify(document))
    t.equal(body.error, 'invalid_client_metadata')
    t.match(body.error_description, /^sector_identifier_uri /)
  }
  listed = [redirectUri]
  type = 'application/json'
  const { status, body } = await register(metadata, { authorization })
  t.equal(status, 201, 'no use was lost')

  listed = [redirectUri]
  const { client_id, client_secret } = body
  const changed = { ...metadata, client_id, client_secret, client_name: 'Other' }
  const before = fetched.length
  const renamed = await configure('PUT', body, changed)
  t.equal(renamed.status, 200)
  t.equal(fetched.length, before, 'D6 what changes nothing about its sector fetches nothing')
  const elsewhere = { ...changed, redirect_uris: ['https://app.example/other'] }
  t.equal((await configure('PUT', renamed.body, elsewhere)).status, 400, 'nor does an update get past it')
})

t.test('OIDC Core §8.1 nobody registers into a sector whose redirect URIs do not bring the people there', async (t) => {
  const refuses = async (of: Record<string, unknown>, says: RegExp) => {
    const { status, body } = await register(of, { authorization: `Bearer ${await invite(1)}` })
    t.match([status, body.error_description], [400, says], JSON.stringify(of))
    return body
  }
  const pairwise = { subject_type: 'pairwise' }
  listed = [redirectUri]
  fetched.length = 0
  const alone = { ...pairwise, grant_types: [deviceGrantName], redirect_uris: [] }
  await refuses({ ...alone, sector_identifier_uri }, /^subject_type cannot be pairwise with device_code/)
  await refuses(
    { ...pairwise, grant_types: ['authorization_code', deviceGrantName], redirect_uris: [redirectUri] },
    /^subject_type cannot be pairwise with device_code/,
  )
  await refuses(
    { grant_types: [deviceGrantName], redirect_uris: [], sector_identifier_uri },
    /^sector_identifier_uri is of no use without redirect_uris/,
  )
  t.same(fetched, [], 'nothing is asked of the sector')

  const authorization = `Bearer ${await invite(2)}`
  t.equal((await register({ ...alone, subject_type: 'public' }, { authorization })).status, 201)
  const { status, body } = await register({ ...pairwise, redirect_uris: [redirectUri] }, { authorization })
  t.equal(status, 201)
  const { client_id, client_secret } = body
  const turned = { ...alone, client_id, client_secret, sector_identifier_uri }
  t.equal((await configure('PUT', body, turned)).status, 400, 'nor by a change')
  const operators = await server.anApp({ ...pairwise, grant_types: [deviceGrantName, 'refresh_token'] })
  t.ok(operators.client_id, 'an operator answers for whom it knows')
})

t.test('OIDC Core §8.1 in a scheme of its own, or on this machine, nobody shows to be of a sector', async (t) => {
  const native = {
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    subject_type: 'pairwise',
    redirect_uris: ['com.evil.app://clinic.example/cb'],
  }
  const authorization = `Bearer ${await invite(2)}`
  const refuses = async (answer: Promise<Answer>, what: string) =>
    t.match(
      await answer,
      {
        status: 400,
        body: {
          error: 'invalid_client_metadata',
          error_description: /^sector_identifier_uri is needed for pairwise subjects unless/,
        },
      },
      what,
    )
  const uris = [
    ['com.evil.app://clinic.example/cb'],
    ['https://clinic.example/cb', 'com.evil.app://clinic.example/cb'],
    ['http://127.0.0.1/cb'],
    ['http://[::1]/cb'],
    ['http://localhost/cb'],
    ['https://localhost/cb'],
  ]
  const { body } = await register({ ...native, subject_type: 'public' }, { authorization })
  const { client_id } = body
  for (const redirect_uris of uris) {
    await refuses(register({ ...native, redirect_uris }, { authorization }), redirect_uris.join(' '))
    await refuses(configure('PUT', body, { ...native, client_id, redirect_uris }), `PUT ${redirect_uris.join(' ')}`)
  }
  listed = native.redirect_uris
  t.equal((await register({ ...native, sector_identifier_uri }, { authorization })).status, 201, 'unless it lists them')
})

t.test(
  'O2 through sector_identifier_uri: forbidden destinations are refused alike, and only the log knows why',
  async (t) => {
    let leads: readonly string[] = []
    const resolve: Resolve = async () => leads.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const strict = await aServer(t, {
      env: { REGISTRATION: 'open' },
      outbound: createOutbound({ allowLoopback: false, resolve }),
    })
    const answers = new Set<string>()
    for (const row of forbidden) {
      leads = row.leads ?? []
      const { status, body } = await registeringAt(strict).register({ ...metadata, sector_identifier_uri: row.uri })
      t.equal(status, 400, row.uri)
      if (/cannot be read/.test(String(body.error_description))) answers.add(String(body.error_description))
    }
    t.equal(answers.size, 1)
    t.match(strict.log(), /a sector identifier cannot be read/)
  },
)
