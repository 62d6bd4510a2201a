import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { profileDefaults } from '../src/oauth/profile.ts'
import { aConsole } from './cli/console.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const docs = join(root, 'docs')
const read = (name: string) => readFile(join(root, name), 'utf8')
const pages = (await readdir(docs)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)

t.test('docs/profiles.md says what a profile sets, as it sets it', async (t) => {
  const sets = ['fapi2', 'fapi2_message_signing'].map(
    (profile) => new Map(Object.entries(profileDefaults({ profile })).map(([field, value]) => [field, `\`${value}\``])),
  )
  const fields = [...new Set(sets.flatMap((set) => [...set.keys()]))]
  const rows = fields.map((field) => `| \`${field}\` | ${sets.map((set) => set.get(field) ?? '').join(' | ')} |`)
  const [, table] = /<!-- profiles -->\n([\s\S]*?)\n<!-- \/profiles -->/.exec(await read('docs/profiles.md')) ?? []
  t.same((table ?? '').split('\n').slice(2).sort(), rows.sort())
})

t.test('the commands of docs/profiles.md and docs/claims.md do what they say', async (t) => {
  const { run, stores, keysDir } = await aConsole(t)
  const jwks = join(keysDir, 'jwks.json')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(jwks, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
  await run(['user', 'create', 'alice', '--password-stdin'], { input: 'correct horse battery' })
  const commands: string[] = []
  for (const page of ['docs/profiles.md', 'docs/claims.md'])
    for (const [, block = ''] of (await read(page)).matchAll(/```sh\n([\s\S]*?)```/g))
      commands.push(...block.trim().split('\n'))
  t.equal(commands.length, 3)
  for (const command of commands) {
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    t.same(words.slice(0, 4), ['npm', 'run', 'tessera', '--'])
    const ran = await run(words.slice(4).map((word) => word.replace('jwks.json', jwks)))
    t.equal(ran.exitCode, 0, `${command}: ${ran.stderr}`)
  }
  t.match(await stores.clients.find('my-bank'), { profile: 'fapi2', dpop_bound_access_tokens: true })
  t.match((await stores.users.findByUsername('alice'))?.claims, { name: 'Alice Kim', department: 'Sales' })
})

t.test('each page of docs is linked from the README, and no link within leads nowhere', async (t) => {
  const readme = await read('README.md')
  for (const page of pages) t.ok(readme.includes(`(${page})`), page)
  const files = new Set([...(await readdir(docs)).map((name) => `docs/${name}`), 'README.md'])
  for (const page of ['README.md', ...pages])
    for (const [, link = ''] of (await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const target = page === 'README.md' ? link : new URL(link, `file:///docs/`).pathname.slice(1)
      t.ok(files.has(target), `${page}: ${link}`)
    }
})
