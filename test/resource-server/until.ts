import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something holds that comes over a connection; the test's own limit ends what never comes. */
export const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await sleep(5)
}
