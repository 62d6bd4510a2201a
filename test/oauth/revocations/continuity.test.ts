import fc from 'fast-check'
import t from 'tap'
import { later, numericDate } from '../../../src/clock.ts'
import { notBeforeOf, revocationKinds } from '../../../src/oauth/revocations/entry.ts'
import type { Position } from '../../../src/oauth/revocations/list.ts'
import { aFeed, aVerifier, toldBy } from './memory.ts'

type Step =
  | {
      readonly does: 'act'
      readonly kind: number
      readonly subject: number
      readonly lives: number
      readonly spares: boolean
    }
  | { readonly does: 'tell' | 'ask' | 'snapshot' | 'restore' | 'pause' }
  | { readonly does: 'away'; readonly is: boolean }
  | { readonly does: 'time'; readonly seconds: number }

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record<Step & { does: 'act' }>({
        does: fc.constant('act'),
        kind: fc.nat(revocationKinds.length - 1),
        subject: fc.nat(3),
        lives: fc.integer({ min: 1, max: 40 }),
        spares: fc.boolean(),
      }),
    },
    { weight: 8, arbitrary: fc.record({ does: fc.constantFrom('tell', 'ask', 'snapshot', 'pause') }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('restore') }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('away'), is: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('time'), seconds: fc.nat(12) }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
)

t.test('in any order of acts and questions, the snapshot and its deltas are what the table says', async (t) => {
  let lives = 0
  const ends: (() => void)[] = []
  t.teardown(() => {
    for (const end of ends) end()
  })
  const run = async (story: readonly Step[]): Promise<void> => {
    const world = await aFeed({ teardown: (done) => ends.push(done) })
    const { feed, clock, ask, act, acts, tell, restore, setAway } = world
    await feed.start()
    const verifier = aVerifier()
    const question = async (held: Position | undefined) => {
      try {
        const { claims } = await ask(held)
        if (!verifier.take(claims)) throw new Error(`a gap: ${JSON.stringify({ held, claims })}`)
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'Unavailable') throw error
      }
    }
    for (const step of story) {
      if (step.does === 'act') {
        const kind = revocationKinds[step.kind] ?? 'family'
        const bounded = ['user', 'client', 'all'].includes(kind)
        act({
          kind,
          // A family, a session, a token and a key end once; a person is revoked as often as somebody likes, and then
          // one entry says it all.
          subject: kind === 'all' ? '' : bounded ? `s${step.subject}` : `s${acts().length}`,
          notBefore: bounded ? notBeforeOf(clock.now()) : undefined,
          sparedSessionId: kind === 'user' && step.spares ? `session ${step.subject}` : undefined,
          expiresAt: later(clock.now(), bounded ? 10_000 + step.lives : step.lives),
        })
      }
      if (step.does === 'tell') tell()
      if (step.does === 'ask') await question(verifier.held())
      if (step.does === 'snapshot') await question(undefined)
      if (step.does === 'pause') await new Promise((resolve) => setImmediate(resolve))
      if (step.does === 'time') clock.advance({ seconds: step.seconds })
      if (step.does === 'away') setAway(step.is)
      if (step.does === 'restore') restore(Math.floor(acts().length / 2), `life ${lives++}`)
    }
    setAway(false)
    // The next question after a third of the maximum age is answered from the table, whatever was announced.
    clock.advance({ seconds: 10 })
    await question(verifier.held())
    const now = numericDate(clock.now())
    verifier.forget(now)
    const expected = [...toldBy(acts())].filter(([, value]) => Number([value].flat()[0]) > now)
    const sorted = (entries: Iterable<readonly [string, unknown]>) => JSON.stringify([...entries].sort())
    if (sorted(verifier.names) !== sorted(expected))
      throw new Error(`${sorted(verifier.names)} is not ${sorted(expected)}`)
    feed.close()
  }
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 500 })
  t.pass('500 stories')
})
