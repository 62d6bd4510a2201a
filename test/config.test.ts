import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Config, ConfigurationError, configurationTable, readConfig, readConfigToListen } from '../src/config.ts'

const mistakesOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes
    throw error
  }
  return []
}
const production = { NODE_ENV: 'production', ISSUER: 'https://login.example', DATABASE_URL: 'postgresql://db/tessera' }
const secret = 'x'.repeat(32)

t.test('nothing set runs on loopback with the embedded database', async (t) => {
  const config = readConfig({})
  t.match(config, { mode: 'development', issuer: 'http://localhost:3000', host: 'localhost', port: 3000, demo: true })
  t.equal(config.databaseUrl, undefined)
  t.equal(config.sessionLimit, undefined)
  t.same(readConfig({ MAX_SESSIONS: '1' }).sessionLimit, { most: 1, policy: 'evict-oldest' })
  t.same(config.trustProxy, [])
  t.same(config.signingAlgorithms, ['RS256', 'ES256', 'EdDSA'])
})

t.test('the issuer follows the port, and TLS', async (t) => {
  t.equal(readConfig({ PORT: '8080' }).issuer, 'http://localhost:8080')
  t.equal(readConfig({ TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: 'k.pem' }).issuer, 'https://localhost:3000')
})

t.test('with PORT=0 the issuer names a port that was found, unless there is one', async (t) => {
  const found = async (host: string) => (host === 'localhost' ? 4321 : 0)
  t.match(await readConfigToListen(found, { PORT: '0' }), { port: 4321, issuer: 'http://localhost:4321' })
  const issuer = 'http://localhost:8080'
  t.match(await readConfigToListen(found, { PORT: '0', ISSUER: issuer }), { port: 0, issuer })
  t.match(await readConfigToListen(found, {}), { port: 3000 })
})

t.test('an empty variable is an absent one', async (t) => {
  t.same(readConfig({ PORT: '', KEY_PASSPHRASE: '', DATABASE_URL: '' }), readConfig({}))
})

t.test('every value arrives', async (t) => {
  const expected: Partial<Config> = {
    issuer: 'https://login.example/tenant',
    databaseUrl: 'postgresql://u:p@db/tessera',
    host: '::',
    port: 0,
    trustProxy: ['10.0.0.0/8', 'fd00::1'],
    outboundAllow: ['10.1.0.0/16', 'fd00::2'],
    registrationOutboundAllow: ['10.2.0.0/16'],
    cookieSecrets: [`1${secret}`, `2${secret}`],
    signingAlgorithms: ['RS256', 'EdDSA'],
    logLevel: 'debug',
    databasePoolSize: 4,
    sessionIdleLifetime: 600,
    sessionLifetime: 3600,
    sessionLimit: { most: 3, policy: 'refuse' },
    demo: false,
    threads: 16,
  }
  t.match(
    readConfig({
      ISSUER: 'https://login.example/tenant',
      DATABASE_URL: 'postgresql://u:p@db/tessera',
      HOST: '::',
      PORT: '0',
      TRUST_PROXY: '10.0.0.0/8, fd00::1',
      OUTBOUND_ALLOW: '10.1.0.0/16,fd00::2',
      REGISTRATION_OUTBOUND_ALLOW: '10.2.0.0/16',
      COOKIE_SECRETS: `1${secret},2${secret}`,
      SIGNING_ALGORITHMS: 'RS256,EdDSA',
      LOG_LEVEL: 'debug',
      DATABASE_POOL_SIZE: '4',
      SESSION_IDLE_LIFETIME: '600',
      SESSION_LIFETIME: '3600',
      MAX_SESSIONS: '3',
      MAX_SESSIONS_POLICY: 'refuse',
      TESSERA_DEMO: 'false',
      UV_THREADPOOL_SIZE: '16',
    }),
    expected,
  )
})

