#!/usr/bin/env node
/**
 * What the server costs, measured; README.md says how to read it.
 *
 *   npm run build && npm run bench -- [--scenario refresh,code_flow] [--concurrency 1,16,64] [--seconds 5] [--runs 1]
 *                                     [--warmup 5] [--profile DIRECTORY] [--json FILE]
 */
import { appendFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { argon2id } from '../dist/identity/password.js'
import { migrate } from '../dist/storage/migrate.js'
import { processBounds, table } from './bounds.mjs'
import { startDatabase } from './database.mjs'
import { repeat, run } from './load.mjs'
import { residentOf } from './meters.mjs'
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
  },
})
const names = options.scenario.split(',')
const unknown = names.filter((name) => !(name in scenarios))
if (unknown.length > 0) throw new Error(`no scenario ${unknown}; there are ${Object.keys(scenarios)}`)
const concurrencies = options.concurrency.split(',').map(Number)
const seconds = Number(options.seconds)
const warmup = Number(options.warmup)
/** Steps of a counting run: enough to round the background away. */
const counted = 100

const say = (text) => process.stdout.write(`${text}\n`)
const temporary = []
const running = []
const directory = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tessera-bench-'))
  temporary.push(path)
  return path
}

/** The run of the lowest CPU: what others do on the machine only ever adds. */
const leanest = (runs) => runs.reduce((best, one) => (one.cpu.server < best.cpu.server ? one : best))

const measure = async ({ target, database, pids }) => {
  const results = []
  for (const scenario of names) {
    const counts = await countOf(scenario, target, database)
    for (const concurrency of concurrencies) {
      const makeStep = await scenarios[scenario](target, concurrency)
      const runs = []
      for (let index = 0; index < Number(options.runs); index++)
        runs.push(await run({ target, makeStep, concurrency, warmup, seconds, pids }))
      const measured = leanest(runs)
      const failures = runs.flatMap((one) => one.failures)
      for (const [message, times] of failures) say(`  ! ${scenario} failed ${times} times: ${message}`)
      if (failures.length > 0) process.exitCode = 1
      const result = { scenario, concurrency, counted: counts, measured }
      results.push(result)
      if (options.json) appendFileSync(options.json, `${JSON.stringify(result)}\n`)
      process.stderr.write(`  ${scenario} × ${concurrency}: ${measured.cpu.server.toFixed(3)} ms\n`)
    }
  }
  return results
}

const countOf = async (scenario, target, database) => {
  const makeStep = await scenarios[scenario](target, 1)
  // The first steps fill caches and prepare statements.
  await repeat({ target, makeStep, times: 15 })
  const { statements, bytes } = await database.count(() => repeat({ target, makeStep, times: counted }))
  return { statements: statements / counted, bytes: bytes / counted }
}

const ofProcess = (name, value, unit) => {
  const bound = processBounds[name]
  const missed = value > bound ? `MISSED by ${Math.round((value / bound - 1) * 100)} %` : 'met'
  say(`${name}: ${value.toFixed(0)} ${unit}, ${missed} (< ${bound})`)
}

const database = await startDatabase()
try {
  await migrate({ url: database.url, log: { info() {} } })
  const seeded = await seed(database.url)
  const keys = await directory()
  const env = { DATABASE_URL: database.url, KEYS_DIR: keys }
  // The first start makes the keys.
  await (await startServer({ env })).stop()

  const flags = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : []
  const server = await startServer({ env, flags })
  running.push(server)
  ofProcess('start with DATABASE_URL', server.startMs, 'ms')
  await sleep(3000)
  ofProcess('idle memory', residentOf(server.pid), 'MB')

  const signature = await bareSignature({ seconds: 2 })
  const verify = () => argon2id.verify(seeded.slow, seeded.password)
  const argon2 = await cpuPerAct(verify, { atOnce: 2, seconds: 1 })
  say(`one signature: ${signature.toFixed(3)} ms; one argon2id: ${(argon2 / signature).toFixed(0)} signatures`)
  say(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`)

  const target = {
    ...seeded,
    origin: server.origin,
    paths: {
      authorize: '/oauth2/authorize',
      token: '/oauth2/token',
      introspect: '/oauth2/introspect',
      userinfo: '/oauth2/userinfo',
      jwks: '/.well-known/jwks.json',
      discovery: '/.well-known/openid-configuration',
    },
    forms: { 'login-form': {}, 'consent-form': { decision: 'allow' } },
    asksConsent: { prompt: 'consent' },
  }
  const results = await measure({ target, database, pids: { server: server.pid, postgres: database.pid } })
  // The unit again: on a machine that others use its clock changes with the hour.
  const again = await bareSignature({ seconds: 2 })
  await server.stop()
  const alone = { DATA_DIR: await directory(), KEYS_DIR: await directory(), ALLOW_EMBEDDED_DATABASE: 'true' }
  const embedded = await startServer({ env: alone })
  running.push(embedded)
  ofProcess('start embedded, new', embedded.startMs, 'ms')

  say(`one signature afterwards: ${again.toFixed(3)} ms\n`)
  say(table(results, (signature + again) / 2))
} finally {
  for (const server of running) await server.stop()
  await database.stop()
  for (const path of temporary) await rm(path, { recursive: true, force: true })
}
