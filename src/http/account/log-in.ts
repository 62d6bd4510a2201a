import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import type { Door } from './door.ts'

export type LogInOptions = {
  readonly door: Door
  readonly browser: Browser
  readonly signIn: SignIn
  readonly clock: Clock
  readonly base: string
}

/** A form says where to go on: to a page of this server that is a person's own, and nowhere else. */
const nextOf = (form: URLSearchParams): string => {
  const next = form.get('next') ?? ''
  return /^\/account\/(password|ended|not-me)$/.test(next) ? next : '/account'
}

/** The login without any app, to one's own pages. */
export const logInToAccount = async (app: FastifyInstance, options: LogInOptions): Promise<void> => {
  const { door, browser, signIn, clock, base } = options

  app.get('/account/login', async (_request, reply) => reply.redirect(`${base}/account`, 303))

  app.post('/account/login', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const typed = { username: form.get('username') ?? '', password: form.get('password') ?? '' }
    const next = nextOf(form)
    const result = await signIn.attempt(request, reply, typed, clock.now())
    if (result.is === 'signed-in') return reply.redirect(base + next, 303)
    if (result.is === 'choose') return reply.redirect(`${base}/account/new-password`, 303)
    const { failure, status } = result
    return door.showLogin(request, reply.code(status), { next, username: typed.username, failure })
  })
}
