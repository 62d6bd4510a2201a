import { resolve } from 'node:path'
import type { SessionLimit } from '../identity/stores.ts'
import { registrationVariables } from './registration.ts'
import {
  addressBlock,
  atLeast,
  directory,
  flag,
  integer,
  issuer,
  list,
  oneOf,
  postgres,
  seconds,
  text,
} from './rules.ts'
import { tokenVariables } from './tokens.ts'
import { type Variable, variable } from './variable.ts'

const modes = ['development', 'production', 'test'] as const
export type Mode = (typeof modes)[number]
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
/** Every setting there is. */
export const variables = {
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
    meaning:
      'Connections to PostgreSQL for requests; one more listens, and acts on many logins take up to four of their own.',
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
  mutualTlsPort: variable<number | undefined>({
    name: 'MTLS_PORT',
    fallback: undefined,
    shown: 'none',
    meaning:
      'A second port of our own TLS that asks apps for a certificate (RFC 8705). It serves what apps call, and no page.',
    rule: integer(1, 65535),
  }),
  mutualTlsProxies: variable<readonly string[]>({
    name: 'MTLS_PROXY',
    fallback: [],
    shown: 'nobody',
    meaning:
      "Addresses and CIDR blocks of proxies, comma separated, that end TLS and hand on an app's certificate as `Client-Cert` (RFC 9440). From anybody else it is ignored.",
    rule: list(addressBlock),
  }),
  mutualTlsUrl: variable<string | undefined>({
    name: 'MTLS_URL',
    fallback: undefined,
    shown: "the issuer's, with `MTLS_PORT`; with `MTLS_PROXY` alone the issuer itself",
    meaning: 'Where apps with a certificate reach this server, as it stands in `mtls_endpoint_aliases`.',
    rule: issuer,
  }),
  mutualTlsAuthorities: variable<string | undefined>({
    name: 'MTLS_CA_FILE',
    fallback: undefined,
    shown: 'self-signed certificates only',
    meaning: 'Certificates, PEM, of the authorities whose certificates authenticate apps (`tls_client_auth`).',
    rule: directory,
  }),
  dpopNonce: variable<'optional' | 'required'>({
    name: 'DPOP_NONCE',
    fallback: 'optional',
    meaning:
      'Whether each DPoP proof must hold a nonce of this server (RFC 9449 §8). One that was sent is checked in any case.',
    rule: oneOf(['optional', 'required']),
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
    shown: 'a secret kept in `KEYS_DIR`',
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
  outboundAllow: variable<readonly string[]>({
    name: 'OUTBOUND_ALLOW',
    fallback: [],
    shown: 'public addresses only',
    meaning:
      'Addresses and CIDR blocks, comma separated, that apps of an operator may name in `jwks_uri`, `request_uris` and `backchannel_logout_uri` although they are not public; for apps that register themselves there is `REGISTRATION_OUTBOUND_ALLOW`. An authority of your own is trusted by `NODE_EXTRA_CA_CERTS=/path/to/ca.pem`.',
    rule: list(addressBlock),
  }),
  logLevel: variable<LogLevel>({
    name: 'LOG_LEVEL',
    fallback: 'info',
    meaning: `One of ${logLevels.map((level) => `\`${level}\``).join(', ')}.`,
    rule: oneOf(logLevels),
  }),
  ...tokenVariables,
  ...registrationVariables,
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
  revocationMaxAge: variable({
    name: 'REVOCATION_MAX_AGE',
    fallback: 30,
    meaning:
      'Seconds: from when on APIs hold a revocation list of this server for stale. It is signed anew at a third of that.',
    rule: integer(3, 3600),
  }),
  maxSessions: variable<number | undefined>({
    name: 'MAX_SESSIONS',
    fallback: undefined,
    shown: 'as many as are wanted',
    meaning: 'How many browser sessions a person may have at once.',
    rule: integer(1, 10_000),
  }),
  maxSessionsPolicy: variable<SessionLimit['policy']>({
    name: 'MAX_SESSIONS_POLICY',
    fallback: 'evict-oldest',
    meaning: '`evict-oldest` ends the session that began first when one more begins; `refuse` lets none begin.',
    rule: oneOf(['evict-oldest', 'refuse']),
  }),
  demo: variable<boolean | undefined>({
    name: 'TESSERA_DEMO',
    fallback: undefined,
    shown: '`true` in development, else `false`',
    meaning: 'Whether a demonstration app and person are created. Refused in production.',
    rule: flag,
  }),
  threads: variable({
    name: 'UV_THREADPOOL_SIZE',
    fallback: 4,
    shown: '`8`',
    meaning: 'Threads that sign tokens and hash passwords.',
    rule: integer(4, 1024),
  }),
}
/** The README's table, so that it cannot say anything else than the code. */
export const configurationTable = (): string => {
  const rows = Object.values(variables).map(({ name, fallback, shown, meaning, secret }: Variable<unknown>) => {
    const names = secret ? `\`${name}\` or \`${name}_FILE\`` : `\`${name}\``
    return `| ${names} | ${shown ?? `\`${String(fallback)}\``} | ${meaning} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}
