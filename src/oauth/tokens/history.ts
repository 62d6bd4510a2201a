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

/** @property ending who presented what, where an event says it: the thief or the owner, nobody knows */
export type FamilyHistory = {
  readonly family: Family
  /** Of what the ledger still has the first pair, the one that came back, and the newest 200, in their order. */
  readonly pairs: readonly LedgerEntry[]
  readonly ending: (Origin & { readonly presented: number | undefined }) | undefined
}

export type HistoryStore = { show(id: string): Promise<FamilyHistory | undefined> }
