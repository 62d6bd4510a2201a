import fc from 'fast-check'
import type { Lifetime } from '../support/database.ts'
import { sweep } from './probe.ts'
import { granted, scripts, shape } from './scripts.ts'
import { aStory, issue } from './story.ts'
import { aWorld } from './world.ts'

export type Proof = {
  readonly steps: number
  readonly milliseconds: number
  /** How often each verdict was due, the most frequent first. */
  readonly verdicts: readonly (readonly [string, number])[]
}

/** Tells random stories to real servers. @throws with fast-check's report: the seed, and the shortest story that breaks */
export const proveBy = async (
  t: Lifetime,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Promise<Proof> => {
  const world = await aWorld(t)
  let steps = 0
  const began = performance.now()
  await fc.assert(
    fc.asyncProperty(shape, granted, scripts(), async (client, first, script) => {
      const story = await aStory(world, client)
      await issue(story, first, 0)
      await fc.asyncModelRun(() => ({ model: story, real: story }), script)
      for (const server of [await world.at(0), await world.at(1)]) await sweep(story, server)
      steps += story.steps
    }),
    { numRuns: runs, seed },
  )
  const verdicts = [...world.tally].sort(([, a], [, b]) => b - a)
  return { steps, milliseconds: performance.now() - began, verdicts }
}
