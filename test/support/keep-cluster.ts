import { removeBundles } from './bundle.ts'
import { joinCluster } from './cluster.ts'

/** Holds what the run's files share between one and the next, until the process whose number it is given has ended. */
const run = Number(process.argv[2])
const cluster = await joinCluster()
process.send?.('ready')

const isOver = (): boolean => {
  try {
    process.kill(run, 0)
    return false
  } catch {
    return true
  }
}
const watch = setInterval(() => {
  if (!isOver()) return
  clearInterval(watch)
  void Promise.all([cluster.stop(), removeBundles(run)])
}, 100)
