import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { ProtectOptions } from '../../src/resource-server/index.ts'

const guide = await readFile('docs/protect-an-api.md', 'utf8')
const snippets = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
const folder = join(import.meta.dirname, 'guide')
const checked = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))

t.test('every snippet of docs/protect-an-api.md stands in a file that the type checker reads', async (t) => {
  const here = (line: string) =>
    line
      .replace("'tessera/resource-server/testing'", "'../../../src/resource-server/testing/index.ts'")
      .replace("'tessera/resource-server'", "'../../../src/resource-server/index.ts'")
  t.equal(snippets.length, checked.length)
  for (const snippet of snippets) {
    const lines = snippet.split('\n')
    const imports = lines.filter((line) => line.startsWith('import ')).map(here)
    const body = lines
      .filter((line) => !line.startsWith('import '))
      .join('\n')
      .trim()
    t.ok(
      checked.some((file) => file.includes(body) && imports.every((line) => file.split('\n').includes(line))),
      body.slice(0, 80),
    )
  }
})

t.test('the snippets about tests run as they stand there', async (t) => {
  await import('./guide/tests.ts')
  await import('./guide/bound-tests.ts')
  t.pass('its own assertions held')
})

t.test('the table of options names each option and no other', (t) => {
  // The compiler holds this list to the type.
  const names: Record<keyof ProtectOptions, true> = {
    issuer: true,
    audience: true,
    algorithms: true,
    clockTolerance: true,
    realm: true,
    revocations: true,
    staleFeed: true,
    maxFeedAge: true,
    feedWait: true,
    timeout: true,
    dpop: true,
    publicUrl: true,
    nonceSecret: true,
    proofs: true,
    certificate: true,
    onRefusal: true,
    onTrouble: true,
    now: true,
    chance: true,
  }
  const [, table = ''] = /## Options\n\n([\s\S]*?)\n\n/.exec(guide) ?? []
  const rows = table.split('\n').slice(2)
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name))
  t.same(named.sort(), Object.keys(names).sort())
  t.end()
})
