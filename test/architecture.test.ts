import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import t from 'tap'
import ts from 'typescript'

type Source = { readonly path: string; readonly text: string }

const within = (path: string, ...rooms: readonly string[]) =>
  rooms.some((room) => path === room || path.startsWith(`${room}/`))

/** Every module that a file names, in whatever form: import, export from, `import()`, `require()`, `import type`. */
const importsOf = (file: ts.SourceFile): readonly string[] => {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isCallExpression(node) &&
              (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText(file) === 'require')
            ? node.arguments[0]
            : undefined
    if (named && ts.isStringLiteralLike(named)) found.push(named.text)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** What a file does to the world without importing it: `process.env`, the clock, chance. */
const reachesOf = (file: ts.SourceFile): readonly string[] => {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) found.push(`${node.expression.getText(file)}.${node.name.text}`)
    if (ts.isIdentifier(node)) found.push(node.text)
    if (ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && !node.arguments?.length)
      found.push('new Date()')
    if (ts.isCallExpression(node) && node.expression.getText(file) === 'Date') found.push('Date()')
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** A module as a path from the root for our own, by its name for others: `src/http/limits.ts`, `pg`, `node:fs`. */
const resolved = (path: string, module: string): string =>
  module.startsWith('.') ? relative('.', join(path, '..', module)) : module

const isPackage = (module: string, ...names: readonly string[]) => within(module, ...names)
const prisma = ['@prisma/client', '@prisma/adapter-pg', 'src/storage/prisma']

type Rule = { readonly says: string; readonly breaks: (path: string, module: string) => boolean }

const core = ['src/oauth', 'src/identity', 'src/administration', 'src/keys', 'src/clock.ts', 'src/random.ts']
const rules: readonly Rule[] = [
  {
    says: 'oauth imports neither people nor HTTP, HTML or the database',
    breaks: (path, module) =>
      within(path, 'src/oauth') &&
      within(module, 'src/identity', 'src/http', 'src/pages', 'src/storage', 'src/app.ts', 'src/app', 'src/config.ts'),
  },
  {
    says: 'identity imports neither the protocol nor HTTP, HTML or the database',
    breaks: (path, module) =>
      within(path, 'src/identity') &&
      within(module, 'src/oauth', 'src/http', 'src/pages', 'src/storage', 'src/app.ts', 'src/app', 'src/config.ts'),
  },
  {
    says: 'administration imports neither HTTP, HTML nor the database',
    breaks: (path, module) =>
      within(path, 'src/administration') &&
      within(module, 'src/http', 'src/pages', 'src/storage', 'src/cli', 'src/app.ts', 'src/app', 'src/config.ts'),
  },
  {
    says: 'the protocol and people know nothing of who administers them',
    breaks: (path, module) => within(path, 'src/oauth', 'src/identity') && within(module, 'src/administration'),
  },
  {
    says: 'keys import neither HTTP, HTML nor the database',
    breaks: (path, module) =>
      within(path, 'src/keys') &&
      within(module, 'src/http', 'src/pages', 'src/storage', 'src/app.ts', 'src/app', 'src/config.ts'),
  },
  {
    says: 'the protocol, people and keys open no connection of their own',
    breaks: (path, module) =>
      within(path, ...core) && isPackage(module, 'node:http', 'node:https', 'node:tls', 'undici'),
  },
  {
    says: 'fastify appears only in http and app',
    breaks: (path, module) =>
      (isPackage(module, 'fastify', 'fastify-plugin') || module.startsWith('@fastify/')) &&
      !within(path, 'src/http', 'src/app.ts', 'src/app'),
  },
  {
    says: 'the Prisma client and pg appear only in storage',
    breaks: (path, module) => isPackage(module, 'pg', ...prisma) && !within(path, 'src/storage'),
  },
  {
    says: 'pages import nothing but pages and preact',
    // A stylesheet's address holds its hash.
    breaks: (path, module) =>
      within(path, 'src/pages') && !within(module, 'src/pages', 'preact', 'preact-render-to-string', 'node:crypto'),
  },
  {
    says: 'storage knows neither HTTP nor HTML',
    breaks: (path, module) =>
      within(path, 'src/storage') && within(module, 'src/http', 'src/pages', 'src/app.ts', 'src/app'),
  },
  {
    says: 'http asks storage through the contracts it is given',
    breaks: (path, module) => within(path, 'src/http') && within(module, 'src/storage'),
  },
  {
    says: 'nothing imports the composition root but the process',
    breaks: (path, module) =>
      (module === 'src/app.ts' && !within(path, 'src/main.ts', 'src/server.ts')) ||
      (within(module, 'src/app') && !within(path, 'src/app', 'src/app.ts')),
  },
  {
    says: 'resource-server imports nothing else of src',
    breaks: (path, module) =>
      within(path, 'src/resource-server') && module.startsWith('src/') && !within(module, 'src/resource-server'),
  },
]

type Reach = { readonly says: string; readonly what: readonly string[]; readonly only: readonly string[] }
const reaches: readonly Reach[] = [
  {
    says: 'process.env is read only in config',
    what: ['process.env'],
    // Before anything is loaded: libuv reads the size of its pool at first use.
    only: ['src/config.ts', 'src/start.cts'],
  },
  {
    says: 'the time is read only in clock',
    what: ['Date.now', 'new Date()', 'Date()', 'performance.now', 'process.hrtime'],
    // The SDK stands alone, with a clock and chance of its own.
    only: ['src/clock.ts', 'src/resource-server/clock.ts'],
  },
  {
    says: 'chance comes only from random',
    what: ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync', 'getRandomValues', 'Math.random'],
    only: ['src/random.ts', 'src/resource-server/clock.ts'],
  },
]

const unnamable = /(^|\/)(utils?|helpers?|common|types|misc|shared)(\/|\.|$)/

/** @returns one line for each rule that the file breaks, with the file and what broke it */
const broken = ({ path, text }: Source): readonly string[] => {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  for (const module of importsOf(file).map((named) => resolved(path, named)))
    for (const rule of rules) if (rule.breaks(path, module)) found.push(`${path} imports ${module}: ${rule.says}`)
  const reached = new Set(reachesOf(file))
  for (const { says, what, only } of reaches)
    for (const name of what)
      if (reached.has(name) && !within(path, ...only)) found.push(`${path} uses ${name}: ${says}`)
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines > 250) found.push(`${path} has ${lines} lines: past 250, look for the seam`)
  if (unnamable.test(path)) found.push(`${path}: a file is a noun from the specification, not a drawer`)
  return found
}

