import { connect } from 'node:net'
import t from 'tap'
import { aDevice, aDeviceApp } from '../support/devices.ts'
import { aProofKey } from '../support/proofs.ts'
import { redirectUri } from '../support/registering.ts'
import { aServer, type TestServer } from '../support/server.ts'

const own = await aServer(t, { env: { REGISTRATION: 'open' } })
const behind = await aServer(t, { env: { REGISTRATION: 'open', TRUST_PROXY: '127.0.0.1' } })

type Sent = { readonly method?: string; readonly headers?: readonly string[]; readonly body?: string }

/** With a Host of one's own, and to an address as it stands: no library sends such. @returns the whole answer */
const raw = (server: TestServer, target: string, { method = 'GET', headers = [], body = '' }: Sent): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.issuer)
    const socket = connect(Number(port), hostname)
    const named = headers.some((header) => /^host:/i.test(header))
    const type =
      body === '' || headers.some((header) => /^content-length:/i.test(header))
        ? []
        : ['content-type: application/x-www-form-urlencoded', `content-length: ${body.length}`]
    const lines = [
      `${method} ${target} HTTP/1.1`,
      ...(named ? [] : ['host: x']),
      ...headers,
      ...type,
      'connection: close',
    ]
    let text = ''
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  })

const tricks = (server: TestServer): readonly (readonly string[])[] => {
  const { host, port } = new URL(server.issuer)
  return [
    ['host: evil.example'],
    [`host: evil.example:${port}`],
    [`host: LOCALHOST.:${port}`],
    ['host: 127.0.0.1:1'],
    ['host: evil.example@127.0.0.1'],
    ['host: '],
    [`host: ${host}`, 'x-forwarded-host: evil.example', 'x-forwarded-proto: https', 'x-forwarded-port: 444'],
    [`host: ${host}`, 'forwarded: for=127.0.0.1;host=evil.example;proto=https'],
    [
      `host: ${host}`,
      'x-original-url: /evil.example',
      'x-rewrite-url: /evil.example',
      'x-forwarded-prefix: /evil.example',
    ],
    [`host: ${host}`, 'x-host: evil.example', 'x-forwarded-server: evil.example'],
  ]
}
/** What is new each time. */
const settled = (answer: string) => answer.replaceAll(/^(x-request-id|date|etag): .*$/gim, '')

for (const [title, server] of Object.entries({ 'by itself': own, 'behind a proxy that it trusts': behind }))
  t.test(`O6 ${title}: whatever Host says, everything is of the configured issuer`, async (t) => {
    const alice = await server.aPerson()
    const app = await server.anApp({ first_party: true })
    const television = await aDeviceApp(server)
    const { search } = new URL(server.authorizeUrl(app).url)
    const metadata = settled(await raw(server, '/.well-known/openid-configuration', {}))
    t.match(metadata, `"issuer":"${server.issuer}"`)
    const { refresh_token: token } = await server.logIn(alice, app)
    const authorization = `authorization: Basic ${Buffer.from(`${app.client_id}:${app.secret}`).toString('base64')}`

    for (const headers of tricks(server)) {
      const why = headers.join('; ')
      const answers = {
        metadata: await raw(server, '/.well-known/openid-configuration', { headers }),
        authorize: await raw(server, `/oauth2/authorize${search}`, { headers }),
        'an error by redirect': await raw(server, `/oauth2/authorize${search}&prompt=none`, { headers }),
        account: await raw(server, '/account', { headers }),
        device: await raw(server, '/oauth2/device_authorization', {
          method: 'POST',
          headers,
          body: `client_id=${television.client_id}`,
        }),
        'a refusal with its address': await raw(server, '/oauth2/token', {
          method: 'POST',
          headers: [...headers, authorization],
          body: `grant_type=refresh_token&refresh_token=${token}x`,
        }),
      }
      for (const [name, answer] of Object.entries(answers)) {
        t.match(answer, /^HTTP\/1\.1 [234]\d\d /, `${name}: ${why}`)
        t.notMatch(answer, /evil\.example|localhost\./i, `${name}: ${why}`)
        t.notMatch(answer, /^set-cookie: .*domain=/im, `${name}: a cookie is of this host alone`)
      }
      t.equal(settled(answers.metadata), metadata, why)
      t.match(answers['an error by redirect'], `iss=${encodeURIComponent(server.issuer)}`, why)
      t.match(answers.device, `"verification_uri":"${server.issuer}/device"`, why)
    }
  })

t.test('O6 two Hosts, or an address that names another: one is refused, the other is no Host', async (t) => {
  t.match(await raw(own, '/health/live', { headers: ['host: a', 'host: b'] }), /^HTTP\/1\.1 400 /)
  const absolute = await raw(own, 'http://evil.example/.well-known/openid-configuration', {})
  t.match(absolute, /^HTTP\/1\.1 (200|400|404) /)
  t.notMatch(absolute, 'evil.example')
})

t.test('O6 T17 a registered client and a proof know one address of this server', async (t) => {
  const headers = ['host: evil.example', 'content-type: application/json']
  const body = JSON.stringify({ redirect_uris: [redirectUri] })
  const registered = await raw(own, '/oauth2/register', {
    method: 'POST',
    headers: [...headers, `content-length: ${body.length}`],
    body,
  })
  t.match(registered, `"registration_client_uri":"${own.issuer}/oauth2/register/`)

  const key = await aProofKey()
  const app = await own.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })
  const basic = `authorization: Basic ${Buffer.from(`${app.client_id}:${app.secret}`).toString('base64')}`
  const by = async (origin: string) =>
    raw(own, '/oauth2/token', {
      method: 'POST',
      headers: [
        'host: evil.example',
        basic,
        `dpop: ${await key.prove({ htu: `${origin}/oauth2/token`, now: own.clock.now() })}`,
      ],
      body: 'grant_type=client_credentials',
    })
  t.match(await by('http://evil.example'), '"error":"invalid_dpop_proof"')
  t.match(await by(own.issuer), '"token_type":"DPoP"')
  const { complete } = await aDevice(own, await aDeviceApp(own))
  t.ok(complete.startsWith(`${own.issuer}/device?`))
})
