import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Found from this file, wherever the test was started. */
const root = new URL('../golden/', import.meta.url)

/**
 * The expected text of test/golden/<name>. With UPDATE_GOLDEN=1 what is actual becomes what is expected, to be read in
 * the diff; a golden file that does not exist fails its test.
 */
export const golden = (name: string, actual: string): string => {
  const file = fileURLToPath(new URL(name, root))
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, actual)
  }
  return existsSync(file) ? readFileSync(file, 'utf8') : `no golden file test/golden/${name}`
}
