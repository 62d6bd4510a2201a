import { setTimeout as sleep } from 'node:timers/promises'
import { withClient } from './database.ts'

/** Until somebody waits for a lock in this database. */
export const aWaiter = (databaseUrl: string): Promise<void> => lockWaiters(databaseUrl, 1)

/** Until so many wait at once. */
export const lockWaiters = (databaseUrl: string, count: number): Promise<void> =>
  withClient(databaseUrl, async (client) => {
    for (let attempt = 0; attempt < 3000; attempt++) {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      if ((rowCount ?? 0) >= count) return
      await sleep(10)
    }
    throw new Error(`there were never ${count} who wait for a lock`)
  })
