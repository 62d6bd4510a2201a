// What failed, and as the last line of a run its counts, both read from what tap printed.
import { readFileSync } from 'node:fs'

const output = readFileSync(process.argv[2], 'utf8')
const lines = output.split('\n')
const LINES_OF_A_FAILURE = 30
const FAILURES = 40

/** What tap says about the point at a line: up to the end of its block, or to the next point. */
const saidAfter = (at) => {
  const rest = lines.slice(at + 1, at + 1 + LINES_OF_A_FAILURE)
  const end = rest.findIndex((line) => /^ *(\.\.\.|(not )?ok \d+|# Subtest: .*)$/.test(line))
  return end < 0 ? rest : rest.slice(0, end + 1)
}

/** Points that failed, each with the names of the tests around it, which tap prints after what is in them. */
const failures = []
let open = []
for (const [at, line] of lines.entries()) {
  const [, { length: depth } = '', failed, name] = /^( *)(not )?ok \d+ - (.*?)(?: # time=.*)?$/.exec(line) ?? []
  if (name === undefined) continue
  const inside = open.filter((failure) => failure.depth > depth)
  for (const failure of inside) {
    failure.path.unshift(name)
    failure.depth = depth
  }
  if (failed && inside.length === 0 && !/ # (todo|skip)\b/i.test(name)) {
    const failure = { depth, path: [name], at }
    open.push(failure)
    failures.push(failure)
  }
  if (depth === 0) open = []
}
for (const { path, at } of failures.slice(0, FAILURES))
  console.log([`FAILED ${path.join(' > ')}`, ...saidAfter(at)].join('\n'))

const summary = output.match(/# \{ total: \d+.*\}/g)?.at(-1) ?? ''
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
console.log(`${count('pass')} passed, ${count('fail')} failed`)
