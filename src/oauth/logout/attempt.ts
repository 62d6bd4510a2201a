import { later } from '../../clock.ts'
import type { Attempted, Delivery } from './stores.ts'

/** What came of one attempt. `unsent`: it failed on our side. `gone`: there is nobody to be told any more. */
export type Result =
  | { readonly is: 'answered'; readonly status: number }
  | { readonly is: 'unanswered' | 'unsent' }
  | { readonly is: 'gone' }

/** Seconds from the end of the session until nobody is bothered any more. */
const patience = 86_400
const longestPause = 3600
/** A client that understands the token and says no will go on doing so; once or twice it may have been out of order. */
const mostRefusals = 3

/** When it is tried again after so many attempts: after 5 seconds, 10, 20, and at last every hour. */
const pauseAfter = (attempts: number): number => Math.min(longestPause, 5 * 2 ** Math.min(attempts - 1, 16))

/** Pure: what becomes of a delivery. */
export const attempted = (result: Result, { attempts, createdAt }: Delivery, now: Date): Attempted => {
  const over = { deliveredAt: undefined, nextAttemptAt: undefined }
  if (result.is === 'gone') return { ...over, outcome: 'no_client' }
  // Back-Channel Logout §2.8: 200, "however, note that some Web frameworks will substitute" 204.
  if (result.is === 'answered' && (result.status === 200 || result.status === 204))
    return { ...over, outcome: 'delivered', deliveredAt: now }
  const outcome = result.is === 'answered' ? `http_${result.status}` : result.is
  if (result.is === 'answered' && result.status === 400 && attempts >= mostRefusals) return { ...over, outcome }
  const nextAttemptAt = later(now, pauseAfter(attempts))
  return nextAttemptAt <= later(createdAt, patience) ? { ...over, outcome, nextAttemptAt } : { ...over, outcome }
}
