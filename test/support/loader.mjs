import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

/** Given to node before a test file: its bundle runs in its place, or the file itself by way of tsx where there is none. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const file = process.argv[1] ?? ''
const name = relative(root, file).replace(/\.tsx?$/, '.mjs')
const bundle = new URL(`../../.tap/bundles/${process.ppid}/${name}`, import.meta.url)

if (existsSync(bundle)) {
  const hook = `export const resolve = (specifier, context, next) =>
    context.parentURL === undefined && specifier === ${JSON.stringify(pathToFileURL(file).href)}
      ? { url: ${JSON.stringify(bundle.href)}, format: 'module', shortCircuit: true }
      : next(specifier, context)`
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
} else {
  await import('tsx')
}

// A test's process lives for seconds: what pays in a server's life is not made up for in its own. Node 22 has no such flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=2000000')
