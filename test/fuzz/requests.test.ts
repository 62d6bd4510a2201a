import fc from 'fast-check'
import t from 'tap'
import { aSelfSigned } from '../support/client-certificates.ts'
import { aProofKey } from '../support/proofs.ts'
import { aServer } from '../support/server.ts'
import { plans, shotOf } from './plan.ts'
import { routesOf } from './routes.ts'
import { createGun, wireOf } from './shot.ts'
import { createTally } from './tally.ts'
import { problemsOf } from './verdict.ts'
import { aWorld } from './world.ts'

const runs = Number(process.env.RUNS ?? 3000)
// The same requests each time, so that what fails is what was changed; `npm run fuzz` draws new ones.
const seed = Number(process.env.SEED ?? 20261121)
const chunk = 500
const abreast = 12
t.comment(`SEED=${seed} RUNS=${runs}`)

/** Hashing is not what this is about; its cost would be all that is measured. */
const stored = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const hasher = {
  hash: async () => stored,
  verify: async (_hash: string, password: string) => password === 'correct horse battery staple',
}
let secrets: readonly string[] = []
const leaks: string[] = []
const failures: string[] = []
/** What the proxy in front calls a request is written down as it is: here the proxy would do anything. */
const named = /"request_id":"[^"]*"/g
const onLog = (lines: string) => {
  const written = lines.replaceAll(named, '')
  for (const secret of secrets)
    if (written.includes(secret)) leaks.push(`${secret.slice(0, 12)}: ${lines.slice(0, 500)}`)
  if (lines.includes('"level":"error"') || lines.includes('"level":"fatal"')) failures.push(lines.slice(0, 2000))
}
const env = { REGISTRATION: 'open', TRUST_PROXY: '127.0.0.1', MTLS_PROXY: '127.0.0.1' }
const { built: server, routes } = await routesOf(() => aServer(t, { demo: true, env, hasher, onLog }))
const key = await aProofKey()
const certificate = await aSelfSigned()
const gun = createGun(server.base)
t.teardown(gun.close)
const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

t.test(
  'R18 T2 O8 O12 D4: whatever is sent to whichever endpoint, the answer is one of ours',
  { timeout: 0 },
  async (t) => {
    const tally = createTally()
    const problems = new Map<string, string>()
    for (let done = 0; done < runs; done += chunk) {
      // Everything of the chunk before is over, and swept.
      server.clock.advance({ seconds: 90_000 })
      await server.stores.maintenance.sweep(server.clock.now())
      const world = await aWorld(server, { key, certificate })
      secrets = world.secrets
      const waiting = fc.sample(plans, { seed: seed + done, numRuns: Math.min(chunk, runs - done) })
      const gunner = async () => {
        for (let plan = waiting.pop(); plan; plan = waiting.pop()) {
          const shot = await shotOf(plan, world, routes)
          const { target } = wireOf(shot, 'x')
          const hit = await gun.fire(shot).catch((error: unknown) => String(error))
          const told = `${JSON.stringify(plan.what).slice(0, 700)}\n${shot.method} ${target.slice(0, 300)}`
          if (typeof hit === 'string') {
            problems.set(`${shot.method} ${shot.route}: ${hit}`, told)
            continue
          }
          tally.count(shot.route, hit.status)
          for (const problem of problemsOf(hit, { issuer: server.issuer, shot, target }))
            problems.set(`${shot.method} ${shot.route} ${hit.status}: ${problem}`, `${told}\n${hit.text.slice(0, 300)}`)
        }
      }
      await Promise.all(Array.from({ length: abreast }, gunner))
      if (done % 5000 === 0) t.comment(tally.line(done))
    }
    t.comment(tally.line(runs))
    for (const line of tally.table()) t.comment(line)
    for (const [problem, told] of [...problems].slice(0, 20)) t.comment(`${problem}\n${told}`)
    t.same([...problems.keys()], [], `SEED=${seed}`)
    t.same(failures, [], 'nothing failed in the log')
    t.same(leaks.slice(0, 5), [], 'O10 no secret of this world is in the log')
    t.same(unhandled, [])
    t.match(await server.get('/health/live'), { status: 200 })
  },
)
