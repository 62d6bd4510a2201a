// What failed, and as the last line of a run its counts, both read from what tap printed.
import { readFileSync } from 'node:fs'

const output = readFileSync(process.argv[2], 'utf8')
const lines = output.split('\n')
const LINES_OF_A_FAILURE = 30
const FAILURES = 40

/** A point that failed, with the tests it is in and what tap says about it: `{ path, said }`. */
const failures = []
const within = []
for (const [at, line] of lines.entries()) {
  const [, indent = '', begun] = /^( *)# Subtest: (.*)$/.exec(line) ?? []
  if (begun !== undefined) within.splice(indent.length / 4, within.length, begun)
  const [, depth, point] = /^( *)not ok \d+ - (.*?)(?: # time=.*)?$/.exec(line) ?? []
  if (point === undefined) continue
  const around = within.slice(0, depth.length / 4)
  // A test is told as failed after what failed in it: only the innermost says why.
  if (failures.some(({ path }) => path.startsWith([...around, point].join(' > ')))) continue
  const rest = lines.slice(at + 1, at + 1 + LINES_OF_A_FAILURE)
  const ends = rest.findIndex((said) => /^ *(\.\.\.|(not )?ok \d+|# Subtest: .*)$/.test(said))
  failures.push({ path: [...around, point].join(' > '), said: ends < 0 ? rest : rest.slice(0, ends + 1) })
}
for (const { path, said } of failures.slice(0, FAILURES)) console.log([`FAILED ${path}`, ...said].join('\n'))

const summary = output.match(/# \{ total: \d+.*\}/g)?.at(-1) ?? ''
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
console.log(`${count('pass')} passed, ${count('fail')} failed`)
