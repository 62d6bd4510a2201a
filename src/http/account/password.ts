import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { newPasswordFault, type Passwords } from '../../identity/password.ts'
import { Busy } from '../../identity/queue.ts'
import type { UserStore } from '../../identity/stores.ts'
import { type PasswordFailure, passwordPage } from '../../pages/account/password.tsx'
import type { LoginFailure } from '../../pages/login.tsx'
import type { Presenter } from '../interaction/presentation.ts'
import type { SignIn } from '../interaction/sign-in.ts'
import { originOf } from '../origin.ts'
import type { Door, Visit } from './door.ts'

export type PasswordOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly signIn: SignIn
  readonly passwords: Passwords
  readonly users: Pick<UserStore, 'setPassword'>
  readonly clock: Clock
  readonly base: string
}

export const minimumLength = 8

type Failed = { readonly status: number; readonly failure: PasswordFailure }

/** What is wrong with a new password before anything is hashed. */
export const typedFailure = (form: URLSearchParams): Failed | undefined => {
  const password = form.get('password') ?? ''
  if (password !== form.get('password_again')) return { status: 422, failure: { is: 'mismatch' } }
  return newPasswordFault(password) ? { status: 422, failure: { is: 'unusable' } } : undefined
}

/** @returns the new password's hash, or why there is none now */
export const hashed = async (passwords: Passwords, password: string): Promise<string | Failed> => {
  try {
    return await passwords.hash(password)
  } catch (error) {
    if (!(error instanceof Busy)) throw error
    return { status: 503, failure: { is: 'busy', seconds: error.retryAfterSeconds } }
  }
}

const ofLogin = (failure: LoginFailure): PasswordFailure => ('seconds' in failure ? failure : { is: 'current' })

/** A new password for the old one, which is looked at as at a login. Everything else of the person ends. */
export const password = async (app: FastifyInstance, options: PasswordOptions): Promise<void> => {
  const { door, presenter, signIn, passwords, users, clock, base } = options

  const show = (request: FastifyRequest, reply: FastifyReply, { frame }: Visit, failed?: Failed) => {
    if (failed) reply.code(failed.status)
    const data = { ...frame, minimumLength, failure: failed?.failure }
    return presenter.send(request, reply, (presentation) => passwordPage(data, presentation))
  }

  app.get('/account/password', async (request, reply) => {
    const visit = await door.enter(request, reply)
    return visit ? show(request, reply, visit) : reply
  })

  app.post('/account/password', async (request, reply) => {
    const submitted = await door.submit(request, reply)
    if (!submitted) return reply
    const { visit, form } = submitted
    const { user, session, now } = visit
    const wrong = typedFailure(form)
    if (wrong) return show(request, reply, visit, wrong)

    const current = form.get('current') ?? ''
    const proved = await signIn.prove(request, reply, { username: user.username, password: current }, now)
    if (proved.is === 'failed')
      return show(request, reply, visit, { status: proved.status, failure: ofLogin(proved.failure) })
    const chosen = form.get('password') ?? ''
    if (chosen.normalize('NFKC') === current.normalize('NFKC'))
      return show(request, reply, visit, { status: 422, failure: { is: 'same' } })

    const hash = await hashed(passwords, chosen)
    if (typeof hash !== 'string') return show(request, reply, visit, hash)
    // To hash takes a while: what began meanwhile with the old password began before the change.
    const changedAt = clock.now()
    const by = { userId: user.id, through: 'pages', ...originOf(request) } as const
    // Whoever was overtaken has to prove the password that counts now.
    if (!(await users.setPassword(user.id, hash, changedAt, { spare: session.id, proved: proved.user, by })))
      return show(request, reply, visit, { status: 409, failure: { is: 'current' } })
    await signIn.renew(reply, session, changedAt)
    return reply.redirect(`${base}/account?done=password`, 303)
  })
}
