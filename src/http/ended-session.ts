import type { FastifyReply } from 'fastify'
import type { SessionStore } from '../identity/stores.ts'
import type { Browser } from './browser.ts'

/**
 * Session Management 1.0 §3.2: what ended elsewhere changes the state of this browser when it comes. The cookie of a session
 * that another tab renewed, replaced or logged out of is left alone, as is one that nobody knows: that tab's answer has
 * set or removed it, and the answer to a request that left before would take the newer one away.
 */
export const clearEnded = async (
  tokenHash: Buffer,
  reply: FastifyReply,
  { sessions, browser }: { readonly sessions: Pick<SessionStore, 'endedElsewhere'>; readonly browser: Browser },
): Promise<void> => {
  if (await sessions.endedElsewhere(tokenHash)) browser.clearSession(reply)
}
