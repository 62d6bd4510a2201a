import type { AdminLinkStore } from '../identity/stores.ts'
import type { Database } from './database.ts'
import { newUserData } from './users.ts'

export const createAdminLinks = (database: Database): AdminLinkStore => ({
  create: async (hash, createdAt, expiresAt) => {
    await database.prisma((prisma) =>
      prisma.adminLink.create({ data: { hash: Uint8Array.from(hash), createdAt, expiresAt } }),
    )
  },
  isOpen: async (hash, now) => {
    const open = await database.prisma((prisma) =>
      prisma.adminLink.count({ where: { hash: Uint8Array.from(hash), spentAt: null, expiresAt: { gt: now } } }),
    )
    return open === 1
  },
  spend: (hash, administrator, now) =>
    database.transaction(async (tx) => {
      const { count } = await tx.adminLink.updateMany({
        where: { hash: Uint8Array.from(hash), spentAt: null, expiresAt: { gt: now } },
        data: { spentAt: now },
      })
      if (count === 0) return false
      // A name that is taken throws, and the link stays open.
      await tx.user.create({ data: newUserData({ ...administrator, admin: true }) })
      return true
    }),
  hasAdministrator: async () => {
    const one = await database.prisma((prisma) =>
      prisma.user.findFirst({ where: { admin: true, disabledAt: null }, select: { id: true } }),
    )
    return one !== null
  },
})
