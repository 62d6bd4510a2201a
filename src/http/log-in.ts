import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Browser } from './browser.ts'
import type { Door } from './door.ts'
import { bodyOf } from './form.ts'
import type { SignIn } from './interaction/sign-in.ts'

export type LogInOptions = {
  readonly door: Pick<Door<unknown>, 'showLogin'>
  readonly browser: Browser
  readonly signIn: SignIn
  readonly clock: Clock
  readonly base: string
}

/**
 * The login without any app, to the pages behind a door.
 * @param nextOf where a form that says this leads on: to one of these pages and no other address
 */
export const answerLogin = (
  app: FastifyInstance,
  path: string,
  nextOf: (next: string | null) => string,
  { door, browser, signIn, clock, base }: LogInOptions,
): void => {
  app.post(path, async (request, reply) => {
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
}
