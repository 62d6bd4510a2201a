import { type SessionPolicy, touched } from '../../identity/session.ts'
import type { SessionStore } from '../../identity/stores.ts'
import { createDoor, type DoorDependencies, type Guest, type Door as PersonalDoor } from '../door.ts'

/** Somebody at their own pages. */
export type Visit = Guest
export type Door = PersonalDoor<Visit>

export type AccountDoorDependencies = DoorDependencies & {
  readonly sessions: Pick<SessionStore, 'find' | 'endedElsewhere' | 'touch'>
  readonly policy: SessionPolicy
}

export const createAccountDoor = (deps: AccountDoorDependencies): Door => {
  const { sessions, policy, base } = deps
  return createDoor(deps, {
    login: '/account/login',
    nextOf: ({ routeOptions }) => routeOptions.url?.slice(base.length) ?? '/account',
    async admit(guest) {
      const { session, now } = guest
      const idleExpiresAt = touched(session, policy, now)
      if (idleExpiresAt) await sessions.touch(session.id, now, idleExpiresAt)
      return guest
    },
    turnAway: (reply) => reply.redirect(`${base}/account`, 303),
  })
}
