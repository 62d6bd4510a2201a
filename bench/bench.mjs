#!/usr/bin/env node
/**
 * What the server costs, measured; README.md says how to read it.
 *
 *   npm run build && npm run bench -- [--scenario refresh,code_flow] [--concurrency 1,16,64] [--seconds 5] [--runs 1]
 *                                     [--warmup 5] [--profile DIRECTORY] [--json FILE] [--peer oidc-provider]
 *   npm run build && npm run bench -- --refusals [--samples 2000]
 */
import { appendFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { argon2id } from '../dist/identity/password.js'
import { migrate } from '../dist/storage/migrate.js'
import { processBounds, table } from './bounds.mjs'
import { comparison } from './comparison.mjs'
import { startDatabase } from './database.mjs'
import { measure } from './measure.mjs'
import { residentOf } from './meters.mjs'
import { peers, startPeer } from './peer.mjs'
import { measureRefusals } from './s8.mjs'
import { scenarios } from './scenarios.mjs'
import { seed } from './seed.mjs'
import { startServer } from './server.mjs'
import { bareSignature, cpuPerAct } from './signature.mjs'

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', default: Object.keys(scenarios).join(',') },
    concurrency: { type: 'string', default: '1,16,64' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '5' },
    runs: { type: 'string', default: '1' },
    profile: { type: 'string' },
    json: { type: 'string' },
    peer: { type: 'string' },
    refusals: { type: 'boolean', default: false },
    samples: { type: 'string', default: '2000' },
  },
})
const names = options.scenario.split(',')
const unknown = names.filter((name) => !(name in scenarios))
if (unknown.length > 0) throw new Error(`no scenario ${unknown}; there are ${Object.keys(scenarios)}`)
if (options.peer && !(options.peer in peers))
  throw new Error(`no peer ${options.peer}; there are ${Object.keys(peers)}`)

const say = (text) => process.stdout.write(`${text}\n`)
const temporary = []
const running = []
const directory = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tessera-bench-'))
  temporary.push(path)
  return path
}

const measureAll = async (subjects) => {
  const results = []
  const onResult = (result, failures) => {
    const { name, scenario, concurrency, measured } = result
    for (const [message, times] of failures) say(`  ! ${name}: ${scenario} failed ${times} times: ${message}`)
    if (failures.length > 0) process.exitCode = 1
    results.push(result)
    if (options.json) appendFileSync(options.json, `${JSON.stringify(result)}\n`)
    process.stderr.write(`  ${name}: ${scenario} × ${concurrency}: ${measured.cpu.server.toFixed(3)} ms\n`)
  }
  await measure(subjects, {
    names,
    concurrencies: options.concurrency.split(',').map(Number),
    warmup: Number(options.warmup),
    seconds: Number(options.seconds),
    runs: Number(options.runs),
    onResult,
  })
  return results
}

const ofProcess = (name, value, unit) => {
  const bound = processBounds[name]
  const missed = value > bound ? `MISSED by ${Math.round((value / bound - 1) * 100)} %` : 'met'
  say(`${name}: ${value.toFixed(0)} ${unit}, ${missed} (< ${bound})`)
}

const ours = (server, seeded, database) => ({
  name: 'tessera',
  application: 'tessera',
  target: {
    ...seeded,
    origin: server.origin,
    paths: {
      authorize: '/oauth2/authorize',
      token: '/oauth2/token',
      par: '/oauth2/par',
      introspect: '/oauth2/introspect',
      userinfo: '/oauth2/userinfo',
      jwks: '/.well-known/jwks.json',
      discovery: '/.well-known/openid-configuration',
    },
    forms: { 'login-form': {}, 'consent-form': { decision: 'allow' } },
    asksConsent: { prompt: 'consent' },
  },
  pids: { server: server.pid, postgres: database.pid },
  scenarios: Object.keys(scenarios),
  database,
})

const compareAndTell = async (subject, database) => {
  const peer = options.peer && (await startPeer(options.peer, database))
  if (peer) running.push(peer)
  const before = await bareSignature({ seconds: 2 })
  const results = await measureAll(peer ? [subject, peer] : [subject])
  // The unit again: on a machine that others use its clock changes with the hour.
  const after = await bareSignature({ seconds: 2 })
  const signature = (before + after) / 2
  say(`one signature: ${before.toFixed(3)} ms, afterwards ${after.toFixed(3)} ms\n`)

  const [own, theirs] = [subject, peer].map((one) => results.filter(({ name }) => name === one?.name))
  say(table(own, signature))
  if (!peer) return
  say(`\nBeside ${peer.name} ${peer.version}:\n`)
  say(comparison({ ours: own, theirs, name: peer.name, signature }))
}

const database = await startDatabase()
try {
  await migrate({ url: database.url, log: { info() {} } })
  const seeded = await seed(database.url)
  const env = { DATABASE_URL: database.url, KEYS_DIR: await directory() }
  // The first start makes the keys.
  await (await startServer({ env })).stop()

  const keepHashes = ['--require', fileURLToPath(new URL('low-cost.cjs', import.meta.url))]
  const flags = [...keepHashes, ...(options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [])]
  const server = await startServer({ env, flags })
  running.push(server)
  const subject = ours(server, seeded, database)
  say(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`)
  const verify = () => argon2id.verify(seeded.slow, seeded.password)
  say(`one argon2id: ${(await cpuPerAct(verify, { atOnce: 2, seconds: 1 })).toFixed(1)} ms of CPU`)

  if (options.refusals) {
    const samples = Number(options.samples)
    const { target } = subject
    if (!(await measureRefusals({ target, database, hash: seeded.slow, samples, say }))) process.exitCode = 1
  } else {
    ofProcess('start with DATABASE_URL', server.startMs, 'ms')
    await sleep(3000)
    ofProcess('idle memory', residentOf(server.pid), 'MB')
    await compareAndTell(subject, database)
    await server.stop()
    const alone = { DATA_DIR: await directory(), KEYS_DIR: await directory(), ALLOW_EMBEDDED_DATABASE: 'true' }
    const embedded = await startServer({ env: alone })
    running.push(embedded)
    ofProcess('start embedded, new', embedded.startMs, 'ms')
  }
} finally {
  for (const server of running) await server.stop()
  await database.stop()
  for (const path of temporary) await rm(path, { recursive: true, force: true })
}
