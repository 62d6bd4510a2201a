import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type SigningAlgorithm, signingAlgorithms } from './oauth/client.ts'

/** Everything that can be set from outside. Lifetimes are seconds, directories absolute. */
export type Config = {
  readonly mode: Mode
  /** OIDC Discovery §3: the issuer, letter for letter as it stands in every token. */
  readonly issuer: string
  readonly host: string
  readonly port: number
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  readonly databasePoolSize: number
  readonly keysDir: string
  readonly dataDir: string
  readonly keyPassphrase: string | undefined
  /** The first signs, all verify; empty when none was given. */
  readonly cookieSecrets: readonly string[]
  /** Addresses and CIDR blocks whose `X-Forwarded-*` is believed. */
  readonly trustProxy: readonly string[]
  readonly logLevel: LogLevel
  readonly signingAlgorithms: readonly SigningAlgorithm[]
  readonly sessionIdleLifetime: number
  readonly sessionLifetime: number
  readonly demo: boolean
  /** Threads of libuv's pool, which signing and password hashing share. */
  readonly threads: number
}

const modes = ['development', 'production', 'test'] as const
export type Mode = (typeof modes)[number]
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** sysexits.h EX_CONFIG. */
export const configurationExitCode = 78

/** Every mistake at once: whoever fixes one should not meet the next at the following start. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(`The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((m) => `  - ${m}`).join('\n')}`)
    this.mistakes = mistakes
  }
}

/** What is wrong with one value; thrown by a rule, collected by the reader. */
class Mistake extends Error {}

/** @property rule from the text of the environment; throws `Mistake` with the rule that the text broke */
type Variable<T> = {
  readonly name: string
  readonly fallback: T
  /** The default as the README shows it, where it is not the fallback itself. */
  readonly shown?: string
  readonly meaning: string
  readonly secret?: true
  readonly rule: (text: string) => T
}
const variable = <T>(declared: Variable<T>): Variable<T> => declared

const text = (value: string): string => value
const directory = (value: string): string => resolve(value)
const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (value: string): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Mistake(`must be one of ${allowed.join(', ')}`)
    return found
  }
const flag = (value: string): boolean => oneOf(['true', 'false'])(value) === 'true'
const integer =
  (least: number, most: number) =>
  (value: string): number => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) throw new Mistake(`must be a whole number from ${least} to ${most}`)
    return number
  }
const list =
  <T>(rule: (item: string) => T) =>
  (value: string): readonly T[] => {
    const items = value.split(',').map((item) => item.trim())
    if (new Set(items).size < items.length) throw new Mistake('must not name anything twice')
    return items.map(rule)
  }
const atLeast =
  (length: number, what: string) =>
  (value: string): string => {
    if (value.length < length)
      throw new Mistake(`${what} must have at least ${length} characters; make one with \`openssl rand -hex 32\``)
    return value
  }

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))

