import { readFile } from 'node:fs/promises'
import { systemClock } from './clock.ts'
import { type Config, ConfigurationError, configurationExitCode, readConfig } from './config.ts'
import { createDevelopment } from './development.ts'
import { keepHouse } from './housekeeping.ts'
import { listenForCertificates } from './http/mutual-tls.ts'
import { createReadiness, stopOnSignal } from './http/operations/stop.ts'
import { createOutbound } from './http/outbound/index.ts'
import { createRemoteKeys } from './http/outbound/remote-keys.ts'
import { createLogger } from './log.ts'
import { systemRandom } from './random.ts'
import { assemble, createApp, startCourier } from './server.ts'
import { openDatabase } from './storage/database.ts'
import { startEmbedded } from './storage/embedded.ts'
import { migrate } from './storage/migrate.ts'
import { createStores } from './storage/stores.ts'
import { tlsOptions } from './tls.ts'
import { welcome } from './welcome.ts'

/** Configuration, database, keys, application, listen; and all of it back again on a signal. */
const run = async (config: Config): Promise<void> => {
  const clock = systemClock
  const random = systemRandom
  const log = createLogger({ level: config.logLevel })
  const readiness = createReadiness()

  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log }) : undefined
  const url = config.databaseUrl ?? embedded?.url ?? ''
  await migrate({ url, log })
  const database = openDatabase({
    url,
    poolSize: config.databasePoolSize,
    statementTimeoutMs: 5000,
    onError: (err) => log.warn({ err }, 'a database connection was lost'),
  })
  const stores = createStores(database, { log })
  const parts = await assemble({ config, database, stores, clock, random, readiness, log })
  const tls = config.tls && tlsOptions(config.tls)
  const certificate = config.tls && (await readFile(config.tls.certFile))
  const demo = config.demo ? await createDevelopment({ parts, stores, certificate }) : undefined
  const outbound = createOutbound({
    allowLoopback: config.mode !== 'production',
    allow: config.outboundAllow,
    allowRegistered: config.registrationOutboundAllow,
  })
  const app = await createApp({
    ...parts,
    log,
    tls,
    outbound,
    remoteKeys: createRemoteKeys({ clock, log, outbound }),
    development: async () =>
      demo && { ...demo.shown, administratorMissing: !(await stores.adminLinks.hasAdministrator()) },
    ...(demo && { demo: demo.routes }),
  })

  await app.listen({ host: config.host, port: config.port })
  const { mutualTls } = parts.senderConstraint
  const port = config.mutualTls?.port
  const forCertificates =
    tls && mutualTls && port !== undefined
      ? [await listenForCertificates(app, { ...mutualTls, tls, issuer: config.issuer, host: config.host, port })]
      : []
  const courier = startCourier({ parts, stores, outbound, log })
  const housekeeping = keepHouse({
    log,
    round: async () => {
      const now = clock.now()
      const { maintenance } = stores
      const { keys, revocationKeys, refreshKeys } = parts
      const { sweep, partition } = maintenance
      await Promise.all([keys.tend(), revocationKeys.tend(), refreshKeys.refresh(), sweep(now), partition(now)])
    },
  })
  stopOnSignal({
    log,
    readiness,
    // Behind a load balancer the last requests are on their way when readiness goes; on a laptop nobody waits.
    drain: config.mode === 'production' ? 3000 : 0,
    closing: [
      ...forCertificates,
      app,
      housekeeping,
      courier,
      stores.changes,
      database,
      { close: async () => embedded?.stop() },
    ],
  })
  process.stdout.write(await welcome({ config, links: stores.adminLinks, demo: demo?.shown, random, now: clock.now() }))
}

try {
  await run(readConfig())
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(configurationExitCode)
}
