import { joinCluster } from './cluster.ts'

/** Holds the cluster between one test file and the next, until the process whose number it is given has ended. */
const runner = Number(process.argv[2])
const cluster = await joinCluster()
process.send?.('ready')

const isOver = (): boolean => {
  try {
    process.kill(runner, 0)
    return false
  } catch {
    return true
  }
}
const watch = setInterval(() => {
  if (!isOver()) return
  clearInterval(watch)
  void cluster.stop()
}, 100)
