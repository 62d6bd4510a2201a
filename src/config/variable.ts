/** @property rule from the text of the environment; throws `Mistake` with the rule that the text broke */
export type Variable<T> = {
  readonly name: string
  readonly fallback: T
  /** The default as the README shows it, where it is not the fallback itself. */
  readonly shown?: string
  readonly meaning: string
  readonly secret?: true
  readonly rule: (text: string) => T
}
export const variable = <T>(declared: Variable<T>): Variable<T> => declared
