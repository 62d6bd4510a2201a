/** What a value must be: the test, and how it goes on after `must`. */
export type Shape = readonly [fits: (value: unknown) => boolean, must: string]

/** One for each member; the compiler sees to it that none is left out. */
export type Shapes<T> = { readonly [Name in keyof T]-?: Shape }

/**
 * In plain JavaScript no compiler has seen what a developer gives: a text would be added to a number, and a misspelt name
 * would protect nothing.
 * @param required names; every other may be undefined
 * @returns each name that there is no shape for, and each value that does not have its shape
 */
export const mistakesIn = (
  given: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape>>,
  required: readonly string[] = [],
): readonly string[] => {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(shapes, name))
  const unfit = Object.entries(shapes).filter(
    ([name, [fits]]) => (given[name] !== undefined || required.includes(name)) && !fits(given[name]),
  )
  return [
    ...unknown.map((name) => `${name} is unknown here, where ${Object.keys(shapes).join(', ')} are known`),
    ...unfit.map(([name, [, must]]) => `${name} must ${must}`),
  ]
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
