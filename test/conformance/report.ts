import { spawn } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { conformanceTable, markers, outcomesOf } from './table.ts'

/**
 * `npm run conformance`: runs every test file that names a module of a plan, keeps what came of it, and writes the README's
 * table. table.test.ts fails as long as either says something else than the tests do.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)

const names = (await readdir('test', { recursive: true })).map((name) => join('test', name)).toSorted()
const texts = await Promise.all(
  names
    .filter((name) => /\.test\.tsx?$/.test(name) && !name.endsWith('conformance/table.test.ts'))
    .map(async (name) => ({ name, source: await readFile(name, 'utf8') })),
)
const files = texts.filter(({ source }) => /(?<!\w)(?:oidcc|fapi2)-\w/.test(source)).map(({ name }) => name)

const run = spawn(process.execPath, ['node_modules/.bin/tap', '--reporter=tap', ...files], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const outcomes = outcomesOf(await text(run.stdout))
await writeFile('test/golden/conformance.json', `${JSON.stringify(outcomes, undefined, 2)}\n`)

const readme = await readFile('README.md', 'utf8')
const [before, after] = [readme.indexOf(markers.begin) + markers.begin.length, readme.indexOf(markers.end)]
if (before < markers.begin.length || after < before) throw new Error('README.md has no place for the table')
const table = conformanceTable(outcomes)
await writeFile('README.md', readme.slice(0, before) + table + readme.slice(after))
console.log(table)
if (Object.values(outcomes).some(({ holds }) => !holds)) process.exitCode = 1
