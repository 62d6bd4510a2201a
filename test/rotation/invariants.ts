/** What must hold after every step, by the names under which a broken one is reported. */
export const invariants = {
  verdict: 'the verdict is the one of the table',
  oneSuccessor: 'at most one successor of a token was ever returned',
  oneGeneration: 'at most one generation is live',
  deadStaysDead: 'nothing of a dead family is ever honoured again',
  delivered: 'a delivered successor is honoured after any crash',
  retryRepeats: 'a retry repeats its pair: the refresh token, jti, iat and exp',
  retryExtends: 'a retry changes no lifetime',
  authority: 'authority never grows',
  otherFamilies: 'the death of one family touches no other',
  oneEvent: 'a dead family has exactly one event of its end',
  presenter: 'a wrong presenter changes nothing',
} as const
export type Invariant = keyof typeof invariants

export class Broken extends Error {
  readonly invariant: Invariant
  constructor(invariant: Invariant, detail: string) {
    super(`BROKEN ${invariant}: ${invariants[invariant]}. ${detail}`)
    this.invariant = invariant
  }
}

/** @throws Broken */
export function hold(invariant: Invariant, condition: boolean, detail: () => string): asserts condition {
  if (!condition) throw new Broken(invariant, detail())
}
