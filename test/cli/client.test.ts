import { createHash, generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { later } from '../../src/clock.ts'
import { deviceGrantName } from '../support/devices.ts'
import { aBoughtFamily, start } from '../support/records.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores, keysDir } = await aConsole(t)
const sha256 = (text: unknown) => createHash('sha256').update(String(text)).digest()
const web = ['client', 'create', '--name', 'Web', '--type', 'web', '--redirect-uri', 'https://app.example/cb']

t.test('client create answers RFC 7591 §3.2.1 and shows the secret once, stored hashed', async (t) => {
  const created = await json(web)
  t.match(created, {
    client_id: /^[0-9a-f]{20}$/,
    client_id_issued_at: 1795262400,
    client_secret: /^tcs_[\w-]{43}$/,
    client_secret_expires_at: 0,
    client_name: 'Web',
    redirect_uris: ['https://app.example/cb'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  })
  const stored = await stores.clients.find(String(created.client_id))
  t.same(
    stored?.secrets.map(({ hash }) => hash),
    [sha256(created.client_secret)],
  )
  for (const argv of [['show', String(created.client_id)], ['list']]) {
    const ran = await run(['client', ...argv])
    t.equal(ran.exitCode, 0)
    t.match(ran.stdout, String(created.client_id))
    t.notOk(holds(ran, String(created.client_secret)))
    t.notOk('client_secret' in (await json(['client', ...argv])))
  }
  const text = await run(web)
  t.match(text.stdout, /^client_secret {2}tcs_[\w-]{43}$/m)
  t.match(text.stdout, /not shown again/)
})

t.test('each type of app gets what it needs', async (t) => {
  const uri = ['--redirect-uri', 'http://localhost:4000/cb']
  const resource = ['--resource', 'https://api.example']
  const cases = [
    ['spa', uri, { token_endpoint_auth_method: 'none', allowed_origins: ['http://localhost:4000'] }],
    ['native', uri, { token_endpoint_auth_method: 'none', allowed_origins: [] }],
    [
      'device',
      [],
      { token_endpoint_auth_method: 'none', redirect_uris: [], grant_types: [deviceGrantName, 'refresh_token'] },
    ],
    ['machine', resource, { grant_types: ['client_credentials'], client_secret: /^tcs_/ }],
    ['api', resource, { grant_types: [], introspect: 'resources', client_secret: /^tcs_/ }],
  ] as const
  for (const [type, options, expected] of cases) {
    const created = await json(['client', 'create', '--name', 'App', '--type', type, ...options])
    t.match(created, expected, type)
    t.equal('client_secret' in created, created.token_endpoint_auth_method !== 'none', type)
  }
})

t.test('what is given wins over the type, and --set names any field', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(keysDir, 'jwks.json')
  await writeFile(file, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] }))
  const options = ['--jwks-file', file, '--scope', 'openid', '--first-party', '--id', 'my-app']
  const set = [
    'access_token_lifetime=300',
    'client_uri=https://app.example',
    'post_logout_redirect_uris=https://a.example/',
  ]
  const created = await json([...web, ...options, ...set.flatMap((each) => ['--set', each])])
  t.match(created, {
    client_id: 'my-app',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ kid: 'one' }] },
    scope: 'openid',
    first_party: true,
    access_token_lifetime: 300,
    client_uri: 'https://app.example',
    post_logout_redirect_uris: ['https://a.example/'],
  })
  t.notOk('client_secret' in created)
  const updated = await json([
    'client',
    'update',
    'my-app',
    '--set',
    'client_uri=',
    '--set',
    'rotation=rotate',
    '--name',
    'Mine',
  ])
  t.match(updated, { client_name: 'Mine', access_token_lifetime: 300 })
  t.notOk('client_uri' in (await json(['client', 'show', 'my-app'])), 'an empty value takes a field away')
})

