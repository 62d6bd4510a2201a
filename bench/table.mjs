export const number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '-')

/** What a step costs: statements in number, CPU in signatures. Of a result as measure.mjs gives it. */
export const costOf = ({ counted, measured }, signature) => ({
  statements: counted.statements,
  server: measured.cpu.server / signature,
  postgres: measured.cpu.postgres / signature,
})

/** A table in Markdown whose columns stand below each other. */
export const aligned = (columns, rows) => {
  const widths = columns.map((name, index) => Math.max(name.length, ...rows.map((row) => String(row[index]).length)))
  const line = (cells) => `| ${cells.map((cell, index) => String(cell).padEnd(widths[index])).join(' | ')} |`
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