t.test('certificates of clients: what belongs together, and where apps are sent', async (t) => {
  const tls = { TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: 'k.pem' }
  t.equal(readConfig({}).mutualTls, undefined)
  t.equal(readConfig({}).dpopNonce, 'optional')
  t.equal(readConfig({ DPOP_NONCE: 'required' }).dpopNonce, 'required')
  t.match(readConfig({ ...tls, MTLS_PORT: '3443', ISSUER: 'https://id.example/tenant' }).mutualTls, {
    port: 3443,
    url: 'https://id.example:3443/tenant',
    proxies: [],
  })
  t.equal(readConfig({ ...tls, MTLS_PORT: '3443' }).mutualTls?.url, 'https://localhost:3443')
  const behind = { MTLS_PROXY: '10.0.0.0/8,fd00::1', MTLS_URL: 'https://mtls.id.example', MTLS_CA_FILE: 'ca.pem' }
  t.match(readConfig(behind).mutualTls, { port: undefined, url: behind.MTLS_URL, proxies: ['10.0.0.0/8', 'fd00::1'] })
  t.equal(readConfig({ MTLS_PROXY: '10.0.0.1' }).mutualTls?.url, undefined)

  t.match(mistakesOf({ MTLS_PORT: '3443' }), [/^MTLS_PORT needs TLS_CERT_FILE/])
  t.match(mistakesOf({ ...tls, MTLS_PORT: '3000' }), [/^MTLS_PORT must not be PORT/])
  t.match(mistakesOf({ MTLS_URL: 'https://m.example' }), [/^MTLS_URL means nothing without/])
  t.match(mistakesOf({ MTLS_CA_FILE: 'ca.pem' }), [/^MTLS_CA_FILE means nothing without/])
  t.match(mistakesOf({ MTLS_PROXY: '0.0.0.0/0' }), [/^MTLS_PROXY must not name the whole internet/])
  t.match(mistakesOf({ DPOP_NONCE: 'yes' }), [/^DPOP_NONCE must be one of/])
})

t.test('each bad value is one mistake that names its variable', async (t) => {
  const bad: Readonly<Record<string, readonly string[]>> = {
    ISSUER: [
      'login.example',
      'http://login.example',
      'http://127.0.0.1.evil.example',
      'http://localhost.evil.example',
      'ftp://localhost',
      'https://login.example/',
      'https://login.example?x=1',
      'https://login.example#f',
      'https://login.example?',
      'https://u@login.example',
      'https://LOGIN.example',
      'https://login.example:443',
      'https://login.example/a/../b',
      'https://login.example//a',
    ],
    DATABASE_URL: ['mysql://db/x', 'postgresql://'],
    PORT: ['-1', '65536', '3000a', '1e3', '0x10', ' 80'],
    NODE_ENV: ['prod'],
    LOG_LEVEL: ['verbose'],
    TRUST_PROXY: [
      'true',
      '*',
      'loopback',
      '10.0.0.0/33',
      '0.0.0.0/0',
      '::/0',
      '10.0.0.1/8/8',
      'proxy.example',
      '10.0.0.1,',
      '10.0.0.1,10.0.0.1',
    ],
    OUTBOUND_ALLOW: ['0.0.0.0/0', '::/0', 'internal.example', '10.0.0.0/33', '*'],
    REGISTRATION_OUTBOUND_ALLOW: ['0.0.0.0/0', 'internal.example'],
    COOKIE_SECRETS: ['x'.repeat(31), `${secret},short`, `${secret},${secret}`],
    KEY_PASSPHRASE: ['short'],
    SIGNING_ALGORITHMS: ['HS256', 'none', 'ES256', 'RS256,RS256'],
    RESOURCE_ALGORITHMS: [
      'https://api.example',
      'https://api.example=HS256',
      '=ES256',
      'api=ES256',
      'https://api.example#x=ES256',
      'https://api.example=ES256,https://api.example=EdDSA',
      'https://api.example=PS256',
    ],
    CLAIMS_FILE: ['/does/not/exist', 'README.md'],
    DATABASE_POOL_SIZE: ['0', '1001'],
    SESSION_LIFETIME: ['0', '1.5', '7d'],
    MAX_SESSIONS: ['0', '-1', 'none'],
    MAX_SESSIONS_POLICY: ['evict', 'REFUSE'],
    ALLOW_EMBEDDED_DATABASE: ['yes', '1'],
    TESSERA_DEMO: ['on'],
    UV_THREADPOOL_SIZE: ['2', '2000'],
  }
  for (const [name, values] of Object.entries(bad))
    for (const value of values) {
      const mistakes = mistakesOf({ [name]: value })
      t.equal(mistakes.filter((mistake) => mistake.startsWith(name)).length, 1, `${name}=${value}`)
    }
})

t.test('http is accepted for loopback only', async (t) => {
  for (const issuer of ['http://localhost', 'http://127.0.0.1:3000', 'http://[::1]:3000/a'])
    t.equal(readConfig({ ISSUER: issuer }).issuer, issuer)
})

