import type { SessionEnd } from '../identity/stores.ts'
import { type Marked, mark, markedFamilies } from './ending.ts'
import type { Prisma } from './prisma/client.ts'
import type { NewRevocation } from './revocations.ts'
import { familyEntries, sessionEntries } from './user-entries.ts'

/**
 * Marks what ends with a session that has just been marked itself: its pending codes, and its families but those that
 * were granted to go on without it.
 * @returns what that ended beside the session, and what the feed has to be told, last of all
 */
export const markedWith = async (
  tx: Prisma.TransactionClient,
  id: string,
  reason: SessionEnd,
  now: Date,
): Promise<{ readonly marked: Marked; readonly told: readonly NewRevocation[] }> => {
  const left = await leftBehind(tx, id)
  const families = { sessionId: id, OR: [{ offline: false }, { id: { in: [...left] } }] }
  const marked = await mark(tx, { codes: { sessionId: id }, families }, reason, now)
  const entry = { notBefore: undefined, sparedSessionId: undefined, reason, tokensExpireAt: marked.tokensExpireAt }
  // The session's name would end what goes on without it: then each of the others is told by its own.
  const goesOn = await tx.tokenFamily.count({ where: { sessionId: id, offline: true, revokedAt: null } })
  if (goesOn === 0) return { marked, told: await sessionEntries(tx, id, entry, now) }
  return { marked, told: familyEntries(await markedFamilies(tx, families, now), reason) }
}

/** Families that were granted to go on, and whose client is registered for that no longer. */
const leftBehind = async (tx: Prisma.TransactionClient, sessionId: string): Promise<readonly string[]> => {
  const rows = await tx.$queryRaw<readonly { readonly id: string }[]>`
    SELECT f.id FROM token_families f LEFT JOIN clients c ON c.id = f.client_id
    WHERE f.session_id = ${sessionId}::uuid AND f.offline AND f.revoked_at IS NULL
      AND NOT coalesce('offline_access' = ANY (string_to_array(c.metadata->>'scope', ' ')), false)`
  return rows.map(({ id }) => id)
}