t.test('client create names every mistake at once (RFC 7591 §3.2.2), and makes nothing', async (t) => {
  const before = await stores.clients.list({ limit: 100 })
  const cases = [
    [['--name', 'A', '--type', 'web'], 'invalid_redirect_uri', /redirect_uris needs a URI/],
    [['--name', 'A', '--type', 'machine'], 'invalid_client_metadata', /resources needs a resource/],
    [['--name', 'A', '--type', 'toaster'], 'usage', /--type is one of web, spa, native/],
    [
      ['--name', 'A', '--set', 'colour=red'],
      'invalid_redirect_uri',
      /colour is not a known field[\s\S]*The fields are: client_name/,
    ],
    [['--name', 'A', '--set', 'nothing'], 'usage', /FIELD=VALUE/],
    [['--name', 'A', '--jwks-file', '/does/not/exist'], 'usage', /--jwks-file cannot be read/],
    [['--type', 'web'], 'usage', /--name is needed/],
    [['--name', 'A', '--id', 'has space'], 'usage', /visible ASCII/],
    [['--name', 'A', '--id', '00000000-0000-4000-8000-000000000000'], 'usage', /must not be a UUID/],
  ] as const
  for (const [options, error, says] of cases) {
    const ran = await run(['client', 'create', ...options])
    t.equal(ran.exitCode, 2, String(says))
    t.match(ran.stderr, says)
    t.match(await json(['client', 'create', ...options]), { error, error_description: says })
  }
  const many = ['--set', 'access_token_lifetime=soon', '--set', 'pkce=never', '--redirect-uri', 'ftp//x']
  const { stderr } = await run(['client', 'create', '--name', 'A', ...many])
  for (const field of ['access_token_lifetime', 'pkce', 'redirect_uris']) t.match(stderr, field)
  t.same(await stores.clients.list({ limit: 100 }), before)
  t.equal((await run([...web, '--id', 'my-app'])).exitCode, 1, 'an id is taken once')
})

t.test('client secret makes a second one, and the old one ends later or at once', async (t) => {
  const created = await json(web)
  const id = String(created.client_id)
  const first = await json(['client', 'secret', id, '--expire-old', '60'])
  t.match(first, { client_secret: /^tcs_/, old_secrets: [{ expires_at: later(start, 60).toISOString() }] })
  const second = await json(['client', 'secret', id, '--expire-old', '0'])
  const secrets = (await stores.clients.find(id))?.secrets ?? []
  const endOf = (secret: unknown) => secrets.find(({ hash }) => hash.equals(sha256(secret)))?.expiresAt
  t.same(endOf(created.client_secret), start)
  t.same(endOf(first.client_secret), start)
  t.equal(endOf(second.client_secret), undefined)
  t.equal(secrets.length, 3)
  for (const seconds of ['-1', 'soon', '1.5', '99999999999'])
    t.equal((await run(['client', 'secret', id, `--expire-old=${seconds}`])).exitCode, 2, seconds)
  const spa = await json(['client', 'create', '--name', 'S', '--type', 'spa', '--redirect-uri', 'https://s.example/'])
  const refused = await run(['client', 'secret', String(spa.client_id)])
  t.equal(refused.exitCode, 1)
  t.match(refused.stderr, /uses no secret/)
})

t.test('client disable and delete say first what they end, and want --yes', async (t) => {
  const { login, family } = await aBoughtFamily(stores)
  const id = login.clientId
  const asked = await run(['client', 'delete', id])
  t.equal(asked.exitCode, 1)
  t.match(asked.stderr, /would delete App .* 1 token family\. Nothing was changed: .* add --yes/)
  t.equal((await stores.families.find(family.id))?.revokedAt, undefined)
  t.match(await run(['client', 'disable', id]), {
    exitCode: 1,
    stderr: /would disable App .* 1 token family\. Nothing was changed: .* add --yes/,
  })
  t.match(await json(['client', 'disable', id]), { error: 'confirmation_required' })
  for (const act of ['disable', 'delete'])
    t.match(await json(['client', act, id, '--dry-run']), { client_id: id, preview: true, ended: { families: 1 } })
  t.match((await run(['client', 'disable', id], { typed: ['no\n'] })).stderr, /This disables App .*Nothing was changed/)
  t.equal((await stores.families.find(family.id))?.revokedAt, undefined)
  t.equal((await stores.clients.find(id))?.disabledAt, undefined)
  t.match(await json(['client', 'disable', id, '--yes']), { client_id: id, ended: { families: 1 } })
  t.match((await run(['client', 'disable', id])).stderr, /disabled already/)
  t.match(await json(['client', 'enable', id]), { disabled_at: null })
  t.match((await run(['client', 'enable', id])).stderr, /is not disabled/)
  t.match(await json(['client', 'delete', id, '--yes']), { deleted: true, ended: { families: 0 } })
  t.equal(await stores.clients.find(id), undefined)
})

t.test('no such client is 1 with advice', async (t) => {
  for (const argv of [
    ['show'],
    ['update', '--set', 'scope=openid'],
    ['secret'],
    ['disable'],
    ['enable'],
    ['delete', '--yes'],
  ]) {
    const ran = await run(['client', ...argv, 'none'])
    t.equal(ran.exitCode, 1, argv.join(' '))
    t.match(ran.stderr, /There is no client none\. `tessera client list`/)
    t.match(await json(['client', ...argv, 'none']), { error: 'not_found' })
  }
})
