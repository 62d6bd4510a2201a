const day = 86_400_000

/** From a Monday to the next, in UTC. @property to exclusive */
export type Week = { readonly from: Date; readonly to: Date }

const starting = (from: Date): Week => ({ from, to: new Date(from.getTime() + 7 * day) })

/** 1970-01-05 was the first Monday. */
export const weekOf = (instant: Date): Week => {
  const days = Math.floor(instant.getTime() / day)
  return starting(new Date((days - ((((days - 4) % 7) + 7) % 7)) * day))
}

export const weekAfter = ({ to }: Week): Week => starting(to)

/** Names sort as their weeks do. */
export const partitionName = ({ from }: Week): string =>
  `token_pairs_${from.toISOString().slice(0, 10).replaceAll('-', '')}`
