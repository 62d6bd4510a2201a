import type { EventLog, SeenEvent } from '../administration/stores.ts'
import { isRecord } from '../record.ts'
import type { Database } from './database.ts'
import type { Event as StoredEvent } from './prisma/client.ts'

const eventOf = (row: StoredEvent): SeenEvent => ({
  id: row.id,
  at: row.at,
  kind: row.kind,
  userId: row.userId ?? undefined,
  clientId: row.clientId ?? undefined,
  sessionId: row.sessionId ?? undefined,
  familyId: row.familyId ?? undefined,
  ip: row.ip ?? undefined,
  userAgent: row.userAgent ?? undefined,
  detail: isRecord(row.detail) ? row.detail : {},
})

/** An event is written by the store that does what it tells of; here they are only read. */
export const createEvents = (database: Database): EventLog => ({
  list: async ({ userId, familyId, before, limit }) => {
    const where = {
      ...(userId === undefined ? {} : { userId }),
      ...(familyId === undefined ? {} : { familyId }),
      ...(before === undefined ? {} : { id: { lt: before } }),
    }
    const rows = await database.prisma((prisma) =>
      prisma.event.findMany({ where, orderBy: { id: 'desc' }, take: limit }),
    )
    return rows.map(eventOf)
  },
})
