import { markedFamilies } from './ending.ts'
import type { Prisma } from './prisma/client.ts'
import type { NewRevocation } from './revocations.ts'

/**
 * What the feed tells of an act on a person. To a pairwise client a person has another `sub` (OIDC Core §8.1), which no
 * verifier finds under the person's own: what such a client has is told family by family.
 */
export const userEntries = async (
  tx: Prisma.TransactionClient,
  userId: string,
  act: Omit<NewRevocation, 'kind' | 'subject'>,
  now: Date,
): Promise<readonly NewRevocation[]> => {
  const clientIds = await pairwiseClients(tx, userId)
  const own = clientIds.length > 0 ? await markedFamilies(tx, { userId, clientId: { in: [...clientIds] } }, now) : []
  return [
    { ...act, kind: 'user', subject: userId },
    ...own.map(({ id, tokensExpireAt }) => ({
      kind: 'family' as const,
      subject: id,
      notBefore: undefined,
      sparedSessionId: undefined,
      reason: act.reason,
      tokensExpireAt,
    })),
  ]
}

const pairwiseClients = async (tx: Prisma.TransactionClient, userId: string): Promise<readonly string[]> => {
  const rows = await tx.$queryRaw<readonly { readonly id: string }[]>`
    SELECT id FROM clients WHERE metadata->>'subject_type' = 'pairwise'
      AND id IN (SELECT client_id FROM token_families WHERE user_id = ${userId}::uuid)`
  return rows.map(({ id }) => id)
}
