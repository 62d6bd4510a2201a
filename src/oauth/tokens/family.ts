import { numericDate } from '../../clock.ts'
import { type Client, isBound, retryWindow } from '../client.ts'
import { entitled, leavesNothing } from '../entitlement.ts'
import { within } from '../scope.ts'
import type { Family, Origin } from '../stores.ts'
import { type FamilyEnd, theftEnds } from './family-end.ts'
import type { Half } from './pair.ts'
import { earlyRefresh, pairMismatch, retryElsewhere } from './suspicion.ts'

/** A refresh token as it was presented, with what was asked for. */
export type Presented = {
  readonly generation: number
  readonly clientId: string
  /** RFC 9449: the thumbprint of the proof's key, where there was a proof. */
  readonly jkt: string | undefined
  readonly cookieBound: boolean
  readonly scope: readonly string[] | undefined
  readonly resources: readonly string[] | undefined
  /** Whether the access token of the pair came with it; undefined where that is not asked of the client. */
  readonly half: Half | undefined
  readonly origin: Origin
}

/**
 * What became of a refresh token that the compare-and-set did not advance. The cases stand in the order in which they
 * are judged; the presenter comes before everything, because a wrong one must change nothing.
 */
export type Verdict =
  | { readonly is: 'unknown' | 'revoked' | 'expired' | 'exceeds_scope' | 'exceeds_resources' }
  /** The token is the live one and nothing speaks against it: whatever stopped the statement has passed. */
  | { readonly is: 'live' }
  | { readonly is: 'retried' | 'stale' | 'ahead' | 'replayed' }
  /** What a client's policy makes of a token that would be good: tokens/suspicion.ts. */
  | { readonly is: 'pair_mismatch' | 'retry_elsewhere' | 'early_refresh' }

export const judge = (family: Family | undefined, presented: Presented, client: Client, now: Date): Verdict => {
  if (!family?.refreshable || !isPresenter(family, presented)) return { is: 'unknown' }
  if (family.revokedAt) return { is: 'revoked' }
  if (family.idleExpiresAt <= now || family.absoluteExpiresAt <= now) return { is: 'expired' }

  const { generation: live, issuedAt } = family.live
  // The pair's second is whole, so its retries' are too: nobody has less than the window, and nobody a second more.
  const inWindow = numericDate(now) - numericDate(issuedAt) <= retryWindow(client, family)
  if (presented.generation > live) return { is: 'ahead' }
  if (presented.generation === live - 2 && inWindow) return { is: 'stale' }
  const isRetry = presented.generation === live - 1 && inWindow
  if (presented.generation < live && !isRetry) return { is: 'replayed' }
  // Before what is asked for: whoever lost a half is no better for asking too much.
  if (client.pair_binding === 'enforce' && pairMismatch(presented)) return { is: 'pair_mismatch' }

  const { scope, resources } = entitled(family, client)
  if (leavesNothing(family.scope, scope)) return { is: 'exceeds_scope' }
  if (presented.scope && !within(presented.scope, scope)) return { is: 'exceeds_scope' }
  if (!within(presented.resources ?? [], resources)) return { is: 'exceeds_resources' }
  if (!presented.resources && !hasDefault(family, scope, resources)) return { is: 'exceeds_resources' }
  if (isRetry)
    return {
      is: client.retry_elsewhere === 'revoke' && retryElsewhere(family, presented) ? 'retry_elsewhere' : 'retried',
    }
  // Under `reuse` a refresh token has many access tokens, and none of them says when the next is due.
  const mindsEarly = client.rotation === 'rotate' && client.early_refresh === 'revoke'
  return { is: mindsEarly && earlyRefresh(family, presented, client, now) ? 'early_refresh' : 'live' }
}

/** Why a verdict ends the family, or undefined where it does not. */
export const endOf = ({ is }: Verdict, family: Family, client: Client): FamilyEnd | undefined =>
  is === 'stale' && client.stale === 'refuse' && isBound(family) ? undefined : theftEnds.find((end) => end === is)

/** RFC 9068 §3, as resource.ts has it: the first resource that is left, or the issuer for whoever only logs in. */
const hasDefault = (family: Family, scope: readonly string[], resources: readonly string[]): boolean =>
  resources.length > 0 || (family.resources.length === 0 && scope.includes('openid'))

const isPresenter = (family: Family, { clientId, jkt, cookieBound }: Presented): boolean =>
  family.clientId === clientId && family.cookieBound === cookieBound && (!family.jkt || family.jkt === jkt)
