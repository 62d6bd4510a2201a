import { type AppDependencies, createApp } from './app.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { type Courier, createCourier } from './courier.ts'
import { clocksAgree, type HealthCheck } from './http/operations/health.ts'
import type { Readiness } from './http/operations/stop.ts'
import type { Outbound } from './http/outbound/index.ts'
import { createPasswords } from './identity/password.ts'
import { defaultSession } from './identity/session.ts'
import { defaultThrottle } from './identity/throttle.ts'
import { createKeyDirectory } from './keys/directory.ts'
import { createKeyRing } from './keys/key-ring.ts'
import { createRefreshKeyRing } from './keys/refresh-key-ring.ts'
import { algorithmFor } from './oauth/resource.ts'
import { createRevocationFeed } from './oauth/revocations/feed.ts'
import { createSidOf, createSubjectOf } from './oauth/subject.ts'
import type { Random } from './random.ts'
import type { Database } from './storage/database.ts'
import { createSchemaCheck } from './storage/schema.ts'
import type { Stores } from './storage/stores.ts'
import { authoritiesIn } from './tls.ts'

/** What a server is made of, before it is an application: keys and secrets from the directory, policies from the settings. */
export type Parts = Omit<AppDependencies, 'log' | 'tls' | 'development' | 'demo' | 'outbound' | 'remoteKeys'>

export const assemble = async (deps: {
  readonly config: Config
  readonly database: Database
  readonly stores: Stores
  readonly clock: Clock
  readonly random: Random
  readonly readiness: Readiness
  readonly log: { warn(fields: object, message: string): void }
}): Promise<Parts> => {
  const { config, database, stores, clock, random, readiness, log } = deps
  const { issuer, trustProxy, signingAlgorithms: algorithms } = config
  const directory = createKeyDirectory({ path: config.keysDir, passphrase: config.keyPassphrase, random })
  // Made before the first signing key, and looked for after: another server that starts at once is no reason to warn.
  const isLost = (await stores.signingKeys.list()).length > 0 && !(await directory.hasSubjectSecret())
  const subjectSecret = await directory.subjectSecret()
  if (isLost)
    log.warn(
      { event: 'subject_key_lost', directory: config.keysDir },
      'subject.key was missing in KEYS_DIR and was made anew: apps with pairwise subjects take each person for a new one. Stop the server, put the file back from a backup or another server, and start again',
    )
  const keys = await createKeyRing({ directory, store: stores.signingKeys, clock, issuer, algorithms })
  const ofFeed = { store: stores.revocationKeys, purpose: 'revocations', algorithms: [] } as const
  const revocationKeys = await createKeyRing({ directory, clock, issuer, ...ofFeed })
  const refreshKeys = await createRefreshKeyRing({ directory, store: stores.refreshKeys, clock, random })
  stores.changes.subscribe((change) => {
    if (change === undefined || change.of === 'keys') void refresh()
  })
  const refresh = async () => {
    // When the table cannot be read now, the next minute's round reads it.
    await Promise.allSettled([keys, revocationKeys, refreshKeys].map((ring) => ring.refresh()))
  }
  const feed = createRevocationFeed({
    issuer,
    store: stores.revocations,
    changes: stores.changes,
    signer: () => revocationKeys.signer('RS256'),
    clock,
    log,
    maxAge: config.revocationMaxAge,
  })
  await stores.changes.start()
  await feed.start()
  const [first, ...rest] = config.cookieSecrets.map((secret) => Buffer.from(secret))

  const checks: readonly HealthCheck[] = [
    { name: 'database', passes: async () => database.ping().then(() => true) },
    {
      name: 'keys',
      passes: async () => [keys, revocationKeys, refreshKeys].every((ring) => ring.missing().length === 0),
    },
    { name: 'schema', passes: createSchemaCheck(database) },
    { name: 'clock', passes: async () => clocksAgree(clock.now(), await database.databaseNow()) },
  ]

  return {
    issuer,
    trustProxy,
    senderConstraint: {
      dpopNonce: config.dpopNonce,
      mutualTls: config.mutualTls && {
        ...config.mutualTls,
        authorities: config.mutualTls.caFile === undefined ? [] : authoritiesIn(config.mutualTls.caFile),
      },
    },
    algorithms,
    algorithmFor: (audience) => algorithmFor(audience, config.resourceAlgorithms),
    claimsOfScope: config.claimsOfScope,
    subjectOf: createSubjectOf(subjectSecret),
    sidOf: createSidOf(subjectSecret),
    registration: {
      mode: config.registration,
      scope: config.registrationScope,
      pkce: config.registrationPkce,
    },
    clock,
    random,
    stores,
    keys,
    revocationKeys,
    feed,
    refreshKeys,
    // Signing and hashing share the thread pool: two threads at least are always free to sign.
    passwords: createPasswords({ concurrency: Math.max(1, Math.min(4, config.threads - 2)), random }),
    throttle: defaultThrottle,
    sessionPolicy: {
      ...defaultSession,
      idle: config.sessionIdleLifetime,
      absolute: config.sessionLifetime,
      limit: config.sessionLimit,
    },
    cookieSecrets: first ? [first, ...rest] : [await directory.cookieSecret()],
    checks,
    readiness,
  }
}

/** Tells clients of sessions that end here, and of those that other servers could not tell. To be closed before the stores. */
export const startCourier = (deps: {
  readonly parts: Pick<Parts, 'issuer' | 'keys' | 'subjectOf' | 'sidOf' | 'random' | 'clock'>
  readonly stores: Stores
  readonly outbound: Pick<Outbound, 'post'>
  readonly log: { warn(fields: object, message: string): void }
}): Courier => {
  const { parts, stores, outbound, log } = deps
  const { issuer, keys, subjectOf, sidOf, random, clock } = parts
  const { clients, logouts: deliveries, changes } = stores
  const courier = createCourier({
    issuer,
    clients,
    deliveries,
    signer: keys.signer,
    subjectOf,
    sidOf,
    post: outbound.post,
    random,
    clock,
    log,
  })
  // A session that ends while tokens of it live is in the feed at the same instant.
  changes.subscribe((change) => {
    if (change === undefined || change.of === 'logouts' || change.of === 'revocations') courier.wake()
  })
  return courier
}

export { createApp }
