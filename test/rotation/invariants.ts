/** What must hold after every step, by the names under which a broken one is reported. */
export const invariants = {
  verdict: 'the verdict is the one of the table',
  ancestors: 'no token before the last is honoured',
  windowStands: 'the retry window is counted from the rotation, whatever came since',
  oneSuccessor: 'at most one successor of a token was ever returned',
  oneGeneration: 'at most one generation is live',
  deadStaysDead: 'nothing of a dead family is ever honoured again',
  delivered: 'a delivered successor is honoured after any crash',
  retryRepeats: 'a retry repeats its pair: the refresh token, jti, iat and exp',
  retryExtends: 'a retry changes no lifetime',
  authority: 'authority never grows',
  otherFamilies: 'the death of one family touches no other',
  oneEvent: 'a dead family has one event of its end, one notice where it was theft, and is in the feed',
  feedLasts: 'the feed tells an end for as long as any access token of the family lives',
  presenter: 'a wrong presenter changes nothing',
} as const
export type Invariant = keyof typeof invariants

export class Broken extends Error {
  readonly invariant: Invariant
  /** How many acts of its step had been explained by then. */
  explained = 0
  constructor(invariant: Invariant, detail: string) {
    super(`BROKEN ${invariant}: ${invariants[invariant]}. ${detail}`)
    this.invariant = invariant
  }
}

/** @throws Broken */
export function hold(invariant: Invariant, condition: boolean, detail: () => string): asserts condition {
  if (!condition) throw new Broken(invariant, detail())
}
