/**
 * Honest clients refresh at two server processes on one PostgreSQL, and lose answers: some on their
 * way, and some the client does not wait for, and asks again beside its own first request. Counts whom that logged out.
 *
 *   npm run build && node bench/lossy.mjs [--refreshes 10000] [--clients 16] [--lost 0.3] [--program …]
 *
 * DATABASE_URL, the last line and the exit code are as in crash.mjs.
 */
import { parseArgs } from 'node:util'
import { createHonestClients } from './honest.mjs'
import { startPair } from './pair.mjs'

const { values } = parseArgs({
  options: {
    refreshes: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '16' },
    lost: { type: 'string', default: '0.3' },
    program: { type: 'string', multiple: true, default: ['dist/start.cjs'] },
  },
})
const [refreshes, count, lost] = [Number(values.refreshes), Number(values.clients), Number(values.lost)]
const loses = () => (Math.random() >= lost ? 'never' : Math.random() < 0.5 ? 'answer' : 'patience')

const pair = await startPair({ program: values.program })
try {
  const clients = await createHonestClients({ ...pair, count, loses })
  const began = performance.now()
  let started = 0
  await clients.run(async () => started++ < refreshes)

  const report = await clients.report()
  await clients.close()
  const seconds = Math.round((performance.now() - began) / 1000)
  const share = ((100 * report.lost) / report.requests).toFixed(1)
  console.log(`${report.rotations} refreshes by ${count} clients, ${seconds} s`)
  console.log(
    `  ${report.requests} requests, ${report.lost} answers lost (${share} %); retries served: ${report.retries}`,
  )
  console.log(`  logouts of honest clients: ${report.logouts}; tokens with two successors: ${report.doubles}`)
  for (const what of [...clients.told.logouts, ...clients.told.failures].slice(0, 5)) console.log(`  ${what}`)
  console.log(JSON.stringify(report))
  const isClean = report.logouts + report.doubles + report.failures + report.revoked === 0
  process.exitCode = isClean && report.rotations === refreshes ? 0 : 1
} finally {
  await pair.stop()
}
