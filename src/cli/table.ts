/** What came from outside may hold escape sequences: a terminal must not obey a user agent. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd')

export type Cell = string | number | boolean | Date | undefined

export const shown = (cell: Cell): string => {
  if (cell === undefined) return '–'
  if (cell instanceof Date) return cell.toISOString()
  return typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : printable(String(cell))
}

/** East Asian characters take two columns. */
const widthOf = (text: string): number =>
  [...text].reduce(
    (width, character) =>
      width +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1),
    0,
  )
const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** Rows under their headings, each column as wide as its widest cell. */
export const table = (headings: readonly string[], rows: readonly (readonly Cell[])[], none: string): string => {
  if (rows.length === 0) return none
  const lines = [headings, ...rows.map((row) => row.map(shown))]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))))
  return lines
    .map((line) =>
      line
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One name and value a line; a list takes a line for each of its members. */
export const details = (pairs: readonly (readonly [name: string, value: Cell | readonly string[]])[]): string => {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)))
  return pairs
    .flatMap(([name, value]) => {
      const values = typeof value === 'object' && !(value instanceof Date) ? value.map(shown) : [shown(value)]
      return (values.length === 0 ? ['–'] : values).map(
        (line, index) => `${padded(index === 0 ? name : '', width)}  ${line}`,
      )
    })
    .join('\n')
}

/** @param count past `countedAtMost` nobody counts on */
export const counted = (count: number, one: string, many: string): string =>
  count > countedAtMost ? `more than ${countedAtMost} ${many}` : `${count} ${count === 1 ? one : many}`
export const countedAtMost = 10_000
