import type { FastifyInstance } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import type { SessionStore } from '../../identity/stores.ts'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import type { Presenter } from '../interaction/presentation.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import { nextOf } from './addresses.ts'
import { createDoor } from './door.ts'
import { family } from './family.ts'
import { lists } from './lists.ts'
import { revoke } from './revoke.ts'

export type AdminOptions = {
  readonly administration: Administration
  readonly sessions: Pick<SessionStore, 'find'>
  readonly signIn: SignIn
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly base: string
}

/** What administrators see and end, by the very operations that the API has. Every page works without script. */
export const admin = async (app: FastifyInstance, options: AdminOptions): Promise<void> => {
  const { browser, signIn, clock, base } = options
  const door = createDoor(options)

  app.get('/admin', async (_request, reply) => reply.redirect(`${base}/admin/people`, 303))
  app.get('/admin/login', async (_request, reply) => reply.redirect(`${base}/admin/people`, 303))

  app.post('/admin/login', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const next = nextOf(form.get('next'))
    if (form.get('decision') === 'other') return door.showLogin(request, reply, { next })
    const typed = { username: form.get('username') ?? '', password: form.get('password') ?? '' }
    const result = await signIn.attempt(request, reply, typed, clock.now())
    if (result.is === 'signed-in') return reply.redirect(base + next, 303)
    if (result.is === 'choose') return reply.redirect(`${base}/account/new-password`, 303)
    const { failure, status } = result
    return door.showLogin(request, reply.code(status), { next, username: typed.username, failure })
  })

  await app.register(lists, { ...options, door })
  await app.register(family, { ...options, door })
  await app.register(revoke, { ...options, door })
}
