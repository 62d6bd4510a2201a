import { recentLogin } from '../../administration/index.ts'
import type { Actor } from '../../identity/ending.ts'
import type { AdminFrame } from '../../pages/admin/frame.tsx'
import { createDoor, type DoorDependencies, type Guest, type Door as PersonalDoor } from '../door.ts'
import { queryParameters } from '../form-body.ts'
import { originOf } from '../origin.ts'
import { PageError } from '../page-error.ts'
import { doneIn } from './addresses.ts'

/** An administrator at the pages. */
export type Visit = Guest & {
  readonly frame: AdminFrame
  readonly by: Actor
  /** Logged in so recently that something big may be ended. */
  readonly isFresh: boolean
}

/** Who is no administrator any more, or disabled, is let in no longer. */
export type Door = PersonalDoor<Visit>

export const createAdminDoor = (deps: DoorDependencies): Door =>
  createDoor(deps, {
    login: '/admin/login',
    nextOf: ({ method, url }) => (method === 'GET' ? url.slice(deps.base.length) : '/admin'),
    admit(guest, request) {
      const { session, user, now, frame } = guest
      if (!user.admin) throw new PageError(403, 'denied', 'access_denied', 'the person is no administrator')
      const by: Actor = { userId: user.id, through: 'pages', ...originOf(request) }
      const isFresh = now.getTime() - session.authenticatedAt.getTime() <= recentLogin * 1000
      return { ...guest, by, isFresh, frame: { ...frame, done: doneIn(queryParameters(request)) } }
    },
    turnAway() {
      throw PageError.forbidden('the form was shown to somebody else')
    },
  })
