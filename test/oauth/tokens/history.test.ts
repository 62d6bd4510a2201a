import t from 'tap'
import { endOfFamily } from '../../../src/oauth/tokens/history.ts'
import { aFamily } from '../../support/families.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour))
/** Idle at three, over at six. */
const family = (given: Parameters<typeof aFamily>[0] = {}) =>
  aFamily({ idleExpiresAt: at(3), absoluteExpiresAt: at(6), ...given })
const revoked = (hour: number) => family({ revokedAt: at(hour), revokeReason: 'revoked_by_admin' })

t.test('a login ended of what came first, whatever act met it later', async (t) => {
  for (const [what, given, session, now, expected] of [
    ['it lives', family(), undefined, 2, undefined],
    ['nobody refreshed', family(), undefined, 4, ['idle', 3]],
    ['at the very instant', family(), undefined, 3, ['idle', 3]],
    ['its session was not used', family(), 3, 4, ['session_idle', 3]],
    ['its session would have lasted', family(), 5, 4, ['idle', 3]],
    ['it goes on without its session', family({ offline: true }), 2, 4, ['idle', 3]],
    ['its time was over', family({ idleExpiresAt: at(9) }), 9, 7, ['over', 6]],
    ['idle long before its time was over', family(), undefined, 7, ['idle', 3]],
    ['both at once', family({ idleExpiresAt: at(6) }), undefined, 7, ['over', 6]],
    ['an act', revoked(2), undefined, 4, ['revoked_by_admin', 2]],
    ['an act at the instant it ran out', revoked(3), undefined, 4, ['revoked_by_admin', 3]],
    ['an act after that', revoked(4), undefined, 5, ['idle', 3]],
    ['an act of a server whose clock is ahead', revoked(2), undefined, 1, ['revoked_by_admin', 2]],
  ] as const) {
    const history = { family: given, sessionIdleExpiresAt: session && at(session) }
    const end = endOfFamily(history, at(now))
    t.same(end, expected && { reason: expected[0], at: at(expected[1]) }, what)
  }
})
