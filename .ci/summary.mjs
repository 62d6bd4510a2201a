// The last line of a run, counted from tap's own summary.
import { readFileSync } from 'node:fs'

const summary =
  readFileSync(process.argv[2], 'utf8')
    .match(/# \{ total: \d+.*\}/g)
    ?.at(-1) ?? ''
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
console.log(`${count('pass')} passed, ${count('fail')} failed`)
