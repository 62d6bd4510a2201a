import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Passwords } from '../../identity/password.ts'
import { readChoice } from '../../identity/password-choice.ts'
import { Busy } from '../../identity/queue.ts'
import type { User, UserStore } from '../../identity/stores.ts'
import { choosePasswordPage, type PasswordFailure, passwordChosenPage } from '../../pages/account/password.tsx'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { originOf } from '../origin.ts'
import { hashed, minimumLength, typedFailure } from './password.ts'

export type NewPasswordOptions = {
  readonly browser: Browser
  readonly presenter: Presenter
  readonly passwords: Passwords
  readonly users: Pick<UserStore, 'find' | 'setPassword'>
  readonly secrets: readonly [Buffer, ...Buffer[]]
  readonly clock: Clock
  readonly base: string
}

type Failed = { readonly status: number; readonly failure: PasswordFailure }

const interactionOf = (parameters: URLSearchParams): string | undefined => {
  const id = parameters.get('interaction') ?? ''
  return /^tsi_[\w-]{43}$/.test(id) ? id : undefined
}

/** Whose password was left to others chooses another one here, before any session. */
export const newPassword = async (app: FastifyInstance, options: NewPasswordOptions): Promise<void> => {
  const { browser, presenter, passwords, users, secrets, clock, base } = options
  const path = `${base}/account/new-password`

  const after = (page: string, interaction: string | undefined): string =>
    interaction === undefined ? page : `${page}?interaction=${interaction}`
  const logIn = (interaction: string | undefined): string =>
    interaction === undefined ? `${base}/account` : after(`${base}/login`, interaction)

  /** Who proved the old password in this browser; it must still be the one that has to go. */
  const chooser = async (request: FastifyRequest, reply: FastifyReply, now: Date): Promise<User | undefined> => {
    const choice = readChoice(secrets, browser.choice(request), now)
    const user = choice && (await users.find(choice.userId))
    if (!user || user.disabledAt || !user.mustChoosePassword) return undefined
    return choice.proves(user, browser.id(request, reply)) ? user : undefined
  }

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    { username }: User,
    interaction: string | undefined,
    failed?: Failed,
  ) => {
    if (failed) reply.code(failed.status)
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { username, csrf, action: path, minimumLength, interaction, failure: failed?.failure }
    return presenter.send(request, reply, (presentation) => choosePasswordPage(data, presentation))
  }

  const isTheOld = async (user: User, chosen: string): Promise<boolean | Failed> => {
    try {
      return user.passwordHash !== undefined && (await passwords.verify(user.passwordHash, chosen))
    } catch (error) {
      if (!(error instanceof Busy)) throw error
      return { status: 503, failure: { is: 'busy', seconds: error.retryAfterSeconds } }
    }
  }

  app.get('/account/new-password', async (request, reply) => {
    const interaction = interactionOf(queryParameters(request))
    const user = await chooser(request, reply, clock.now())
    return user ? show(request, reply, user, interaction) : reply.redirect(logIn(interaction), 303)
  })

  app.post('/account/new-password', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const now = clock.now()
    const interaction = interactionOf(form)
    const user = await chooser(request, reply, now)
    if (!user) return reply.redirect(logIn(interaction), 303)
    const wrong = typedFailure(form)
    if (wrong) return show(request, reply, user, interaction, wrong)
    const chosen = form.get('password') ?? ''
    const old = await isTheOld(user, chosen)
    if (old === true) return show(request, reply, user, interaction, { status: 422, failure: { is: 'same' } })
    const hash = old === false ? await hashed(passwords, chosen) : old
    if (typeof hash !== 'string') return show(request, reply, user, interaction, hash)
    const by = { userId: user.id, through: 'pages', ...originOf(request) } as const
    const isFirst = await users.setPassword(user.id, hash, clock.now(), { proved: user, by })
    browser.clearChoice(reply)
    // Somebody else chose, or the account was closed: only the password that counts now leads on.
    if (!isFirst) return reply.redirect(logIn(interaction), 303)
    return reply.redirect(after(`${path}/done`, interaction), 303)
  })

  app.get('/account/new-password/done', async (request, reply) => {
    const data = { logIn: logIn(interactionOf(queryParameters(request))) }
    return presenter.send(request, reply, (presentation) => passwordChosenPage(data, presentation))
  })
}
