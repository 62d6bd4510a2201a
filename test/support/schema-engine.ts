import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

const require = createRequire(import.meta.url)
const glue = '@prisma/schema-engine-wasm/schema_engine_bg'

type Diff = (params: object) => Promise<{ stdout: string | null }>
type Glue = {
  readonly __wbg_set_wasm: (exports: WebAssembly.Exports) => void
  readonly SchemaEngine: {
    new: (options: object, log: () => void, adapter: object) => Promise<{ diff: Diff; free(): void }>
  }
}

const functionsOf = (module: object): WebAssembly.ModuleImports =>
  Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === 'function'))

/**
 * The SQL that makes prisma/schema.prisma, from nothing. The wasm is instantiated by hand: Node imports none without a flag.
 * @param url any database; the engine wants one to talk to
 */
export const schemaScript = async (url: string): Promise<string> => {
  const path = require.resolve(glue)
  const module: Glue = await import(path)
  const bytes = await readFile(path.replace(/\.js$/, '.wasm'))
  const compiled = await WebAssembly.compile(bytes)
  const instance = await WebAssembly.instantiate(compiled, { './schema_engine_bg.js': functionsOf(module) })
  module.__wbg_set_wasm(instance.exports)
  const { __wbindgen_start: start } = instance.exports
  if (typeof start === 'function') start()

  const content = await readFile('prisma/schema.prisma', 'utf8')
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }))
  const engine = await module.SchemaEngine.new({ datamodels: [['schema.prisma', content]] }, () => {}, adapter)
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return stdout ?? ''
  } finally {
    engine.free()
  }
}
