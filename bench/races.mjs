/**
 * Two server processes on one PostgreSQL: 200 rounds of 64 parallel refreshes of one token, and 200 rounds of 50 parallel
 * redemptions of one code. Counts what must be one.
 *
 *   npm run build && node bench/races.mjs [rounds]
 *
 * DATABASE_URL names an empty database; without it the embedded PostgreSQL runs in a temporary directory.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbedded } from '../dist/storage/embedded.js'
import { freePort } from '../test/support/free-port.mjs'

const rounds = Number(process.argv[2] ?? 200)
const refreshes = 64
const redemptions = 50
const root = fileURLToPath(new URL('..', import.meta.url))

const directory = await mkdtemp(join(tmpdir(), 'tessera-races-'))
// As root, PostgreSQL runs as another account, which has to pass through.
await chmod(directory, 0o711)
const embedded = process.env.DATABASE_URL
  ? undefined
  : await startEmbedded({ dataDir: join(directory, 'data'), log: { info: () => {} } })
const url = process.env.DATABASE_URL ?? embedded.url
const children = []
const ports = [await freePort(), await freePort()]
const issuer = `http://127.0.0.1:${ports[0]}`

const start = async (port, databaseUrl) => {
  const child = spawn(process.execPath, ['dist/start.cjs'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'test',
      ISSUER: issuer,
      HOST: '127.0.0.1',
      PORT: String(port),
      KEYS_DIR: join(directory, 'keys'),
      LOG_LEVEL: 'fatal',
      DATABASE_URL: databaseUrl,
    },
  })
  children.push(child)
  for (let attempt = 0; attempt < 300; attempt++) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
    if (ready?.status === 200) return
    if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode}`)
    await sleep(100)
  }
  throw new Error('a server did not become ready')
}

const stop = async () => {
  for (const child of children.reverse()) {
    if (child.exitCode !== null) continue
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  await embedded?.stop()
  await rm(directory, { recursive: true, force: true })
}

const secret = randomBytes(32).toString('base64url')
const clientId = `races-${randomBytes(4).toString('hex')}`
const userId = crypto.randomUUID()
const sessionId = crypto.randomUUID()
const sha256 = (text) => createHash('sha256').update(text).digest()

/** A client, a person and a session, as the server would have stored them. */
const seed = async (database) => {
  const metadata = {
    client_name: 'Races',
    token_endpoint_auth_method: 'client_secret_basic',
    assertion_audience: 'issuer',
    redirect_uris: ['https://app.example/cb'],
    post_logout_redirect_uris: [],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access read',
    resources: ['https://api.example'],
    pkce: 'required',
    first_party: true,
    introspect: 'own',
    allowed_origins: [],
    id_token_signed_response_alg: 'RS256',
    access_token_signed_response_alg: 'RS256',
    access_token_lifetime: 600,
    id_token_lifetime: 600,
    refresh_token_idle_lifetime: 1209600,
    refresh_token_lifetime: 7776000,
    rotation: 'rotate',
    stale: 'revoke',
  }
  await database.query('INSERT INTO clients (id, metadata, created_at) VALUES ($1, $2, now())', [clientId, metadata])
  await database.query('INSERT INTO client_secrets (id, client_id, hash, created_at) VALUES ($1, $2, $3, now())', [
    crypto.randomUUID(),
    clientId,
    sha256(secret),
  ])
  await database.query('INSERT INTO users (id, username, username_key, created_at) VALUES ($1, $2, $2, now())', [
    userId,
    `races-${userId}`,
  ])
  await database.query(
    `INSERT INTO sessions (id, token_hash, user_id, authenticated_at, amr, acr, created_at, last_used_at, idle_expires_at,
       absolute_expires_at) VALUES ($1, $2, $3, now(), '{pwd}', '1', now(), now(), now() + '1 day', now() + '7 days')`,
    [sessionId, randomBytes(32), userId],
  )
}

