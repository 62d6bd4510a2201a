import { networkOf } from '../../network.ts'
import type { Client } from '../client.ts'
import { entitled } from '../entitlement.ts'
import type { Family, Observation } from '../stores.ts'
import type { Presented } from './family.ts'
import { sameSet } from './pair.ts'

/**
 * Signs that a refresh token is in two hands. None proves it, so each is a client's policy: to observe, or to end the
 * family. Each function gives what the event says, or undefined where there is no sign.
 */
type Detail = Observation['detail']

/** The token came without the access token it was issued with. */
export const pairMismatch = ({ generation, half }: Presented): Detail | undefined =>
  half === undefined || half === 'matched' ? undefined : { presented: generation, half }

/** A retry from another network or device than the rotation. */
export const retryElsewhere = ({ ip, userAgent }: Family, { generation, origin }: Presented): Detail | undefined =>
  networkOf(ip) === networkOf(origin.ip) && userAgent === origin.userAgent
    ? undefined
    : {
        presented: generation,
        ...(ip !== undefined && { rotated_ip: ip }),
        ...(userAgent !== undefined && { rotated_user_agent: userAgent }),
      }

/**
 * More than half of the access token's life is left, and it is asked for again. A request for another API is not early:
 * the two take turns. The statement in storage/family-refresh.ts says the same.
 */
export const earlyRefresh = (
  family: Family,
  { generation, resources }: Presented,
  client: Client,
  now: Date,
): Detail | undefined => {
  const { issuedAt, expiresAt, audience } = family.live
  const remaining = expiresAt.getTime() - now.getTime()
  const lifetime = expiresAt.getTime() - issuedAt.getTime()
  const asked = resources ?? entitled(family, client).resources.slice(0, 1)
  const isAnotherApi = family.resources.length > 0 && !sameSet(asked, audience)
  if (remaining * 2 <= lifetime || isAnotherApi) return undefined
  return { presented: generation, remaining: Math.floor(remaining / 1000), lifetime: Math.floor(lifetime / 1000) }
}
