import type { Consent } from '../oauth/stores.ts'
import type { Database } from './database.ts'

/** What a person granted to which client. To withdraw it is an act: src/identity/ending.ts. */
export type ConsentStore = {
  list(userId: string): Promise<readonly (Consent & { readonly clientId: string })[]>
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
})