/** The code a login would have ended with. */
const aCode = async (database) => {
  const code = randomBytes(32).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const scope = ['openid', 'offline_access', 'read']
  const grant = {
    userId,
    sessionId,
    scope,
    resources: ['https://api.example'],
    authTime: new Date(),
    acr: '1',
    amr: ['pwd'],
    claims: {},
  }
  await database.query(
    `INSERT INTO authorization_codes (hash, client_id, user_id, session_id, "grant", redirect_uri, code_challenge, created_at,
       expires_at, kept_until) VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now() + '60 s', now() + '1 hour')`,
    [
      sha256(code),
      clientId,
      userId,
      sessionId,
      grant,
      'https://app.example/cb',
      sha256(verifier).toString('base64url'),
    ],
  )
  return { code, verifier }
}

const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
const ask = async (index, form) => {
  const url = `http://127.0.0.1:${ports[index % ports.length]}/oauth2/token`
  const response = await fetch(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) })
  return { status: response.status, body: await response.json() }
}
const together = (count, act) => Promise.all(Array.from({ length: count }, (_, index) => act(index)))
const redeem = (index, { code, verifier }) =>
  ask(index, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: 'https://app.example/cb',
  })
const isVerdict = ({ status, body }) => status === 200 || (status === 400 && body.error === 'invalid_grant')

const tally = () => ({
  counts: new Map(),
  add(value) {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1)
  },
})
const shown = ({ counts }) => [...counts].map(([value, count]) => `${value} (${count} rounds)`).join(', ')

try {
  await Promise.all(ports.map((port) => start(port, url)))
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  await seed(database)

  const generations = tally()
  const tokens = tally()
  let [refused, errors] = [0, 0]
  const first = await redeem(0, await aCode(database))
  let token = first.body.refresh_token
  const familyId = JSON.parse(Buffer.from(first.body.access_token.split('.')[1], 'base64url')).jti.slice(0, 36)
  const generation = async () =>
    (await database.query('SELECT generation FROM token_families WHERE id = $1', [familyId])).rows[0].generation
  let began = performance.now()
  for (let round = 0; round < rounds; round++) {
    const before = await generation()
    const answers = await together(refreshes, (index) =>
      ask(index, { grant_type: 'refresh_token', refresh_token: token }),
    )
    const good = answers.filter(({ status }) => status === 200)
    generations.add((await generation()) - before)
    tokens.add(new Set(good.map(({ body }) => body.refresh_token)).size)
    refused += answers.filter((answer) => isVerdict(answer) && answer.status !== 200).length
    errors += answers.filter((answer) => !isVerdict(answer)).length
    token = good[0]?.body.refresh_token ?? token
  }
  console.log(
    `refresh: ${rounds} rounds of ${refreshes} through two processes, ${Math.round(performance.now() - began)} ms`,
  )
  console.log(`  generations created per round: ${shown(generations)}`)
  console.log(`  distinct refresh tokens among the answers: ${shown(tokens)}`)
  console.log(`  refused: ${refused}; errors other than verdicts: ${errors}`)

  const winners = tally()
  const families = tally()
  errors = 0
  began = performance.now()
  for (let round = 0; round < rounds; round++) {
    const code = await aCode(database)
    const count = async () => Number((await database.query('SELECT count(*) FROM token_families')).rows[0].count)
    const before = await count()
    const answers = await together(redemptions, (index) => redeem(index, code))
    winners.add(answers.filter(({ status }) => status === 200).length)
    families.add((await count()) - before)
    errors += answers.filter((answer) => !isVerdict(answer)).length
  }
  console.log(
    `codes: ${rounds} rounds of ${redemptions} through two processes, ${Math.round(performance.now() - began)} ms`,
  )
  console.log(`  answers 200 per round: ${shown(winners)}`)
  console.log(`  families created per round: ${shown(families)}`)
  console.log(`  errors other than verdicts: ${errors}`)
  await database.end()
} finally {
  await stop()
}
