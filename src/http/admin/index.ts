import type { FastifyInstance } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import type { SessionStore } from '../../identity/stores.ts'
import type { Browser } from '../browser.ts'
import type { Presenter } from '../interaction/presentation.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import { answerLogin } from '../log-in.ts'
import { nextOf } from './addresses.ts'
import { createAdminDoor } from './door.ts'
import { family } from './family.ts'
import { lists } from './lists.ts'
import { logouts } from './logouts.ts'
import { revoke } from './revoke.ts'

export type AdminOptions = {
  readonly administration: Administration
  readonly sessions: Pick<SessionStore, 'find' | 'endedElsewhere'>
  readonly signIn: SignIn
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly base: string
}

/** What administrators see and end, by the very operations that the API has. Every page works without script. */
export const admin = async (app: FastifyInstance, options: AdminOptions): Promise<void> => {
  const { base } = options
  const door = createAdminDoor(options)

  app.get('/admin', async (_request, reply) => reply.redirect(`${base}/admin/people`, 303))
  app.get('/admin/login', async (_request, reply) => reply.redirect(`${base}/admin/people`, 303))

  answerLogin(app, '/admin/login', nextOf, { ...options, door })

  await app.register(lists, { ...options, door })
  await app.register(family, { ...options, door })
  await app.register(logouts, { ...options, door })
  await app.register(revoke, { ...options, door })
}
