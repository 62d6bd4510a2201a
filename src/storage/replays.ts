import type { ReplayStore } from '../oauth/stores.ts'
import { type Database, statement } from './database.ts'

/** One that expired may be seen again, and is then new. */
const first = statement(
  'replay_first',
  `INSERT INTO spent_jtis AS seen (hash, expires_at) VALUES ($1, $2)
   ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at WHERE seen.expires_at <= $3`,
)

export const createReplays = (database: Database): ReplayStore => ({
  first: async (hash, expiresAt, now) => (await database.count(first, [hash, expiresAt, now])) === 1,
})
