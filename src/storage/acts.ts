import type { Actor, Ended, Target } from '../identity/ending.ts'
import type { SessionEnd } from '../identity/stores.ts'
import type { FamilyEnd } from '../oauth/tokens/family-end.ts'
import type { Prisma } from './prisma/client.ts'

/** @property of whose tokens they were */
export type Act = {
  readonly target: Target
  readonly of: { readonly userId?: string; readonly clientId?: string }
  readonly reason: SessionEnd | FamilyEnd
  readonly by: Actor
  readonly at: Date
}

/** O10: one event for an act, however much it ended: who did it, from where, and why. */
export const recordAct = async (
  tx: Prisma.TransactionClient,
  { target, of, reason, by, at }: Act,
  { sessions, families, codes }: Ended,
): Promise<void> => {
  const means = { ...(by.clientId && { byClient: by.clientId }), ...(by.through && { through: by.through }) }
  const detail = { target: target.of, reason, by: by.userId ?? null, ...means, sessions, families, codes }
  const ids = {
    ...(target.of === 'family' ? { familyId: target.id } : {}),
    ...(target.of === 'session' ? { sessionId: target.id } : {}),
  }
  const origin = { ip: by.ip ?? null, userAgent: by.userAgent ?? null }
  await tx.event.create({ data: { at, kind: 'revoked', ...of, ...ids, ...origin, detail } })
}
