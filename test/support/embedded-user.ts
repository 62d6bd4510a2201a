import { startEmbedded } from '../../src/storage/embedded.ts'

/** A process that uses the embedded PostgreSQL in the directory it is given, until it is told to end. */
const database = await startEmbedded({ dataDir: process.argv[2] ?? '', log: { info: () => {} } })
const staying = setInterval(() => {}, 60_000)
process.once('SIGTERM', async () => {
  clearInterval(staying)
  await database.stop()
  process.disconnect()
})
process.send?.(database.url)
