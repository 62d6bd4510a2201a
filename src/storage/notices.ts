import type { NoticeStore } from '../identity/account.ts'
import type { Database } from './database.ts'

/** They are written where a family ends by a theft: src/storage/families.ts. */
export const createNotices = (database: Database): NoticeStore => ({
  unseen: async (userId, limit) => {
    const rows = await database.prisma((prisma) =>
      prisma.notice.findMany({ where: { userId, seenAt: null }, orderBy: { id: 'desc' }, take: limit }),
    )
    return rows.map(({ id, at, kind, clientId, familyId }) => ({
      id,
      at,
      kind,
      clientId: clientId ?? undefined,
      familyId: familyId ?? undefined,
    }))
  },
  see: async (userId, id, now) => {
    const { count } = await database.prisma((prisma) =>
      prisma.notice.updateMany({ where: { id, userId, seenAt: null }, data: { seenAt: now } }),
    )
    return count === 1
  },
})
