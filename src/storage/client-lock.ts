import type { Prisma } from './prisma/client.ts'

/**
 * Whoever ends what a client was given locks the client first, then its codes, then its families: two acts on one client
 * wait for one another and cannot deadlock.
 * @returns whether there is such a client
 */
export const lockClient = async (tx: Prisma.TransactionClient, id: string): Promise<boolean> =>
  (await tx.$queryRaw<readonly object[]>`SELECT id FROM clients WHERE id = ${id} FOR NO KEY UPDATE`).length === 1
