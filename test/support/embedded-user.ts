import { startEmbedded } from '../../src/storage/embedded.ts'

/** A process that uses the embedded PostgreSQL in the directory it is given, until it is told to end. */
const database = await startEmbedded({ dataDir: process.argv[2] ?? '', log: { info: () => {} } })
process.send?.(database.url)
process.once('SIGTERM', async () => {
  await database.stop()
  process.disconnect()
})
