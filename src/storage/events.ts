import { isRecord } from '../record.ts'
import type { Database } from './database.ts'
import { asJson } from './json.ts'
import type { Event as StoredEvent } from './prisma/client.ts'

/** Something that happened to somebody: for the person, the administrator and the audit. Never a secret. */
export type Event = {
  readonly at: Date
  readonly kind: string
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
  readonly sessionId?: string | undefined
  readonly familyId?: string | undefined
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}
export type RecordedEvent = Event & { readonly id: bigint }

export type EventFilter = {
  readonly userId?: string | undefined
  readonly familyId?: string | undefined
  /** Only older ones: the id of the last event of the page before. */
  readonly before?: bigint | undefined
  readonly limit: number
}

export type EventStore = {
  record(event: Event): Promise<void>
  /** The newest first. */
  list(filter: EventFilter): Promise<readonly RecordedEvent[]>
}

const eventOf = (row: StoredEvent): RecordedEvent => ({
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

export const createEvents = (database: Database): EventStore => ({
  record: async ({ at, kind, userId, clientId, sessionId, familyId, ip, userAgent, detail }) => {
    const data = {
      at,
      kind,
      userId: userId ?? null,
      clientId: clientId ?? null,
      sessionId: sessionId ?? null,
      familyId: familyId ?? null,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
      detail: asJson(detail ?? {}),
    }
    await database.prisma((prisma) => prisma.event.create({ data }))
  },
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
