import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

/** As another test file, or what it starts, takes them. */
const portsOf = async (job: number): Promise<readonly number[]> => {
  const program = `import { freePort } from './test/support/free-port.mjs'
const ports = []
while (ports.length < 12) ports.push(await freePort())
console.log(JSON.stringify(ports))`
  const args = ['--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, TAP_JOB_ID: String(job) },
  })
  return JSON.parse(stdout)
}

t.test('whoever runs at the same time is given no port of another', async (t) => {
  const given = await Promise.all(Array.from({ length: 8 }, (_, job) => portsOf(job)))
  for (const [job, ports] of given.entries()) {
    t.ok(Math.min(...ports) > Math.max(10_080, ...(given[job - 1] ?? [])), `${job}: above those of the one before`)
    t.ok(Math.max(...ports) < 32_768, 'below those that a system gives away')
    t.equal(new Set(ports).size, ports.length, 'none twice')
  }
})
