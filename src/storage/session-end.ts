import type { SessionEnd } from '../identity/stores.ts'
import { mark, markedFamilies } from './ending.ts'
import type { Prisma } from './prisma/client.ts'
import type { NewRevocation } from './revocations.ts'

/**
 * Marks what ends with a session that has just been marked itself: its pending codes, and its families but those that
 * were granted to go on without it.
 * @returns what the feed has to be told, last of all
 */
export const markedWith = async (
  tx: Prisma.TransactionClient,
  id: string,
  reason: SessionEnd,
  now: Date,
): Promise<readonly NewRevocation[]> => {
  const families = { sessionId: id, offline: false }
  const { tokensExpireAt } = await mark(tx, { codes: { sessionId: id }, families }, reason, now)
  const entry = { notBefore: undefined, sparedSessionId: undefined, reason }
  // The session's name would end what goes on without it: then each of the others is told by its own.
  const goesOn = await tx.tokenFamily.count({ where: { sessionId: id, offline: true, revokedAt: null } })
  if (goesOn === 0) return [{ ...entry, kind: 'session', subject: id, tokensExpireAt }]
  const alone = await markedFamilies(tx, families, now)
  return alone.map((family) => ({
    ...entry,
    kind: 'family',
    subject: family.id,
    tokensExpireAt: family.tokensExpireAt,
  }))
}
