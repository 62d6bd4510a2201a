import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

const require = createRequire(import.meta.url)
const glue = '@prisma/schema-engine-wasm/schema_engine_bg'

type Engine = {
  diff(params: object): Promise<{ stdout: string | null }>
  applyMigrations(params: object): Promise<{ appliedMigrationNames: string[] }>
  free(): void
}
type Glue = {
  readonly __wbg_set_wasm: (exports: WebAssembly.Exports) => void
  readonly SchemaEngine: { new: (options: object, log: () => void, adapter: object) => Promise<Engine> }
}

const functionsOf = (module: object): WebAssembly.ModuleImports =>
  Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === 'function'))

const filters = { externalTables: [], externalEnums: [] }

/** Once in a process, since the glue keeps one memory; by hand, since Node imports no wasm without a flag. */
const instantiate = async (): Promise<Glue> => {
  const path = require.resolve(glue)
  const module: Glue = await import(path)
  const compiled = await WebAssembly.compile(await readFile(path.replace(/\.js$/, '.wasm')))
  const instance = await WebAssembly.instantiate(compiled, { './schema_engine_bg.js': functionsOf(module) })
  module.__wbg_set_wasm(instance.exports)
  const { __wbindgen_start: start } = instance.exports
  if (typeof start === 'function') start()
  return module
}
let instantiated: Promise<Glue> | undefined

/** Prisma's own engine. */
const withEngine = async <T>(url: string, act: (engine: Engine, schema: string) => Promise<T>): Promise<T> => {
  instantiated ??= instantiate()
  const module = await instantiated
  const schema = await readFile('prisma/schema.prisma', 'utf8')
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }))
  const engine = await module.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter)
  try {
    return await act(engine, schema)
  } finally {
    engine.free()
  }
}

/**
 * The SQL that makes prisma/schema.prisma, from nothing.
 * @param url any database; the engine wants one to talk to
 */
export const schemaScript = (url: string): Promise<string> =>
  withEngine(url, async (engine, content) => {
    const to = { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] }
    return (await engine.diff({ from: { tag: 'empty' }, to, script: true, exitCode: null, filters })).stdout ?? ''
  })

/** What `prisma migrate deploy` does. @returns the names it applied now */
export const deploy = (url: string, migrations: readonly { readonly name: string; readonly sql: string }[]) =>
  withEngine(url, async (engine) => {
    const migrationsList = {
      baseDir: resolve('prisma/migrations'),
      lockfile: {
        path: 'migration_lock.toml',
        content: await readFile('prisma/migrations/migration_lock.toml', 'utf8'),
      },
      shadowDbInitScript: '',
      migrationDirectories: migrations.map(({ name, sql }) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
      })),
    }
    return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames
  })
