import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { argumentsOf } from '../support/bundle.ts'
import { aDatabase } from '../support/database.ts'

/** The small editions of two programs that the bench has in full. */
const root = fileURLToPath(new URL('../..', import.meta.url))

const report = async (t: Test, program: string, ...options: readonly string[]): Promise<Record<string, unknown>> => {
  const { url } = await aDatabase(t)
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DATABASE_URL: url }
    const args = [`bench/${program}`, ...argumentsOf('src/main.ts').map((each) => `--program=${each}`), ...options]
    execFile(process.execPath, args, { cwd: root, env, timeout: 300_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} failed: ${stdout} ${stderr}`, { cause: error }))
      else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
    })
  })
}
const nobody = { logouts: 0, doubles: 0, failures: 0, revoked: 0 }

t.test('T19 SIGKILL of either of two processes logs nobody out, and redeems nothing twice', async (t) => {
  const found = await report(t, 'crash.mjs', '--rotations', '150', '--clients', '8', '--kills', '3')
  t.match(found, { ...nobody, kills: 3 })
  t.ok(Number(found.rotations) >= 150)
  t.ok(Number(found.broken) > 0, 'the kills were felt')
  t.equal(found.generations, found.successors, 'each generation reached its client')
})

t.test('T19 honest clients that lose three answers of ten stay logged in', async (t) => {
  const found = await report(t, 'lossy.mjs', '--refreshes', '300', '--clients', '8')
  t.match(found, { ...nobody, rotations: 300 })
  t.ok(Number(found.lost) > 30 && Number(found.retries) > 10, `${found.lost} lost, ${found.retries} retries served`)
})
