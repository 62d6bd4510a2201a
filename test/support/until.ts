import { setTimeout as sleep } from 'node:timers/promises'

const mostSeconds = 60

/** Waits for what comes over a connection, from another process, or in time: quickly, and not at once. */
export const until = async (holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> => {
  const last = performance.now() + mostSeconds * 1000
  while (!(await holds())) {
    if (performance.now() > last) throw new Error(`${what} did not come in ${mostSeconds} s`)
    await sleep(5)
  }
}
