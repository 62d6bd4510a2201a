import type { Consent } from '../oauth/stores.ts'
import type { Database } from './database.ts'

export type ConsentStore = {
  list(userId: string): Promise<readonly (Consent & { readonly clientId: string })[]>
  /** Forgets the consent and ends the families and pending codes it led to, in one transaction. */
  withdraw(userId: string, clientId: string, now: Date): Promise<boolean>
}

export const createConsents = (database: Database): ConsentStore => ({
  list: (userId) =>
    database.prisma((prisma) =>
      prisma.consent.findMany({
        where: { userId },
        orderBy: { clientId: 'asc' },
        select: { clientId: true, scope: true, resources: true, grantedAt: true },
      }),
    ),
  withdraw: (userId, clientId, now) =>
    database.transaction(async (tx) => {
      const { count } = await tx.consent.deleteMany({ where: { userId, clientId } })
      // Codes first: one that is being spent is waited for, and its family is seen by the statement after it.
      await tx.authorizationCode.updateMany({
        where: { userId, clientId, revokedAt: null, spentAt: null },
        data: { revokedAt: now },
      })
      await tx.tokenFamily.updateMany({
        where: { userId, clientId, revokedAt: null },
        data: { revokedAt: now, revokeReason: 'consent_withdrawn' },
      })
      return count === 1
    }),
})
