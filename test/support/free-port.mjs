import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below what a system gives to whoever asks for any port, or connects: none of those takes it before it is listened at.
 * Above the last of those that `fetch` refuses, 10080. Those who run beside this process have another eighth, and so
 * has what they start.
 */
const share = 2600
const lowest = 11_000 + (Number(process.env.TAP_JOB_ID ?? 0) % 8) * share
/** In texts that name these, one is put in the place of the other. */
const named = /3000|8080|8081|8090|9090/
const given = new Set()

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** For what must know its port before it listens. Never the same twice. */
export const freePort = async () => {
  for (;;) {
    const port = randomInt(lowest, lowest + share)
    if (given.has(port) || named.test(String(port))) continue
    given.add(port)
    if (await isFree(port)) return port
  }
}
