import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { isRecord } from '../../src/record.ts'
import { plans } from './plans.ts'
import { conformanceTable, markers, modulesIn, type Outcomes, outcomesOf } from './table.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(root, path), 'utf8')
const again = 'run `npm run conformance` and commit what it writes'

const parsed: unknown = JSON.parse(await read('test/golden/conformance.json'))
const outcomes: Outcomes = Object.fromEntries(
  Object.entries(isRecord(parsed) ? parsed : {}).map(([module, said]) => {
    if (!isRecord(said) || !Array.isArray(said.files)) throw new Error(`${module} is not recorded as outcomes are`)
    return [module, { holds: said.holds === true, files: said.files.map(String) }]
  }),
)

t.test('the table of the README is the one of the last run', async (t) => {
  const readme = await read('README.md')
  t.ok(readme.includes(markers.begin + conformanceTable(outcomes) + markers.end), again)
})

t.test('the last run has met every module that a test names, and none that is gone', async (t) => {
  const files = (await readdir(join(root, 'test'), { recursive: true }))
    .filter((name) => /\.test\.tsx?$/.test(name) && name !== 'conformance/table.test.ts')
    .map((name) => `test/${name}`)
  for (const file of files) {
    const recorded = Object.entries(outcomes).filter(([, each]) => each.files.includes(file))
    for (const module of modulesIn(await read(file), file)) {
      const name = bare(module)
      t.ok(
        recorded.some(([each]) => bare(each) === name),
        `${name} of ${file}: ${again}`,
      )
    }
  }
  for (const [module, { files }] of Object.entries(outcomes))
    for (const file of files) {
      const source = existsSync(join(root, file)) ? await read(file) : ''
      t.ok(says(source, bare(module)), `${module} of ${file}: ${again}`)
    }
})

const bare = (module: string): string => module.replace(/ \(.*\)$/, '')

/** Whether the source says this name: in full, or at least its end where the beginning is that of many. */
const says = (source: string, module: string): boolean => {
  const parts = module.split('-')
  const ends = parts.slice(0, -1).map((_part, index) => parts.slice(index).join('-'))
  return ends.some((end) => new RegExp(`(?<!\\w)${end}(?![\\w-])`).test(source))
}

t.test('the plans are those of the suite', async (t) => {
  const sizes = Object.fromEntries(plans.map(({ name, modules }) => [name, modules.length]))
  t.match(sizes, {
    'Basic OP': 38,
    'Form Post Basic OP': 38,
    'Config OP': 1,
    'RP-initiated logout': 11,
    'Back-channel logout': 2,
    'Front-channel logout': 2,
    'Session management': 2,
    'FAPI 2.0 Security Profile, private_key_jwt and DPoP': 57,
    'FAPI 2.0 Message Signing, what it adds': 14,
  })
  const all = plans.flatMap(({ modules }) => modules)
  t.equal(new Set(all).size, all.length, 'none is counted twice')
  for (const { modules, left = {} } of plans)
    for (const module of Object.keys(left)) t.ok(modules.includes(module), `${module} is of its plan`)
})

t.test('a module holds when nothing was said against it', async (t) => {
  const tap = [
    '# Subtest: test/conformance/a.test.ts',
    '    # Subtest: oidcc-server: two clients',
    '        ok 1 - should be equal',
    '    ok 1 - oidcc-server: two clients # time=1ms',
    '    ok 2 - oidcc-server (form_post): two clients # time=1ms',
    '    not ok 3 - oidcc-codereuse: refused # time=1ms',
    '    ok 4 - oidcc-codereuse (form_post): refused # SKIP not today',
    '    ok 5 - R16 oidcc-max-age-1, oidcc-max-age-10000: both',
    'ok 1 - test/conformance/a.test.ts',
    '# Subtest: test/conformance/fapi2-mtls.test.ts',
    '    ok 1 - oidcc-codereuse: again',
    '    ok 2 - fapi2-security-profile-final-happy-flow',
    '    ok 3 - oidcc-server-that-nobody-knows',
  ].join('\n')
  const files = ['test/conformance/a.test.ts']
  t.same(outcomesOf(tap), {
    'fapi2-security-profile-final-happy-flow (mtls)': { holds: true, files: ['test/conformance/fapi2-mtls.test.ts'] },
    'oidcc-codereuse': { holds: false, files },
    'oidcc-max-age-1': { holds: true, files },
    'oidcc-max-age-10000': { holds: true, files },
    'oidcc-server': { holds: true, files },
    'oidcc-server (form_post)': { holds: true, files },
  })
  const table = conformanceTable(outcomesOf(tap))
  t.match(table, '| Basic OP | 38 | 3 | 1 | 34 |')
  t.match(table, '- Basic OP, fail: `oidcc-codereuse`.')
  t.match(table, '| Form Post Basic OP | 38 | 1 | 0 | 37 |')
})
