import { readFileSync } from 'node:fs'
import { Mistake } from './config/rules.ts'
import type { ResourceAlgorithms } from './config/tokens.ts'
import type { Variable } from './config/variable.ts'
import { type LogLevel, type Mode, variables } from './config/variables.ts'
import type { SessionLimit } from './identity/stores.ts'
import type { ClaimsOfScope } from './oauth/claims.ts'
import type { ClientMetadata, SigningAlgorithm } from './oauth/client.ts'
import type { RegistrationMode } from './oauth/registration/policy.ts'

export { configurationTable, type LogLevel, type Mode } from './config/variables.ts'

/** Everything that can be set from outside. Lifetimes are seconds, directories absolute. */
export type Config = {
  readonly mode: Mode
  /** OIDC Discovery §3: the issuer, letter for letter as it stands in every token. */
  readonly issuer: string
  readonly host: string
  readonly port: number
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** How certificates of clients arrive; undefined: not at all. */
  readonly mutualTls: MutualTlsConfig | undefined
  readonly dpopNonce: 'optional' | 'required'
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
  /** Addresses and CIDR blocks that are connected to although they are not public, for apps of an operator. */
  readonly outboundAllow: readonly string[]
  readonly logLevel: LogLevel
  readonly signingAlgorithms: readonly SigningAlgorithm[]
  readonly resourceAlgorithms: ResourceAlgorithms
  readonly claimsOfScope: ClaimsOfScope
  readonly registration: RegistrationMode
  readonly registrationScope: readonly string[]
  readonly registrationPkce: ClientMetadata['pkce']
  /** The same for apps that registered themselves. */
  readonly registrationOutboundAllow: readonly string[]
  readonly sessionIdleLifetime: number
  readonly sessionLifetime: number
  /** Of one person; undefined: as many as are wanted. */
  readonly sessionLimit: SessionLimit | undefined
  /** Seconds. */
  readonly revocationMaxAge: number
  readonly demo: boolean
  /** Threads of libuv's pool, which signing and password hashing share. */
  readonly threads: number
}

export type MutualTlsConfig = {
  readonly port: number | undefined
  readonly proxies: readonly string[]
  /** In place of the issuer; undefined: the same. */
  readonly url: string | undefined
  readonly caFile: string | undefined
}

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
      // A URL may hold a password where none belongs.
      const received =
        declared.secret || env[declared.name]?.includes('@') ? '' : `; received ${JSON.stringify(env[declared.name])}`
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
  const embeddedAllowed = read(rest.allowEmbeddedDatabase)
  if (production && !databaseGiven && !embeddedAllowed)
    refuse(
      'DATABASE_URL must be set in production; ALLOW_EMBEDDED_DATABASE=true accepts the embedded PostgreSQL all the same',
    )
  const demo = read(rest.demo)
  if (production && demo) refuse('TESSERA_DEMO must not be true in production: its passwords are public; remove it')

  const sessionIdleLifetime = read(rest.sessionIdleLifetime)
  const sessionLifetime = read(rest.sessionLifetime)
  if (sessionIdleLifetime > sessionLifetime)
    refuse(`SESSION_IDLE_LIFETIME (${sessionIdleLifetime}) must not exceed SESSION_LIFETIME (${sessionLifetime})`)

  const most = read(rest.maxSessions)
  const policy = read(rest.maxSessionsPolicy)
  if (env[rest.maxSessionsPolicy.name] && most === undefined)
    refuse('MAX_SESSIONS must be set where MAX_SESSIONS_POLICY is; set both or neither')

  const issuer = named ?? `${tls ? 'https' : 'http'}://localhost:${port}`
  const mutualTls = {
    port: read(rest.mutualTlsPort),
    proxies: read(rest.mutualTlsProxies),
    url: read(rest.mutualTlsUrl),
    caFile: read(rest.mutualTlsAuthorities),
  }
  const takesCertificates = mutualTls.port !== undefined || mutualTls.proxies.length > 0
  if (mutualTls.port !== undefined && !tls) refuse('MTLS_PORT needs TLS_CERT_FILE and TLS_KEY_FILE')
  if (mutualTls.port !== undefined && mutualTls.port === port) refuse('MTLS_PORT must not be PORT')
  for (const { name } of [rest.mutualTlsUrl, rest.mutualTlsAuthorities])
    if (env[name] && !takesCertificates) refuse(`${name} means nothing without MTLS_PORT or MTLS_PROXY`)

  const signingAlgorithms = read(rest.signingAlgorithms)
  const resourceAlgorithms = read(rest.resourceAlgorithms)
  if ([...resourceAlgorithms.values()].some((algorithm) => !signingAlgorithms.includes(algorithm)))
    refuse('RESOURCE_ALGORITHMS must name no algorithm that SIGNING_ALGORITHMS does not')

  const config: Config = {
    mode,
    issuer,
    host: read(rest.host) ?? (production ? '0.0.0.0' : 'localhost'),
    port,
    tls,
    mutualTls: takesCertificates
      ? { ...mutualTls, url: mutualTls.url ?? besideIssuer(issuer, mutualTls.port) }
      : undefined,
    dpopNonce: read(rest.dpopNonce),
    databaseUrl: read(rest.databaseUrl),
    databasePoolSize: read(rest.databasePoolSize),
    keysDir: read(rest.keysDir),
    dataDir: read(rest.dataDir),
    keyPassphrase: read(rest.keyPassphrase),
    cookieSecrets: read(rest.cookieSecrets),
    trustProxy: read(rest.trustProxy),
    outboundAllow: read(rest.outboundAllow),
    logLevel: read(rest.logLevel),
    signingAlgorithms,
    resourceAlgorithms,
    claimsOfScope: read(rest.claimsOfScope),
    registration: read(rest.registration),
    registrationScope: read(rest.registrationScope),
    registrationPkce: read(rest.registrationPkce),
    registrationOutboundAllow: read(rest.registrationOutboundAllow),
    sessionIdleLifetime,
    sessionLifetime,
    sessionLimit: most === undefined ? undefined : { most, policy },
    revocationMaxAge: read(rest.revocationMaxAge),
    demo: demo ?? mode === 'development',
    threads: read(rest.threads),
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  return config
}

/**
 * `readConfig` for a server that is about to listen: where PORT is 0 and no ISSUER is named, the issuer, which holds the
 * port, needs one that is known before.
 * @param freePort finds a port of this host
 */
export const readConfigToListen = async (
  freePort: (host: string) => Promise<number>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Config> => {
  const config = readConfig(env)
  if (config.port !== 0 || env[variables.issuer.name]) return config
  return readConfig({ ...env, [variables.port.name]: String(await freePort(config.host)) })
}

const besideIssuer = (issuer: string, port: number | undefined): string | undefined => {
  if (port === undefined) return undefined
  const url = new URL(issuer)
  url.port = String(port)
  return url.pathname === '/' ? url.origin : url.href
}