/** OIDC Discovery §3 and RFC 8414 §2: a URL without query or fragment; ours without a trailing slash, in normal form. */
const issuer = (value: string): string => {
  if (!URL.canParse(value)) throw new Mistake('must be an absolute URL, such as https://login.example.com')
  const url = new URL(value)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw new Mistake('must be https; http is accepted for localhost, 127.0.0.1 and [::1] only')
  if (url.username !== '' || url.password !== '') throw new Mistake('must not contain a user name or password')
  if (/[?#]/.test(value)) throw new Mistake('must not have a query or a fragment')
  if (value.endsWith('/')) throw new Mistake('must not end in a slash; remove it')
  const normal = url.pathname === '/' ? url.origin : url.href
  if (value !== normal || url.pathname.includes('//')) throw new Mistake(`must be in normal form; write ${normal}`)
  return value
}

const postgres = (value: string): string => {
  if (!/^postgres(ql)?:\/\/./.test(value))
    throw new Mistake('must be a URL such as postgresql://user:password@host:5432/tessera')
  return value
}

const addressBlock = (value: string): string => {
  const [address = '', prefix, ...rest] = value.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  if (
    bits === 0 ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) ||
    Number(prefix ?? 0) > bits
  )
    throw new Mistake('must list IP addresses or CIDR blocks, such as 10.0.0.5,fd00::/8')
  if (prefix !== undefined && Number(prefix) === 0)
    throw new Mistake('must not trust the whole internet; name your proxies')
  return value
}

const algorithms = (value: string): readonly SigningAlgorithm[] => {
  const named = list(oneOf(signingAlgorithms))(value)
  // OIDC Discovery §3: "The algorithm RS256 MUST be included."
  if (!named.includes('RS256')) throw new Mistake('must include RS256, which OpenID Connect demands')
  return named
}

const seconds = integer(60, 10 * 365 * 86400)

const variables = {
  mode: variable<Mode>({
    name: 'NODE_ENV',
    fallback: 'development',
    meaning: '`development`, `production` or `test`. Production is strict where development is convenient.',
    rule: oneOf(modes),
  }),
  issuer: variable<string | undefined>({
    name: 'ISSUER',
    fallback: undefined,
    shown: '`http://localhost:<PORT>`; required in production',
    meaning:
      'The URL by which browsers and apps reach this server, letter for letter as in every token. No trailing slash; a path is allowed; http for loopback only.',
    rule: issuer,
  }),
  databaseUrl: variable<string | undefined>({
    name: 'DATABASE_URL',
    fallback: undefined,
    shown: 'the embedded PostgreSQL',
    meaning: 'PostgreSQL, as `postgresql://user:password@host:5432/database`.',
    secret: true,
    rule: postgres,
  }),
  databasePoolSize: variable({
    name: 'DATABASE_POOL_SIZE',
    fallback: 10,
    meaning: 'Connections to PostgreSQL held at most.',
    rule: integer(2, 1000),
  }),
  allowEmbeddedDatabase: variable({
    name: 'ALLOW_EMBEDDED_DATABASE',
    fallback: false,
    meaning: '`true` lets production run on the embedded PostgreSQL, whose only copy is in `DATA_DIR`.',
    rule: flag,
  }),
  host: variable<string | undefined>({
    name: 'HOST',
    fallback: undefined,
    shown: '`localhost`; `0.0.0.0` in production',
    meaning: 'The address to listen on.',
    rule: text,
  }),
  port: variable({
    name: 'PORT',
    fallback: 3000,
    meaning: 'The port to listen on; 0 takes any that is free.',
    rule: integer(0, 65535),
  }),
  certFile: variable<string | undefined>({
    name: 'TLS_CERT_FILE',
    fallback: undefined,
    shown: 'a proxy terminates TLS',
    meaning: 'The certificate chain, PEM.',
    rule: directory,
  }),
  keyFile: variable<string | undefined>({
    name: 'TLS_KEY_FILE',
    fallback: undefined,
    shown: 'a proxy terminates TLS',
    meaning: 'Its private key, PEM.',
    rule: directory,
  }),
  keysDir: variable({
    name: 'KEYS_DIR',
    fallback: resolve('keys'),
    shown: '`./keys`',
    meaning: 'Private signing and refresh keys; replicas share it.',
    rule: directory,
  }),
  dataDir: variable({
    name: 'DATA_DIR',
    fallback: resolve('data'),
    shown: '`./data`',
    meaning: 'The embedded PostgreSQL.',
    rule: directory,
  }),
  keyPassphrase: variable<string | undefined>({
    name: 'KEY_PASSPHRASE',
    fallback: undefined,
    shown: 'keys are not encrypted',
    meaning: 'Encrypts the files in `KEYS_DIR`; at least 16 characters.',
    secret: true,
    rule: atLeast(16, 'it'),
  }),
  cookieSecrets: variable<readonly string[]>({
    name: 'COOKIE_SECRETS',
    fallback: [],
    shown: 'none',
    meaning:
      'Comma separated, at least 32 characters each: the first protects cookies and forms, all are accepted. Put a new one first to replace it.',
    secret: true,
    rule: list(atLeast(32, 'each secret')),
  }),
  trustProxy: variable<readonly string[]>({
    name: 'TRUST_PROXY',
    fallback: [],
    shown: 'nobody',
    meaning: 'Addresses and CIDR blocks of your proxies, comma separated: only their `X-Forwarded-*` is believed.',
    rule: list(addressBlock),
  }),
  logLevel: variable<LogLevel>({
    name: 'LOG_LEVEL',
    fallback: 'info',
    meaning: `One of ${logLevels.map((level) => `\`${level}\``).join(', ')}.`,
    rule: oneOf(logLevels),
  }),
  signingAlgorithms: variable<readonly SigningAlgorithm[]>({
    name: 'SIGNING_ALGORITHMS',
    fallback: ['RS256'],
    meaning: `Comma separated, of ${signingAlgorithms.map((name) => `\`${name}\``).join(', ')}; a key of each is kept. RS256 must be among them.`,
    rule: algorithms,
  }),
  sessionIdleLifetime: variable({
    name: 'SESSION_IDLE_LIFETIME',
    fallback: 86400,
    meaning: 'Seconds: a browser session that was not used for so long is over.',
    rule: seconds,
  }),
  sessionLifetime: variable({
    name: 'SESSION_LIFETIME',
    fallback: 7 * 86400,
    meaning: 'Seconds: a browser session ends, however often it was used.',
    rule: seconds,
  }),
  demo: variable<boolean | undefined>({
    name: 'TESSERA_DEMO',
    fallback: undefined,
    shown: '`true` on the embedded database outside production, else `false`',
    meaning: 'Whether a demonstration app and person are created. Refused in production.',
    rule: flag,
  }),
  threads: variable({
    name: 'UV_THREADPOOL_SIZE',
    fallback: 8,
    meaning: 'Threads that sign tokens and hash passwords.',
    rule: integer(4, 1024),
  }),
}

/** `DATABASE_URL` or, for a secret, the content of the file that `DATABASE_URL_FILE` names. Empty is absent. */
const given = (env: NodeJS.ProcessEnv, { name, secret }: Variable<unknown>): string | undefined => {
  const value = env[name] || undefined
  const path = secret && env[`${name}_FILE`]
  if (!path) return value
  if (value !== undefined) throw new Mistake(`and ${name}_FILE are both set; keep one`)
  try {
    const content = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (content !== '') return content
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Mistake(`cannot be read from the file ${path} (${code}), which ${name}_FILE names`)
  }
  throw new Mistake(`is empty in the file ${path}, which ${name}_FILE names`)
}

/**
 * @param env the only use of `process.env` in the server
 * @throws ConfigurationError naming every mistake; no secret's value is in it
 */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => {
  const mistakes: string[] = []
  const refuse = (rule: string) => mistakes.push(`${rule}.`)

  const read = <T>(declared: Variable<T>): T => {
    try {
      const value = given(env, declared)
      return value === undefined ? declared.fallback : declared.rule(value)
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      const received = declared.secret ? '' : `; received ${JSON.stringify(env[declared.name])}`
      refuse(`${declared.name} ${error.message}${received}`)
      return declared.fallback
    }
  }

  const known = new Set(Object.values(variables).map(({ name }) => name))
  for (const name of Object.keys(env))
    if (name.startsWith('TESSERA_') && !known.has(name))
      refuse(`${name} is not a setting; correct its name or remove it`)

  const {
    mode: modeVariable,
    issuer: issuerVariable,
    certFile: certVariable,
    keyFile: keyVariable,
    ...rest
  } = variables
  const mode = read(modeVariable)
  const production = mode === 'production'
  const certFile = read(certVariable)
  const keyFile = read(keyVariable)
  const tls = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined
  if ((certFile === undefined) !== (keyFile === undefined))
    refuse('TLS_CERT_FILE and TLS_KEY_FILE belong together; set both or neither')

  const port = read(rest.port)
  const named = read(issuerVariable)
  if (production && !env[issuerVariable.name])
    refuse('ISSUER must be set in production, to the URL by which browsers reach this server')
  if (tls && named?.startsWith('http:'))
    refuse(`ISSUER must be https when TLS_CERT_FILE is set; received ${JSON.stringify(named)}`)

  const databaseGiven = Boolean(env.DATABASE_URL || env.DATABASE_URL_FILE)
  if (production && !databaseGiven && !read(rest.allowEmbeddedDatabase))
    refuse(
      'DATABASE_URL must be set in production; ALLOW_EMBEDDED_DATABASE=true accepts the embedded PostgreSQL all the same',
    )
  const demo = read(rest.demo)
  if (production && demo) refuse('TESSERA_DEMO must not be true in production: its passwords are public; remove it')

  const sessionIdleLifetime = read(rest.sessionIdleLifetime)
  const sessionLifetime = read(rest.sessionLifetime)
  if (sessionIdleLifetime > sessionLifetime)
    refuse(`SESSION_IDLE_LIFETIME (${sessionIdleLifetime}) must not exceed SESSION_LIFETIME (${sessionLifetime})`)

  const config: Config = {
    mode,
    issuer: named ?? `${tls ? 'https' : 'http'}://localhost:${port}`,
    host: read(rest.host) ?? (production ? '0.0.0.0' : 'localhost'),
    port,
    tls,
    databaseUrl: read(rest.databaseUrl),
    databasePoolSize: read(rest.databasePoolSize),
    keysDir: read(rest.keysDir),
    dataDir: read(rest.dataDir),
    keyPassphrase: read(rest.keyPassphrase),
    cookieSecrets: read(rest.cookieSecrets),
    trustProxy: read(rest.trustProxy),
    logLevel: read(rest.logLevel),
    signingAlgorithms: read(rest.signingAlgorithms),
    sessionIdleLifetime,
    sessionLifetime,
    demo: demo ?? (!production && !databaseGiven),
    threads: read(rest.threads),
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  return config
}

/** The README's table, so that it cannot say anything else than the code. */
export const configurationTable = (): string => {
  const rows = Object.values(variables).map(({ name, fallback, shown, meaning, secret }: Variable<unknown>) => {
    const names = secret ? `\`${name}\` or \`${name}_FILE\`` : `\`${name}\``
    return `| ${names} | ${shown ?? `\`${String(fallback)}\``} | ${meaning} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}
