import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { sessionHash } from '../../identity/session.ts'
import type { SessionStore } from '../../identity/stores.ts'
import { accountPage } from '../../pages/account.tsx'
import type { Browser } from '../browser.ts'
import { PageError } from '../page-error.ts'
import type { Presenter } from './presentation.ts'

export type AccountOptions = {
  readonly sessions: SessionStore
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly basePath: string
}

/** Who is logged in here, and the way out. */
export const account = async (app: FastifyInstance, options: AccountOptions): Promise<void> => {
  const { sessions, browser, presenter, clock, basePath } = options

  app.get('/account', async (request, reply) => {
    const hash = sessionHash(browser.session(request))
    const person = hash && (await sessions.find(hash, clock.now()))
    if (!person) throw new PageError(401, 'denied', 'login_required', 'nobody is logged in')
    const { user, session } = person
    const data = {
      username: user.username,
      name: textOf(user.claims.name),
      email: textOf(user.claims.email),
      since: session.authenticatedAt,
      administrator: user.admin,
      csrf: browser.csrf(browser.id(request, reply)),
      logOutAction: `${basePath}/logout`,
    }
    return presenter.send(request, reply, (presentation) => accountPage(data, presentation))
  })
}

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)