t.test('a policy for a limit that nobody set is a mistake', async (t) => {
  t.match(mistakesOf({ MAX_SESSIONS_POLICY: 'refuse' }), [/^MAX_SESSIONS must be set/])
})

t.test('every mistake is told at once', async (t) => {
  const mistakes = mistakesOf({
    ISSUER: 'x',
    PORT: 'x',
    LOG_LEVEL: 'x',
    TESSERA_X: 'x',
    TLS_KEY_FILE: 'k',
    SESSION_LIFETIME: '60',
  })
  for (const name of ['ISSUER', 'PORT', 'LOG_LEVEL', 'TESSERA_X', 'TLS_CERT_FILE', 'SESSION_IDLE_LIFETIME'])
    t.equal(mistakes.filter((mistake) => mistake.startsWith(name)).length, 1, name)
  t.equal(mistakes.length, 6)
})

t.test('no mistake holds a secret', async (t) => {
  const canary = 'canary'
  const told = mistakesOf({
    DATABASE_URL: `mysql://${canary}`,
    KEY_PASSPHRASE: canary,
    COOKIE_SECRETS: canary,
    ISSUER: `https://u:${canary}@login.example`,
  })
  t.equal(told.length, 4)
  t.notMatch(told.join('\n'), canary)
})

t.test('production is strict', async (t) => {
  t.match(readConfig(production), { host: '0.0.0.0', demo: false })
  t.match(mistakesOf({ NODE_ENV: 'production' }).join('\n'), /ISSUER must be set.*\n.*DATABASE_URL must be set/)
  t.match(mistakesOf({ ...production, ISSUER: 'http://login.example' }), [/^ISSUER must be https/])
  t.match(mistakesOf({ ...production, TESSERA_DEMO: 'true' }), [/^TESSERA_DEMO/])
  t.same(mistakesOf({ ...production, DATABASE_URL: '', ALLOW_EMBEDDED_DATABASE: 'true' }), [])
})

t.test('the demonstration comes with development, whatever the database, and with nothing else', async (t) => {
  t.equal(readConfig({}).demo, true)
  t.equal(readConfig({ DATABASE_URL: 'postgresql://db/tessera' }).demo, true)
  t.equal(readConfig({ TESSERA_DEMO: 'false' }).demo, false)
  t.equal(readConfig({ NODE_ENV: 'test' }).demo, false)
})

t.test('an http issuer and TLS contradict each other', async (t) => {
  t.match(mistakesOf({ ISSUER: 'http://localhost:3000', TLS_CERT_FILE: 'c', TLS_KEY_FILE: 'k' }), [
    /^ISSUER must be https when/,
  ])
})

t.test('a secret may be in a file', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'tessera-'))
  const file = join(directory, 'passphrase')
  writeFileSync(file, 'correct horse battery\n')
  t.equal(readConfig({ KEY_PASSPHRASE_FILE: file }).keyPassphrase, 'correct horse battery')
  t.match(mistakesOf({ KEY_PASSPHRASE_FILE: file, KEY_PASSPHRASE: 'correct horse battery' }), [
    /^KEY_PASSPHRASE and KEY_PASSPHRASE_FILE are both set/,
  ])
  t.match(mistakesOf({ KEY_PASSPHRASE_FILE: join(directory, 'none') }), [/^KEY_PASSPHRASE cannot be read .*ENOENT/])
  writeFileSync(file, '\n')
  t.match(mistakesOf({ KEY_PASSPHRASE_FILE: file }), [/^KEY_PASSPHRASE is empty/])
  t.match(mistakesOf({ ...production, DATABASE_URL: '', DATABASE_URL_FILE: join(directory, 'none') }), [
    /^DATABASE_URL cannot be read/,
  ])
})

t.test('the table names every variable once, in Markdown', async (t) => {
  const rows = configurationTable().trimEnd().split('\n')
  t.equal(rows[0], '| variable | default | meaning |')
  for (const row of rows) t.equal(row.split('|').length, rows[1]?.split('|').length, row)
  for (const name of [
    'ISSUER',
    'DATABASE_URL_FILE',
    'KEY_PASSPHRASE_FILE',
    'COOKIE_SECRETS_FILE',
    'TRUST_PROXY',
    'UV_THREADPOOL_SIZE',
  ])
    t.equal(rows.filter((row) => row.includes(`\`${name}\``)).length, 1, name)
})
