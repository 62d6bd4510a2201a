/** CPU and memory from /proc, which counts what a process used whoever else was busy. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ: 100 in every Linux ABI. */
const ticksPerSecond = 100

const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // the process ended meanwhile
  }
}

const processes = () => {
  const table = new Map()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = read(`/proc/${pid}/stat`)
    const [, ppid, , , , , , , , , , utime, stime, cutime, cstime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(utime) + Number(stime) + Number(cutime) + Number(cstime)
    if (stat) table.set(Number(pid), { parent: Number(ppid), seconds: ticks / ticksPerSecond })
  }
  return table
}

/** CPU seconds that a process and its descendants have used, those that ended included. */
export const cpuOf = (root) => {
  const table = processes()
  const belongs = (pid) => pid === root || (table.has(pid) && belongs(table.get(pid).parent))
  return [...table].reduce((sum, [pid, { seconds }]) => sum + (belongs(pid) ? seconds : 0), 0)
}

/** CPU seconds that the whole machine has used, stolen ones included. */
export const cpuOfMachine = () => {
  const [user, nice, system, , , irq, softirq, steal] = read('/proc/stat').split('\n')[0].split(/\s+/).slice(1)
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

/** Resident megabytes of one process. */
export const residentOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1]) / 1024
