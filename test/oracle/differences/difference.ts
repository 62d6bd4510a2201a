import type { Case, Change } from '../cases.ts'
import type { Outcome } from '../outcome.ts'

/** Where the two differ, and may. */
export type Difference = {
  readonly id: string
  readonly ours: string
  readonly theirs: string
  /** The section that demands what ours does, or leaves it to the server. */
  readonly because: string
  covers(asked: Case, ours: Outcome, theirs: Outcome): boolean
}

const changesOf = (asked: Case): readonly Change[] => (asked.at === 'register' ? [] : asked.changes)

/** Whether the parameter has a value that is not the right one. */
export const sets = (asked: Case, name: string, values?: readonly string[]): boolean =>
  changesOf(asked).some(
    (change) =>
      change.name === name &&
      change.how !== 'missing' &&
      change.how !== 'empty' &&
      (values === undefined || values.includes(change.how === 'set' ? (change.value ?? '') : change.how)),
  )

export const lacks = (asked: Case, name: string): boolean =>
  changesOf(asked).some((change) => change.name === name && (change.how === 'missing' || change.how === 'empty'))

export const holdsNul = (asked: Case): boolean =>
  changesOf(asked).some(({ value }) => value?.includes('\u0000') ?? false)

/** Without the way by which it came back. */
export const codeOf = (outcome: Outcome): Outcome =>
  outcome.replace(/^(?:signed )?(?:query|fragment|form_post) /, '').replace(/ without.*$/, '')

/** It got as far as a page for a person, or to what the person would have got. */
export const isTaken = (outcome: Outcome): boolean =>
  ['log-in', 'consent', 'code', 'login_required', 'consent_required'].includes(codeOf(outcome)) || /^20\d/.test(outcome)
