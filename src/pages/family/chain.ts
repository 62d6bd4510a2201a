/** A family as it is drawn: the pairs that were issued, and how it ended. */
export type Chain = {
  /** In their order; of a long chain the first, the one that came back, and the last ones. */
  readonly pairs: readonly Link[]
  readonly end: ChainEnd | undefined
}

export type Link = {
  readonly generation: number
  readonly at: Date
  readonly network: string | undefined
  readonly device: string | undefined
  /** How often it was asked for again and given again. */
  readonly retries: number
}

export type ChainEnd = {
  readonly at: Date
  readonly title: string
  /** It points to a stolen token: the picture forks where the copy came back. */
  readonly theft: boolean
  /** The generation that came back, where that is known. */
  readonly presented: number | undefined
  readonly network: string | undefined
  readonly device: string | undefined
}

/** How many pairs there were in all: they are numbered. */
export const length = ({ pairs }: Chain): number => pairs.at(-1)?.generation ?? 0

/** What a picture has room for: the first pair, the one that came back, and the last ones. */
export const drawable = (chain: Chain, room = 6): readonly (Link | { readonly hidden: number })[] => {
  const { pairs, end } = chain
  const wanted =
    length(chain) <= room
      ? pairs
      : pairs.filter(
          ({ generation }, index) => index === 0 || index >= pairs.length - (room - 3) || generation === end?.presented,
        )
  return wanted.flatMap((pair, index) => {
    const before = wanted[index - 1]
    const skipped = before ? pair.generation - before.generation - 1 : 0
    return skipped > 0 ? [{ hidden: skipped }, pair] : [pair]
  })
}
