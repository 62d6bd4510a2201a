import type { SessionEnd } from './stores.ts'

/**
 * What an act of a person or an administrator ends: sessions with everything that hangs on them, offline_access too. A
 * person who logs out ends less (`SessionStore.end`): what was granted to go on without them goes on.
 */
export type Target =
  | { readonly of: 'family'; readonly id: string }
  | { readonly of: 'session'; readonly id: string }
  | { readonly of: 'user'; readonly id: string; readonly sparedSessionId?: string | undefined }
  /** A person's consent to a client, and what it led to. */
  | { readonly of: 'app'; readonly userId: string; readonly clientId: string }
  | { readonly of: 'client'; readonly id: string }
  | { readonly of: 'all' }

/** Who acts, for the audit. */
export type Actor = {
  readonly userId: string | undefined
  /** A client that acts for itself, or the one through which the person acts. */
  readonly clientId?: string | undefined
  readonly through?: 'pages' | 'api' | 'command_line' | undefined
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

/** Whoever has the database's address, at the command line. */
export const operator: Actor = { userId: undefined, ip: undefined, userAgent: undefined, through: 'command_line' }

/** How many of each an act ends, or has ended. */
export type Ended = { readonly sessions: number; readonly families: number; readonly codes: number }

/** `not_me`, of a person: somebody else knows the password, so another one has to be chosen before the next login. */
export type EndReason = Extract<SessionEnd, 'revoked_by_user' | 'revoked_by_admin' | 'not_me'>

/** Each is one transaction: it marks what it ends and writes its entry of the revocation feed. */
export type EndingStore = {
  /** What `end` would end now. */
  preview(target: Target, now: Date): Promise<Ended>
  /**
   * Ends it, with one event that says who did it.
   * @returns undefined when there is nothing of that name
   */
  end(target: Target, reason: EndReason, by: Actor, now: Date): Promise<Ended | undefined>
}
