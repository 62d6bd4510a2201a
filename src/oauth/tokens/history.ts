import { earlier } from '../../clock.ts'
import type { Family, Origin } from '../stores.ts'

/** A row of the ledger: one pair that was issued. For people to see; no decision reads it. */
export type LedgerEntry = {
  readonly generation: number
  readonly jti: string
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly verdict: string
  /** How often it was answered again. */
  readonly retries: number
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

/**
 * @property ending who presented what, where an event says it: the thief or the owner, nobody knows
 * @property sessionIdleExpiresAt of the session it began in, while that is remembered
 */
export type FamilyHistory = {
  readonly family: Family
  /** Of what the ledger still has the first pair, the one that came back, and the newest 200, in their order. */
  readonly pairs: readonly LedgerEntry[]
  readonly ending: (Origin & { readonly presented: number | undefined }) | undefined
  readonly sessionIdleExpiresAt: Date | undefined
}

/** Whether it is the idle session that bounds it, and not what its client was allowed: no refresh prolongs that. */
export const expiresWithSession = ({ family, sessionIdleExpiresAt }: Expiring): boolean =>
  !family.offline && sessionIdleExpiresAt !== undefined && sessionIdleExpiresAt <= family.idleExpiresAt

/** Whatever came first: what had run out when an act met it, the act did not end. */
export const endOfFamily = (
  history: Expiring,
  now: Date,
): { readonly at: Date; readonly reason: string | undefined } | undefined => {
  const { revokedAt, revokeReason, idleExpiresAt, absoluteExpiresAt } = history.family
  const ranOutAt = earlier(idleExpiresAt, absoluteExpiresAt)
  if (revokedAt && (revokedAt <= ranOutAt || ranOutAt > now)) return { at: revokedAt, reason: revokeReason }
  if (ranOutAt > now) return undefined
  if (absoluteExpiresAt <= ranOutAt) return { at: ranOutAt, reason: 'over' }
  return { at: ranOutAt, reason: expiresWithSession(history) ? 'session_idle' : 'idle' }
}

type Expiring = {
  readonly family: Pick<Family, 'revokedAt' | 'revokeReason' | 'idleExpiresAt' | 'absoluteExpiresAt' | 'offline'>
  readonly sessionIdleExpiresAt: Date | undefined
}

export type HistoryStore = { show(id: string): Promise<FamilyHistory | undefined> }
