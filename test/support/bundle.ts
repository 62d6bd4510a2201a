import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))
const cache = join(root, '.tap/bundles')

/** The packages that nearly every test loads, file by file, were they not bundled. All others stay where they are. */
const bundled = new Set([
  '@fastify/cookie',
  '@prisma/adapter-pg',
  '@prisma/client',
  'fastify',
  'jose',
  'lru-cache',
  'pg',
  'pino',
  'preact',
  'preact-render-to-string',
  'typebox',
])

/** A piece of one source text, and what stands there in its place. */
export type Mutation = { readonly file: string; readonly from: string; readonly to: string }

const exchanged = (text: string, { file, from, to }: Mutation): string => {
  const pieces = text.split(from)
  // Then the mutant no longer means what it says.
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times: ${from}`)
  return pieces.join(to)
}

/** Of the code of this repository, each file goes on knowing itself by its own place. */
const ownCode = (mutation?: Mutation): Plugin => ({
  name: 'own code',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/')
      return importer.includes('node_modules') || bundled.has(name) ? undefined : { external: true }
    })
    onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      // Written so that they do not find themselves here, where a test has bundled this file.
      const contents = (mutation && path === join(root, mutation.file) ? exchanged(text, mutation) : text)
        .replaceAll(/import\.meta\.url/g, JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/import\.meta\.dirname/g, JSON.stringify(dirname(path)))
      return { contents, loader: extname(path) === '.tsx' ? 'tsx' : 'ts' }
    })
  },
})

/** Nobody looks for a fault in them, and each process reads its map whole: theirs maps nothing. */
const packages: Plugin = {
  name: 'packages',
  setup({ onLoad }) {
    const map = Buffer.from(JSON.stringify({ version: 3, sources: [''], mappings: 'A' })).toString('base64')
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      return { contents: `${text}\n//# sourceMappingURL=data:application/json;base64,${map}`, loader: 'default' }
    })
  },
}

/** What tests start as processes of their own. */
const programs = ['src/main.ts', 'src/cli/tessera.ts', 'test/support/embedded-user.ts']

const bundleOf = (run: number, file: string): string => join(cache, String(run), file.replace(/\.tsx?$/, '.mjs'))

/** The arguments that start one of them: its bundle, or the file itself by way of tsx where there is none. */
export const argumentsOf = (program: string): readonly string[] => {
  const bundle = bundleOf(process.ppid, program)
  return existsSync(bundle) ? [bundle] : ['--import=tsx', join(root, program)]
}

export const removeBundles = (run: number): Promise<void> =>
  rm(join(cache, String(run)), { recursive: true, force: true })

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const asModules = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  external: ['pg-native'],
  // What a package that is no module calls, where it is one now.
  banner: {
    js: `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(${JSON.stringify(pathToFileURL(root).href)})`,
  },
  logLevel: 'error',
} satisfies BuildOptions

/**
 * Every test file, and every program that tests start, as plain JavaScript, its shared modules in shared chunks: a test
 * file that is transpiled and loaded module by module spends more time on that than on its tests.
 * @param run the process that test files are started by; loader.cjs finds the bundles by it
 */
export const bundleTests = async (run: number): Promise<void> => {
  await mkdir(cache, { recursive: true })
  for (const name of await readdir(cache))
    if (name === String(run) || !lives(Number(name))) await removeBundles(Number(name))
  const files = await readdir(join(root, 'test'), { recursive: true })
  await build({
    ...asModules,
    entryPoints: [...files.filter((file) => /\.test\.tsx?$/.test(file)).map((file) => join('test', file)), ...programs],
    outbase: root,
    outdir: join(cache, String(run)),
    outExtension: { '.js': '.mjs' },
    splitting: true,
    plugins: [ownCode(), packages],
  })
}

/**
 * A program of its own, all in one file.
 * @returns its path
 * @throws Error where the piece to be exchanged is not there, or not once
 */
export const bundleMutant = async (program: string, name: string, mutation?: Mutation): Promise<string> => {
  const outfile = bundleOf(process.ppid, join('mutants', `${name}.ts`))
  await build({ ...asModules, entryPoints: [program], outfile, plugins: [ownCode(mutation), packages] })
  return outfile
}
