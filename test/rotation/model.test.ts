import t from 'tap'
import { proveBy } from './prove.ts'

/**
 * RUNS and SEED say how many stories, and which. The same ones are told each time, so that what fails is what was
 * changed; `npm run prove` tells a thousand new ones. The seed is printed first, so that all can be told again.
 */
const runs = Number(process.env.RUNS ?? 60)
const seed = Number(process.env.SEED ?? 20261121)

t.test('T19 T16 S22 rotation is what the table says, whatever happens', { timeout: 0 }, async (t) => {
  t.comment(`${runs} stories, SEED=${seed}`)
  const { steps, milliseconds, verdicts } = await proveBy(t, { runs, seed })
  t.comment(`${runs} stories, ${steps} steps, ${Math.round(milliseconds / 1000)} s`)
  t.comment(verdicts.map(([verdict, count]) => `${verdict} ${count}`).join(', '))
  t.ok(steps > runs, `every invariant held after each of ${steps} steps`)
})
