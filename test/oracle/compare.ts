import fc from 'fast-check'
import { createAsking } from './asking.ts'
import type { Case, Grant } from './cases.ts'
import type { ClientName } from './clients.ts'
import { differences } from './differences.ts'
import { goodMetadata, isPossible } from './generating.ts'
import { fieldOf, type Outcome } from './outcome.ts'
import type { Parties } from './parties.ts'

/** What is listed nowhere; the smallest case of its kind, and how many there were. */
export type Unlisted = { asked: Case; readonly ours: Outcome; readonly theirs: Outcome; count: number }
export type Comparison = {
  readonly compared: number
  readonly equal: number
  /** By the id of the difference. */
  readonly justified: ReadonlyMap<string, number>
  readonly unlisted: readonly Unlisted[]
  /** How often each answer was given by ours. */
  readonly outcomes: ReadonlyMap<Outcome, number>
}

/** @returns of generated cases, how the two servers answered */
export const createComparing = ({ ours, theirs }: Parties) => {
  const [askOurs, askTheirs] = [createAsking(ours), createAsking(theirs)]

  /** Of several mistakes each server names one: every one of them alone must be answered alike, or be listed. */
  const isMatterOfOrder = async (asked: Case, our: Outcome, their: Outcome): Promise<boolean> => {
    const alone: (readonly [Outcome, Outcome])[] = []
    for (const single of apart(asked)) {
      const [ourSingle, theirSingle] = await Promise.all([askOurs(single), askTheirs(single)])
      ours.wait(2)
      if (ourSingle !== theirSingle && !differences.some(({ covers }) => covers(single, ourSingle, theirSingle)))
        return false
      alone.push([ourSingle, theirSingle])
    }
    return (
      alone.some(([single]) => refusalIn(single) === refusalIn(our)) &&
      alone.some(([, single]) => refusalIn(single) === refusalIn(their))
    )
  }

  return async (cases: fc.Arbitrary<Case>, runs: number, seed: number): Promise<Comparison> => {
    let equal = 0
    const justified = new Map<string, number>()
    const unlisted = new Map<string, Unlisted>()
    const outcomes = new Map<Outcome, number>()
    for (const asked of fc.sample(cases, { numRuns: runs, seed })) {
      const [our, their] = await Promise.all([askOurs(asked), askTheirs(asked)])
      // Nobody is to be told that they ask too often.
      ours.wait(asked.at === 'register' ? 60 : 2)
      count(outcomes, our)
      const difference = our === their ? undefined : differences.find(({ covers }) => covers(asked, our, their))
      if (our === their) equal += 1
      else if (difference) count(justified, difference.id)
      else if (await isMatterOfOrder(asked, our, their)) count(justified, order)
      else collect(unlisted, asked, our, their)
    }
    return { compared: runs, equal, justified, unlisted: [...unlisted.values()], outcomes }
  }
}

export const order = 'several mistakes, of which each names another first'

/** The same without where it was delivered, which is a matter of `response_mode`. */
const refusalIn = (outcome: Outcome): Outcome =>
  outcome.replace(/^(?:signed )?(?:query|fragment|form_post) | without.*$/g, '')

/** One mistake at a time. A grant that is not good is one as well. */
const apart = (asked: Case): readonly Case[] => {
  if (asked.at === 'register') {
    const sent: unknown = asked.changed.length > 1 ? JSON.parse(asked.sent) : undefined
    return sent === undefined
      ? []
      : asked.changed.map((name): Case => {
          const body = { ...goodMetadata, [name]: fieldOf(sent, name) }
          return { at: 'register', changed: [name], sent: JSON.stringify(body) }
        })
  }
  const apartChanges = asked.changes.map((change) => [change])
  if (asked.at === 'authorize') return apartChanges.map((changes) => ({ ...asked, changes }))
  const isFapi = asked.client === 'fapi' && (asked.at === 'par' || asked.at === 'token')
  const right = { proof: 'right', dpop: isFapi ? 'right' : 'absent', changes: [] } as const
  const singles = [
    ...apartChanges.map((changes) => ({ ...right, changes })),
    ...(asked.proof === right.proof ? [] : [{ ...right, proof: asked.proof }]),
    ...(asked.dpop === right.dpop ? [] : [{ ...right, dpop: asked.dpop }]),
  ]
  if (asked.at !== 'token') return singles.map((single) => ({ ...asked, ...single }))
  const grant = goodGrantLike(asked.grant, asked.client)
  return [{ ...asked, ...right }, ...singles.map((single) => ({ ...asked, ...single, grant }))]
}

const goodGrantLike = (grant: Grant, client: ClientName): Grant => {
  const good =
    grant === 'client' ? grant : grant.includes('refresh') ? 'refresh' : grant.includes('device') ? 'device' : 'code'
  return isPossible(good, client) ? good : 'code'
}

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)

const collect = (all: Map<string, Unlisted>, asked: Case, ours: Outcome, theirs: Outcome): void => {
  const what = asked.at === 'register' ? asked.sent : asked.changes.map(({ name }) => name).join()
  const key = `${what} ${ours} | ${theirs}`
  const found = all.get(key)
  if (!found) all.set(key, { asked, ours, theirs, count: 1 })
  else {
    found.count += 1
    if (JSON.stringify(asked).length < JSON.stringify(found.asked).length) found.asked = asked
  }
}
