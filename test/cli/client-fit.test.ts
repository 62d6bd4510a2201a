import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aBoughtFamily } from '../support/records.ts'
import { aConsole } from './console.ts'

const { run, json, stores, config, keysDir } = await aConsole(t)
const web = ['client', 'create', '--name', 'Web', '--type', 'web', '--redirect-uri', 'https://app.example/cb']
const certificates = { mutualTls: { port: 4433, proxies: [], url: 'https://mtls.example', caFile: undefined } }
const dns = ['--auth-method', 'tls_client_auth', '--set', 'tls_client_auth_san_dns=app.example']

t.test('K4 an algorithm without a key is refused where it is registered, and says what to set', async (t) => {
  const before = (await stores.clients.list({ limit: 100 })).length
  const ran = await run([...web, '--set', 'introspection_signed_response_alg=PS256'])
  t.equal(ran.exitCode, 2)
  t.match(ran.stderr, /introspection_signed_response_alg is PS256[\s\S]*SIGNING_ALGORITHMS=RS256,ES256,EdDSA,PS256/)
  t.equal((await stores.clients.list({ limit: 100 })).length, before)

  const more = { config: () => ({ ...config, signingAlgorithms: ['RS256', 'PS256'] as const }) }
  const { client_id } = await json([...web, '--set', 'id_token_signed_response_alg=PS256'], more)
  const update = ['client', 'update', String(client_id)]
  t.equal((await run([...update, '--name', 'Renamed'])).exitCode, 0, 'what was so before stands in no other way')
  t.equal((await run([...update, '--set', 'userinfo_signed_response_alg=PS256'])).exitCode, 2)
  const doctor = await run(['doctor'])
  t.match(doctor.stdout, `${client_id} has id_token_signed_response_alg PS256`)
  t.match(doctor.stdout, /Add PS256 to SIGNING_ALGORITHMS/)
})

t.test('RFC 8705: who needs a certificate where none can arrive is told what to set', async (t) => {
  t.match((await run([...web, ...dns])).stderr, /No certificate can arrive here: set MTLS_PORT, or MTLS_PROXY/)
  const bound = ['--set', 'tls_client_certificate_bound_access_tokens=true', '--id', 'bound']
  t.match((await run([...web, ...bound])).stderr, /MTLS_PORT/)
  const there = { config: () => ({ ...config, ...certificates }) }
  t.match((await run([...web, ...dns], there)).stderr, /set MTLS_CA_FILE/)
  t.equal((await run(['client', 'update', 'bound', '--name', 'B'], there)).stderr, '')
  const doctor = await run(['doctor'])
  t.match(doctor.stdout, /failed +clients: bound needs a client certificate\n +→ No certificate can arrive here/)
  t.notMatch((await run(['doctor'], there)).stdout, /clients: bound/)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(keysDir, 'jwks.json')
  await writeFile(file, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
  const selfSigned = [...web, '--jwks-file', file, '--auth-method', 'self_signed_tls_client_auth']
  t.match((await run(selfSigned)).stderr, /MTLS_PORT/)
  t.equal((await run(selfSigned, there)).stderr, '')
})

t.test('OIDC Core §8.1 client update says what ends with another sub', async (t) => {
  const { client_id } = await json(web)
  const ran = await run(['client', 'update', String(client_id), '--set', 'subject_type=pairwise'])
  t.match(ran.stdout, /knows people by another `sub` now\. Ended: 0 token families\./)
  t.notMatch((await run(['client', 'update', String(client_id), '--name', 'N'])).stdout, /another `sub`/)
})

t.test('client update wants --yes where it ends something, and only there', async (t) => {
  const { family, login } = await aBoughtFamily(stores)
  const callable = ['--redirect-uri', 'https://a.example/cb', '--scope', 'openid read']
  const update = ['client', 'update', login.clientId, ...callable]
  const pairwise = [...update, '--set', 'subject_type=pairwise']
  const isAlive = async () => (await stores.families.find(family.id))?.revokedAt === undefined
  t.match(await run([...update, '--name', 'Notes']), { exitCode: 0, stdout: /^Updated\./ })
  t.match(await json([...update, '--name', 'Other', '--dry-run']), { preview: true, ended: { families: 0 } })
  t.equal((await stores.clients.find(login.clientId))?.client_name, 'Notes', 'what a dry run leaves')

  const asked = /would end 1 token family of Notes, .* another `sub` then\. Nothing was changed: .* add --yes/
  t.match(await run(pairwise), { exitCode: 1, stderr: asked })
  t.match(await json(pairwise), { error: 'confirmation_required' })
  t.match(await json([...pairwise, '--dry-run']), { preview: true, ended: { families: 1 } })
  t.ok(await isAlive())
  t.match(await json([...pairwise, '--yes']), { subject_type: 'pairwise', ended: { families: 1 } })
  t.notOk(await isAlive())
})