const generated = ['src/storage/prisma']
const sources: readonly Source[] = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|tsx|cts|mts)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !within(path, ...generated))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))

t.test('every file keeps to its room (design, Rooms)', async (t) => {
  t.ok(
    sources.some(({ path }) => basename(path) === 'config.ts'),
    'the files were found',
  )
  for (const source of sources) t.same(broken(source), [], source.path)
})

t.test('the checker catches each violation', async (t) => {
  const cases: readonly (readonly [path: string, text: string, says: string])[] = [
    ['src/oauth/pkce.ts', "import { x } from '../identity/users.ts'", 'oauth imports neither'],
    ['src/oauth/pkce.ts', "import type { x } from '../http/limits.ts'", 'oauth imports neither'],
    ['src/oauth/grants/a.ts', "export * from '../../pages/login.tsx'", 'oauth imports neither'],
    ['src/oauth/grants/a.ts', "const x = await import('../../storage/codes.ts')", 'oauth imports neither'],
    ['src/oauth/pkce.ts', "import Fastify from 'fastify'", 'fastify appears only'],
    ['src/oauth/pkce.ts', "import { request } from 'node:https'", 'no connection of their own'],
    ['src/oauth/pkce.ts', "type X = import('../identity/users.ts').User", 'oauth imports neither'],
    ['src/identity/users.ts', "import { x } from '../oauth/client.ts'", 'identity imports neither'],
    ['src/identity/users.ts', "import pg from 'pg'", 'only in storage'],
    ['src/keys/ring.ts', "import { x } from '../storage/keys.ts'", 'keys import neither'],
    ['src/administration/page.ts', "import { x } from '../storage/events.ts'", 'administration imports neither'],
    ['src/administration/page.ts', "import { x } from '../pages/form.tsx'", 'administration imports neither'],
    ['src/oauth/pkce.ts', "import { x } from '../administration/page.ts'", 'know nothing of who administers'],
    ['src/keys/ring.ts', "import { x } from '../http/limits.ts'", 'keys import neither'],
    ['src/main.ts', "import type { FastifyInstance } from 'fastify'", 'fastify appears only'],
    ['src/cli/client.ts', "import cookie from '@fastify/cookie'", 'fastify appears only'],
    ['src/main.ts', "import { PrismaClient } from './storage/prisma/client.ts'", 'only in storage'],
    ['src/app.ts', "import { PrismaPg } from '@prisma/adapter-pg'", 'only in storage'],
    ['src/cli/client.ts', "import type { Pool } from 'pg'", 'only in storage'],
    ['src/pages/login.tsx', "import { x } from '../identity/users.ts'", 'pages import nothing'],
    ['src/pages/login.tsx', "import { readFileSync } from 'node:fs'", 'pages import nothing'],
    ['src/storage/codes.ts', "import { x } from '../http/limits.ts'", 'storage knows neither'],
    ['src/http/oauth/token.ts', "import { x } from '../../storage/codes.ts'", 'http asks storage'],
    ['src/http/oauth/token.ts', "import { x } from '../../app.ts'", 'composition root'],
    ['src/resource-server/verify.ts', "import { x } from '../clock.ts'", 'resource-server imports'],
    ['src/resource-server/verify.ts', 'const x = Date.now()', 'the time is read only'],
    ['src/tls.ts', 'const x = process.env.HOME', 'process.env is read only'],
    ['src/main.ts', "const x = process.env['HOME']", 'process.env is read only'],
    ['src/oauth/a.ts', 'const x = Date.now()', 'the time is read only'],
    ['src/oauth/a.ts', 'const x = new Date()', 'the time is read only'],
    ['src/oauth/a.ts', 'const x = new Date', 'the time is read only'],
    ['src/oauth/a.ts', 'const x = performance.now()', 'the time is read only'],
    ['src/oauth/a.ts', "import { randomBytes } from 'node:crypto'", 'chance comes only'],
    ['src/oauth/a.ts', 'const x = crypto.randomUUID()', 'chance comes only'],
    ['src/oauth/a.ts', 'const x = Math.random()', 'chance comes only'],
    ['src/oauth/a.ts', 'export {}\n'.repeat(251), 'look for the seam'],
    ['src/oauth/utils/a.ts', '', 'not a drawer'],
    ['src/http/helpers.ts', '', 'not a drawer'],
    ['src/oauth/common/a.ts', '', 'not a drawer'],
    ['src/types.ts', '', 'not a drawer'],
  ]
  for (const [path, text, says] of cases) {
    const found = broken({ path, text })
    t.ok(
      found.some((line) => line.startsWith(path) && line.includes(says)),
      `${path}: ${text.slice(0, 60)}`,
    )
  }
})

t.test('the checker lets pass what the rooms allow', async (t) => {
  const cases: readonly (readonly [path: string, text: string])[] = [
    [
      'src/oauth/a.ts',
      "import { later } from '../clock.ts'\nconst x = new Date(0)\n// Date.now() in a comment, 'process.env' in a string",
    ],
    ['src/http/oauth/token.ts', "import Fastify from 'fastify'\nimport { x } from '../../oauth/client.ts'"],
    ['src/app.ts', "import Fastify from 'fastify'\nimport { x } from './storage/codes.ts'"],
    [
      'src/storage/codes.ts',
      "import pg from 'pg'\nimport { PrismaClient } from './prisma/client.ts'\nimport type { x } from '../oauth/stores.ts'",
    ],
    ['src/config.ts', 'const x = process.env'],
    ['src/clock.ts', 'const x = new Date()'],
    ['src/random.ts', "import { randomBytes } from 'node:crypto'"],
    ['src/pages/login.tsx', "import type { ComponentChildren } from 'preact'\nimport { Page } from './page.tsx'"],
    ['src/oauth/a.ts', 'export {}\n'.repeat(250)],
  ]
  for (const [path, text] of cases) t.same(broken({ path, text }), [], path)
})
