/**
 * Honest clients rotate at two server processes on one PostgreSQL, while one of the two, by chance, is killed with SIGKILL
 * and started again. Counts whom that logged out, and the tokens that were redeemed for two different successors.
 *
 *   npm run build && node bench/crash.mjs [--rotations 5000] [--clients 16] [--kills 40] [--program …]
 *
 * DATABASE_URL names an empty database, or one that the server has migrated; without it the embedded PostgreSQL runs in a
 * temporary directory. The last line is the report as JSON; the exit code is 1 where anything is counted that must not be.
 */
import { parseArgs } from 'node:util'
import { createHonestClients } from './honest.mjs'
import { startPair } from './pair.mjs'

const { values } = parseArgs({
  options: {
    rotations: { type: 'string', default: '5000' },
    clients: { type: 'string', default: '16' },
    kills: { type: 'string', default: '40' },
    program: { type: 'string', multiple: true, default: ['dist/start.cjs'] },
  },
})
const [rotations, count, kills] = [Number(values.rotations), Number(values.clients), Number(values.kills)]

const pair = await startPair({ program: values.program })
try {
  const clients = await createHonestClients({ ...pair, count })
  const began = performance.now()
  let [started, killed] = [0, 0]
  let restarting = Promise.resolve()
  const share = rotations / kills

  /** In each share of the rotations one kill, in the midst of the others' requests; the next share waits for the restart. */
  const goOn = async () => {
    const mine = started++
    if (mine >= rotations) return false
    if (killed < kills && mine >= (killed + 0.5) * share) {
      const before = restarting
      killed++
      const index = Math.floor(Math.random() * 2)
      restarting = before.then(() => pair.kill(index)).then(() => pair.start(index))
      restarting.catch(() => {})
    }
    if (mine >= killed * share) await restarting
    return true
  }
  await clients.run(goOn)
  await restarting
  // Whatever was delivered last is honoured still.
  let last = 0
  await clients.run(async () => last++ < count)

  const report = { rotated: rotations, kills: killed, ...(await clients.report()) }
  await clients.close()
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(`${report.rotations} rotations by ${count} clients, ${killed} kills, ${seconds} s`)
  console.log(
    `  answers that never came: ${report.broken}; 503: ${report.unavailable}; retries served: ${report.retries}`,
  )
  console.log(`  logouts of honest clients: ${report.logouts}; tokens with two successors: ${report.doubles}`)
  for (const what of [...clients.told.logouts, ...clients.told.failures].slice(0, 5)) console.log(`  ${what}`)
  console.log(JSON.stringify(report))
  const isClean = report.logouts + report.doubles + report.failures + report.revoked === 0
  process.exitCode = isClean && report.generations === report.successors ? 0 : 1
} finally {
  await pair.stop()
}
