import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { EndingStore } from '../../identity/ending.ts'
import type { UserStore } from '../../identity/stores.ts'
import { notMePage } from '../../pages/account/not-me.tsx'
import type { LoginFailure } from '../../pages/login.tsx'
import type { Browser } from '../browser.ts'
import type { Presenter } from '../interaction/presentation.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import { originOf } from '../origin.ts'
import type { Door, Visit } from './door.ts'

export type NotMeOptions = {
  readonly door: Door
  readonly browser: Browser
  readonly presenter: Presenter
  readonly signIn: SignIn
  readonly endings: EndingStore
  readonly users: Pick<UserStore, 'find'>
  readonly clock: Clock
  readonly base: string
}

/**
 * "That wasn't me": whoever it was may know the password, so everything ends, and nobody is logged in until another
 * password is chosen, which this browser does next.
 */
export const notMe = async (app: FastifyInstance, options: NotMeOptions): Promise<void> => {
  const { door, browser, presenter, signIn, endings, users, clock, base } = options

  const show = async (request: FastifyRequest, reply: FastifyReply, visit: Visit, failure?: LoginFailure) => {
    const { sessions, families } = await endings.preview({ of: 'user', id: visit.user.id }, visit.now)
    const data = { ...visit.frame, devices: sessions, logins: families, failure }
    return presenter.send(request, reply, (presentation) => notMePage(data, presentation))
  }

  app.get('/account/not-me', async (request, reply) => {
    const visit = await door.enter(request, reply)
    return visit ? show(request, reply, visit) : reply
  })

  app.post('/account/not-me', async (request, reply) => {
    const submitted = await door.submit(request, reply)
    if (!submitted) return reply
    const { visit, form } = submitted
    const { user, now } = visit
    // Always: whoever finds an open browser must not end with an account of their own.
    const typed = { username: user.username, password: form.get('password') ?? '' }
    const proved = await signIn.prove(request, reply, typed, now)
    if (proved.is === 'failed') return show(request, reply.code(proved.status), visit, proved.failure)
    await endings.end({ of: 'user', id: user.id }, 'not_me', { userId: user.id, ...originOf(request) }, clock.now())
    browser.clearSession(reply)
    const distrusted = await users.find(user.id)
    if (distrusted) signIn.letChoose(request, reply, distrusted, now)
    return reply.redirect(`${base}/account/new-password`, 303)
  })
}
