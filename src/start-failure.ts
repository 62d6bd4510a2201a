import { ConfigurationError, configurationExitCode } from './config.ts'
import { KeyFileError } from './keys/directory.ts'
import { Unavailable } from './oauth/errors.ts'
import { MigrationError } from './storage/migrate.ts'

/** What only time may mend, such as a database that is away: whoever starts the process may try again. */
const failureExitCode = 1

type ExitCode = typeof configurationExitCode | typeof failureExitCode

/** Why the server cannot start: what failed and what to do, for people. Holds no secret. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode, cause: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/** The first code on the way to the root of an error. */
const codeOf = (error: unknown): string | undefined => {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return undefined
}

const addressCodes = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAFNOSUPPORT', 'EINVAL'])

/** @param variable the one that names the port @returns what to throw in place of an error of `listen` */
export const listenFailure = (
  error: unknown,
  { variable, host, port }: { readonly variable: 'PORT' | 'MTLS_PORT'; readonly host: string; readonly port: number },
): unknown => {
  const code = codeOf(error)
  if (code === 'EADDRINUSE')
    return new StartFailure(
      `${variable}: ${port} of ${host} is taken (${code}). Stop the program that has it, or set another.`,
      failureExitCode,
      error,
    )
  if (code === 'EACCES' || code === 'EPERM')
    return new StartFailure(
      `${variable}: ${port} of ${host} is not for this account (${code}). Set one above 1023.`,
      configurationExitCode,
      error,
    )
  if (code !== undefined && addressCodes.has(code))
    return new StartFailure(
      `HOST: ${host} is no address of this machine (${code}). Set one that is.`,
      configurationExitCode,
      error,
    )
  return error
}

/** By PostgreSQL's SQLSTATE. */
const refusals: ReadonlyMap<string | undefined, string> = new Map([
  ['28P01', 'refuses the user or the password'],
  ['28000', 'does not let this user in from here'],
  ['3D000', 'has no such database'],
  ['42501', 'does not let this user do what the server must'],
])

/** Of a URL whose password holds an unescaped delimiter the host may be a part of that password. */
const hostOf = (url: string): string => {
  if (!URL.canParse(url)) return ''
  const { host, pathname, search, hash } = new URL(url)
  return host === '' || `${pathname}${search}${hash}`.includes('@') ? '' : ` at ${host}`
}

/** @returns what to throw in place of an error of the first connection to `DATABASE_URL`, which may repeat it */
export const databaseFailure = (error: unknown, url: string): unknown => {
  const code = codeOf(error)
  const database = `DATABASE_URL: PostgreSQL${hostOf(url)}`
  const refusal = refusals.get(code)
  if (refusal) return new StartFailure(`${database} ${refusal} (${code}).`, configurationExitCode, error)
  if (error instanceof Unavailable)
    return new StartFailure(
      `${database} cannot be reached (${code ?? 'no answer'}). See that it runs, and that the URL leads to it.`,
      failureExitCode,
      error,
    )
  // What is left of PostgreSQL's own answers is no mistake of the URL.
  if (code === undefined || /^[0-9A-Z]{5}$/.test(code)) return error
  return new StartFailure(`${database} cannot be used by this URL (${code}).`, configurationExitCode, error)
}

/** @returns what to throw in place of an error of the embedded PostgreSQL, whose own messages are for people already */
export const embeddedFailure = (error: unknown, dataDir: string): unknown => {
  const code = codeOf(error)
  if (code !== undefined)
    return new StartFailure(
      `DATA_DIR: ${dataDir} cannot be used (${code}). Let this account write there, or set another directory.`,
      configurationExitCode,
      error,
    )
  return error instanceof Error && error.name === 'Error'
    ? new StartFailure(error.message, failureExitCode, error)
    : error
}

/** What the process says of a start that failed, and ends with. An error that nobody foresaw keeps its stack, no more. */
export const lastWordsOf = (error: unknown): { readonly text: string; readonly exitCode: ExitCode } => {
  if (error instanceof StartFailure) return { text: error.message, exitCode: error.exitCode }
  if (error instanceof ConfigurationError || error instanceof KeyFileError)
    return { text: error.message, exitCode: configurationExitCode }
  if (error instanceof MigrationError || error instanceof Unavailable)
    return { text: error.message, exitCode: failureExitCode }
  return { text: error instanceof Error ? (error.stack ?? error.name) : 'unknown error', exitCode: failureExitCode }
}
