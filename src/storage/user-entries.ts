import { type MarkedFamily, markedFamilies } from './ending.ts'
import type { Prisma } from './prisma/client.ts'
import type { NewRevocation } from './revocations.ts'

type Act = Omit<NewRevocation, 'kind' | 'subject'>
type Tx = Prisma.TransactionClient

/**
 * What the feed tells of an act on a person. To a pairwise client a person has another `sub` (OIDC Core §8.1), which no
 * verifier finds under the person's own: what such a client has is told family by family.
 */
export const userEntries = async (tx: Tx, userId: string, act: Act, now: Date): Promise<readonly NewRevocation[]> => [
  { ...act, kind: 'user', subject: userId },
  ...(await pairwiseEntries(tx, { userId }, act, now)),
]

/** And of one on a session, which has another `sid` there. */
export const sessionEntries = async (
  tx: Tx,
  sessionId: string,
  act: Act,
  now: Date,
): Promise<readonly NewRevocation[]> => [
  { ...act, kind: 'session', subject: sessionId },
  ...(await pairwiseEntries(tx, { sessionId }, act, now)),
]

const pairwiseEntries = async (
  tx: Tx,
  of: { readonly userId: string } | { readonly sessionId: string },
  { reason }: Act,
  now: Date,
): Promise<readonly NewRevocation[]> => {
  const marked = await markedFamilies(tx, of, now)
  const clients = await tx.client.findMany({
    where: {
      id: { in: [...new Set(marked.map(({ clientId }) => clientId))] },
      metadata: { path: ['subject_type'], equals: 'pairwise' },
    },
    select: { id: true },
  })
  const pairwise = new Set(clients.map(({ id }) => id))
  return familyEntries(
    marked.filter(({ clientId }) => pairwise.has(clientId)),
    reason,
  )
}

/** Each by its own name. */
export const familyEntries = (
  marked: readonly MarkedFamily[],
  reason: NewRevocation['reason'],
): readonly NewRevocation[] =>
  marked.map(({ id, tokensExpireAt }) => ({
    kind: 'family',
    subject: id,
    notBefore: undefined,
    sparedSessionId: undefined,
    reason,
    tokensExpireAt,
  }))
