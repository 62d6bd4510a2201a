import { readFile } from 'node:fs/promises'
import { systemClock } from './clock.ts'
import { type Config, readConfigToListen } from './config.ts'
import { createDevelopment } from './development.ts'
import { freePort } from './free-port.ts'
import { keepHouse } from './housekeeping.ts'
import { listenForCertificates } from './http/mutual-tls.ts'
import { type Closing, createReadiness, stopOnSignal } from './http/operations/stop.ts'
import { createOutbound } from './http/outbound/index.ts'
import { createRemoteKeys } from './http/outbound/remote-keys.ts'
import { createLogger } from './log.ts'
import { systemRandom } from './random.ts'
import { assemble, createApp, startCourier } from './server.ts'
import { databaseFailure, embeddedFailure, lastWordsOf, listenFailure } from './start-failure.ts'
import { openDatabase } from './storage/database.ts'
import { startEmbedded } from './storage/embedded.ts'
import { migrate } from './storage/migrate.ts'
import { createStores } from './storage/stores.ts'
import { authoritiesIn, tlsOptions } from './tls.ts'
import { welcome } from './welcome.ts'

/**
 * Configuration, database, keys, application, listen; and all of it back again on a signal.
 * @param started is told what has begun, the last first: a start that fails must end it
 */
const run = async (config: Config, started: Closing[]): Promise<void> => {
  const clock = systemClock
  const random = systemRandom
  const log = createLogger({ level: config.logLevel })
  const readiness = createReadiness()

  const tls = config.tls && tlsOptions(config.tls)
  // It is read where it is needed; a mistake in it is to be named before anything is started.
  if (config.mutualTls?.caFile !== undefined) authoritiesIn(config.mutualTls.caFile)

  const { databaseUrl, dataDir } = config
  const embedded =
    databaseUrl === undefined
      ? await startEmbedded({ dataDir, log }).catch((error: unknown) => {
          throw embeddedFailure(error, dataDir)
        })
      : undefined
  if (embedded) started.unshift({ close: embedded.stop })
  const url = databaseUrl ?? embedded?.url ?? ''
  await migrate({ url, log }).catch((error: unknown) => {
    throw databaseUrl === undefined ? error : databaseFailure(error, databaseUrl)
  })
  const database = openDatabase({
    url,
    poolSize: config.databasePoolSize,
    statementTimeoutMs: 5000,
    onError: (err) => log.warn({ err }, 'a database connection was lost'),
  })
  const stores = createStores(database, { log })
  started.unshift(stores.changes, database)
  const parts = await assemble({ config, database, stores, clock, random, readiness, log })
  started.unshift(parts.feed)
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

  started.unshift(app)

  const { issuer, host } = config
  await app.listen({ host, port: config.port }).catch((error: unknown) => {
    throw listenFailure(error, { variable: 'PORT', host, port: config.port })
  })
  const { mutualTls } = parts.senderConstraint
  const port = config.mutualTls?.port
  const forCertificates =
    tls && mutualTls && port !== undefined
      ? [
          await listenForCertificates(app, { ...mutualTls, tls, issuer, host, port }).catch((error: unknown) => {
            throw listenFailure(error, { variable: 'MTLS_PORT', host, port })
          }),
        ]
      : []
  started.unshift(...forCertificates)
  const greeting = await welcome({ config, links: stores.adminLinks, demo: demo?.shown, random, now: clock.now() })
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
      parts.feed,
      stores.changes,
      database,
      { close: async () => embedded?.stop() },
    ],
  })
  process.stdout.write(greeting)
}

const started: Closing[] = []
try {
  const config = await readConfigToListen((host) =>
    freePort(host).catch((error: unknown) => {
      throw listenFailure(error, { variable: 'PORT', host, port: 0 })
    }),
  )
  await run(config, started)
} catch (error) {
  // What cannot be closed must not hide why nothing was started.
  for (const part of started) await Promise.resolve(part.close()).catch(() => {})
  const { text, exitCode } = lastWordsOf(error)
  process.stderr.write(`${text}\n`)
  process.exit(exitCode)
}
