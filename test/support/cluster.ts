import { fileURLToPath } from 'node:url'
import { startEmbedded } from '../../src/storage/embedded.ts'

const dataDir = fileURLToPath(new URL('../../node_modules/.cache/tessera-test', import.meta.url))
const silent = { info: () => {} }

/** The one PostgreSQL of the whole run: the first process starts it, the last to leave stops it, nothing is kept. */
export const joinCluster = () => startEmbedded({ dataDir, log: silent, throwaway: true })
