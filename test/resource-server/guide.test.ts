import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { type ProtectOptions, protect } from '../../src/resource-server/index.ts'

const guide = await readFile('docs/protect-an-api.md', 'utf8')
const snippets = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
const entries = {
  'tessera/resource-server/testing': join(import.meta.dirname, '../../src/resource-server/testing/index.ts'),
  'tessera/resource-server': join(import.meta.dirname, '../../src/resource-server/index.ts'),
}
/** What a reader has already. */
const given = `
declare const app: import('fastify').FastifyInstance
declare const ordersOf: (person: string) => readonly string[]
declare const transfer: () => Promise<string>
declare const prices: () => Promise<string>
declare const log: import('pino').Logger
declare const secret: string
`

const aFolder = async (t: Test): Promise<string> => {
  await mkdir('.tap', { recursive: true })
  const folder = await mkdtemp(join('.tap', 'guide-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

t.test('every snippet of docs/protect-an-api.md satisfies the type checker', async (t) => {
  const folder = await aFolder(t)
  const files = await Promise.all(
    snippets.map(async (code, index) => {
      const file = join(folder, `snippet-${index}.ts`)
      await writeFile(file, `${code}${given}`)
      return file
    }),
  )
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.')
  const paths = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, [file]]))
  const program = ts.createProgram(files, { ...options, paths, noUnusedLocals: false })
  const found = ts.getPreEmitDiagnostics(program).map(({ messageText, file, start = 0 }) => {
    const line = file ? `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}` : ''
    return `${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  t.ok(snippets.length >= 6)
  t.same(found, [])
})

t.test('the snippet about tests runs as it stands there', async (t) => {
  const folder = await aFolder(t)
  const [snippet = ''] = snippets.filter((code) => code.includes('mockIssuer'))
  const file = join(folder, 'snippet.mts')
  await writeFile(
    file,
    Object.entries(entries).reduce((code, [name, path]) => code.replaceAll(`'${name}'`, `'${path}'`), snippet),
  )
  await promisify(execFile)(process.execPath, ['--import=tsx', file])
  t.pass('it ended by itself')
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
    onRefusal: true,
    onTrouble: true,
    now: true,
    chance: true,
  }
  const [, table = ''] = /## Options\n\n([\s\S]*?)\n\n/.exec(guide) ?? []
  const rows = table.split('\n').slice(2)
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name))
  t.same(named.sort(), Object.keys(names).sort())
  t.equal(typeof protect, 'function')
  t.end()
})
