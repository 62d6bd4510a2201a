import type { FastifyReply } from 'fastify'
import type { SessionStore } from '../identity/stores.ts'
import type { Browser } from './browser.ts'

/**
 * Session Management 1.0 §3.2: what ended elsewhere changes the state of this browser when it comes. A cookie that no
 * session has is left alone: a login in another tab may have taken its place meanwhile, and the browser would lose the new
 * one by the answer to the old.
 */
export const clearEnded = async (
  tokenHash: Buffer,
  reply: FastifyReply,
  { sessions, browser }: { readonly sessions: Pick<SessionStore, 'isKnown'>; readonly browser: Browser },
): Promise<void> => {
  if (await sessions.isKnown(tokenHash)) browser.clearSession(reply)
}
