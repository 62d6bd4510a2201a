import type { AdminLinkStore } from '../identity/stores.ts'
import { type Database, statement } from './database.ts'
import { newUserData } from './users.ts'

const create = statement(
  'admin_link_create',
  'INSERT INTO admin_links (hash, created_at, expires_at) VALUES ($1, $2, $3)',
)
const anyAdministrator = statement(
  'administrator_exists',
  'SELECT FROM users WHERE admin AND disabled_at IS NULL LIMIT 1',
)

export const createAdminLinks = (database: Database): AdminLinkStore => ({
  create: async (hash, createdAt, expiresAt) => {
    await database.count(create, [hash, createdAt, expiresAt])
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
      // Each start without an administrator printed one: none of them may make a second.
      await tx.adminLink.updateMany({ where: { spentAt: null }, data: { spentAt: now } })
      // A name that is taken throws, and the link stays open.
      await tx.user.create({ data: newUserData({ ...administrator, admin: true }) })
      return true
    }),
  hasAdministrator: async () => (await database.count(anyAdministrator, [])) === 1,
})
