import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { argumentsOf } from './support/bundle.ts'
import { aDatabase } from './support/database.ts'
import { freePort } from './support/free-port.mjs'
import { until } from './support/until.ts'

const secret = 'hunter2hunter2'

const aFolder = async (t: Test): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-start-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The process itself, with nothing in its environment but what is named. */
const aStart = async (t: Test, given: NodeJS.ProcessEnv) => {
  const folder = await aFolder(t)
  const child = spawn(process.execPath, argumentsOf('src/main.ts'), {
    env: {
      PATH: process.env.PATH,
      PORT: String(await freePort()),
      KEYS_DIR: join(folder, 'keys'),
      DATA_DIR: join(folder, 'data'),
      ...given,
    },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: unknown) => {
      said[stream] += String(chunk)
    })
  return { child, said, folder, ended: once(child, 'close').then(([code]) => Number(code)) }
}

/** What a start that fails leaves for whoever tried: a few words without a secret, and no stack. */
const refused = async (t: Test, given: NodeJS.ProcessEnv, exitCode: number, says: RegExp) => {
  const { ended, said, folder } = await aStart(t, given)
  t.equal(await ended, exitCode, said.stderr)
  t.match(said.stderr, says)
  t.notMatch(said.stderr, /^ +at /m, 'no stack')
  t.notOk(said.stderr.includes(secret), 'no secret')
  return folder
}

t.test('a port that is taken is named, and the embedded PostgreSQL does not stay behind', async (t) => {
  const busy = createServer().listen(0, 'localhost')
  await once(busy, 'listening')
  t.teardown(() => busy.close())
  const address = busy.address()
  const port = String(typeof address === 'object' && address ? address.port : 0)
  const folder = await refused(t, { PORT: port }, 1, new RegExp(`^PORT: ${port} .*taken`))
  await t.rejects(access(join(folder, 'data/postgres/postmaster.pid')), { code: 'ENOENT' })
  await access(join(folder, 'data/postgres/PG_VERSION'))
})

t.test('a file that a variable names is named with it, before anything is started', async (t) => {
  const folder = await aFolder(t)
  const none = join(folder, 'none.pem')
  const tls = { TLS_CERT_FILE: none, TLS_KEY_FILE: none }
  const tried = await refused(t, tls, 78, /TLS_CERT_FILE: the file .*none\.pem cannot be read \(ENOENT\)/)
  await t.rejects(access(join(tried, 'data')), { code: 'ENOENT' })
  const authorities = { MTLS_PROXY: '127.0.0.1', MTLS_CA_FILE: none }
  const again = await refused(t, authorities, 78, /MTLS_CA_FILE: the file .*none\.pem cannot be read/)
  await t.rejects(access(join(again, 'data')), { code: 'ENOENT' })
})

t.test('a directory that cannot be used is named', async (t) => {
  const file = join(await aFolder(t), 'file')
  await writeFile(file, '')
  const { url } = await aDatabase(t)
  await refused(t, { DATA_DIR: join(file, 'data') }, 78, /^DATA_DIR: .*\(ENOTDIR\)/)
  await refused(t, { DATABASE_URL: url, KEYS_DIR: join(file, 'keys') }, 78, /^KEYS_DIR: .*\(ENOTDIR\)/)
})

t.test('a database that cannot be used is named by its host, never by its password', async (t) => {
  const at = (host: string) => ({ DATABASE_URL: `postgresql://u:${secret}@${host}/tessera` })
  await refused(t, at('127.0.0.1:1'), 1, /^DATABASE_URL: .* 127\.0\.0\.1:1 .*\(ECONNREFUSED\)/)
  await refused(t, at('127.0.0.1:99999'), 78, /DATABASE_URL must be a URL/)
  const { url } = await aDatabase(t)
  const wrong = new URL(url)
  wrong.password = secret
  await refused(t, { DATABASE_URL: wrong.href }, 78, /^DATABASE_URL: .*password.*\(28P01\)/)
  const missing = new URL(url)
  missing.pathname = '/tessera_none'
  await refused(t, { DATABASE_URL: missing.href }, 78, /^DATABASE_URL: .*no such database.*\(3D000\)/)
})

t.test('a key file that cannot be used is named, and so is an address that is none of this machine', async (t) => {
  const { url: DATABASE_URL } = await aDatabase(t)
  const KEYS_DIR = await aFolder(t)
  const file = join(KEYS_DIR, 'subject.key')
  await writeFile(file, Buffer.alloc(32))
  await chmod(file, 0o644)
  await refused(t, { DATABASE_URL, KEYS_DIR }, 78, /subject\.key can be used by every account .*chmod 600/)
  await chmod(file, 0o600)
  await writeFile(file, 'damaged')
  await refused(t, { DATABASE_URL, KEYS_DIR }, 78, /subject\.key is not a key of 32 bytes/)
  await rm(file)
  await refused(t, { DATABASE_URL, HOST: '192.0.2.1' }, 78, /^HOST: 192\.0\.2\.1 .*\(EADDRNOTAVAIL\)/)
})

t.test('with PORT=0 the server is where its issuer says', async (t) => {
  const { url: DATABASE_URL } = await aDatabase(t)
  const { child, said, ended } = await aStart(t, { DATABASE_URL, PORT: '0' })
  await until(() => said.stdout.includes('Tessera is running.'))
  const issuer = /Issuer +(http:\S+)/.exec(said.stdout)?.[1]
  const metadata = await fetch(`${issuer}/.well-known/openid-configuration`)
  t.match(await metadata.json(), { issuer })
  child.kill('SIGTERM')
  t.equal(await ended, 0, said.stderr)
})
