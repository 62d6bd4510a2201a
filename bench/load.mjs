import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf, createAgent } from './agent.mjs'
import { cpuOf, cpuOfMachine } from './meters.mjs'

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN

/**
 * A closed loop: each virtual client sends its next request when it has its answer.
 *
 * @param makeStep `(agent, index) => () => Promise`
 * @param pids `{ server, postgres }`, whose CPU is read over the window in which requests are counted
 * @returns CPU in milliseconds per step, latencies in milliseconds, `noise` in cores that others used
 */
export const run = async ({ target, makeStep, concurrency, warmup, seconds, pids }) => {
  const agents = Array.from({ length: concurrency }, (_, index) => createAgent(target.origin, addressOf(index)))
  const latencies = []
  const failures = new Map()
  let counting = false
  let over = false
  const clients = agents.map(async (agent, index) => {
    const step = makeStep(agent, index)
    while (!over) {
      const start = performance.now()
      try {
        await step()
        if (counting) latencies.push(performance.now() - start)
      } catch (error) {
        failures.set(error.message, (failures.get(error.message) ?? 0) + 1)
        await sleep(50)
      }
    }
  })
  const meters = () => ({
    ...Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuOf(pid)])),
    machine: cpuOfMachine(),
    self: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    at: performance.now() / 1000,
  })

  await sleep(warmup * 1000)
  const before = meters()
  counting = true
  await sleep(seconds * 1000)
  counting = false
  const after = meters()
  over = true
  await Promise.all(clients)
  await Promise.all(agents.map((agent) => agent.close()))

  const used = Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]))
  const own = Object.keys(pids).reduce((sum, name) => sum + used[name], used.self)
  latencies.sort((a, b) => a - b)
  const steps = latencies.length
  return {
    steps,
    perSecond: steps / used.at,
    cpu: Object.fromEntries(Object.keys(pids).map((name) => [name, (used[name] * 1000) / steps])),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    noise: Math.max(0, used.machine - own) / used.at,
    failures: [...failures],
  }
}

/** The same step so many times, one after the other; for what is counted and not timed. */
export const repeat = async ({ target, makeStep, times }) => {
  const agent = createAgent(target.origin)
  const step = makeStep(agent, 0)
  for (let index = 0; index < times; index++) await step()
  await agent.close()
}
