import { repeat, run } from './load.mjs'
import { scenarios } from './scenarios.mjs'

/** Steps of a counting run: enough to round the background away. */
const counted = 100

const countOf = async (scenario, { target, application, database }) => {
  const makeStep = await scenarios[scenario](target, 1)
  // The first steps fill caches and prepare statements.
  await repeat({ target, makeStep, times: 15 })
  const act = () => repeat({ target, makeStep, times: counted })
  const { statements, bytes } = await database.count(application, act)
  return { statements: statements / counted, bytes: bytes / counted }
}

/** The run of the lowest CPU: what others do on the machine only ever adds. */
const leanest = (runs) => runs.reduce((best, one) => (one.cpu.server < best.cpu.server ? one : best))

/**
 * Each scenario on each server, one right after the other, so that what else the machine does falls on all of them.
 *
 * @param subjects `{ name, application, target, pids, scenarios, database }`, the name as their statements are logged
 * @param onResult is given each result as it comes, with its failures
 */
export const measure = async (subjects, { names, concurrencies, warmup, seconds, runs, onResult }) => {
  for (const scenario of names) {
    const serving = subjects.filter((subject) => subject.scenarios.includes(scenario))
    const counts = new Map()
    for (const subject of serving) counts.set(subject, await countOf(scenario, subject))
    for (const concurrency of concurrencies)
      for (const subject of serving) {
        const { name, target, pids } = subject
        const makeStep = await scenarios[scenario](target, concurrency)
        const all = []
        for (let index = 0; index < runs; index++)
          all.push(await run({ target, makeStep, concurrency, warmup, seconds, pids }))
        const failures = all.flatMap((one) => one.failures)
        onResult({ name, scenario, concurrency, counted: counts.get(subject), measured: leanest(all) }, failures)
      }
  }
}
