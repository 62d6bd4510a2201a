import fc from 'fast-check'
import { createAsking } from './asking.ts'
import type { Case, Grant } from './cases.ts'
import type { ClientName } from './clients.ts'
import { type Difference, isTaken } from './differences/difference.ts'
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

type Both = readonly [our: Outcome, their: Outcome]

/** @returns of generated cases, how the two servers answered */
export const createComparing = ({ ours, theirs }: Parties, listed: readonly Difference[]) => {
  const [askOurs, askTheirs] = [createAsking(ours), createAsking(theirs)]

  const ask = async (asked: Case): Promise<Both> => {
    const both = await Promise.all([askOurs(asked), askTheirs(asked)])
    // Nobody is to be told that they ask too often.
    ours.wait(asked.at === 'register' ? 60 : 2)
    return both
  }
  const differenceIn = (asked: Case, [our, their]: Both) =>
    listed.find(({ covers }) => our !== their && covers(asked, our, their))?.id

  /** @returns undefined unless each mistake alone is answered alike, or is listed */
  const eachAlone = async (asked: Case): Promise<readonly Both[] | undefined> => {
    const alone: Both[] = []
    for (const single of apart(asked)) {
      const both = await ask(single)
      if (both[0] !== both[1] && differenceIn(single, both) === undefined) return undefined
      alone.push(both)
    }
    return alone
  }

  const justificationOf = async (asked: Case, [our, their]: Both): Promise<string | undefined> => {
    const difference = differenceIn(asked, [our, their])
    // What we refuse cannot hide what we let pass.
    if (difference !== undefined && !isTaken(our)) return difference
    const alone = await eachAlone(asked)
    if (difference !== undefined) return alone && difference
    // Of several mistakes each server names one.
    return alone?.some(([single]) => refusalIn(single) === refusalIn(our)) &&
      alone.some(([, single]) => refusalIn(single) === refusalIn(their))
      ? order
      : undefined
  }

  return async (cases: fc.Arbitrary<Case>, runs: number, seed: number): Promise<Comparison> => {
    let equal = 0
    const justified = new Map<string, number>()
    const unlisted = new Map<string, Unlisted>()
    const outcomes = new Map<Outcome, number>()
    for (const asked of fc.sample(cases, { numRuns: runs, seed })) {
      const both = await ask(asked)
      count(outcomes, both[0])
      const justification = both[0] === both[1] ? 'equal' : await justificationOf(asked, both)
      if (justification === 'equal') equal += 1
      else if (justification) count(justified, justification)
      else collect(unlisted, asked, ...both)
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
