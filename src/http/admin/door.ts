import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Actor } from '../../identity/ending.ts'
import { sessionHash } from '../../identity/session.ts'
import type { SessionStore, SignedIn } from '../../identity/stores.ts'
import type { AdminFrame } from '../../pages/admin/frame.tsx'
import { type LoginFailure, loginPage } from '../../pages/login.tsx'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { originOf } from '../origin.ts'
import { PageError } from '../page-error.ts'
import { doneIn } from './addresses.ts'

/** An administrator at the pages. */
export type Visit = SignedIn & {
  readonly now: Date
  readonly frame: AdminFrame
  readonly by: Actor
  /** Logged in within the last ten minutes: without that nothing big is ended. */
  readonly isFresh: boolean
}

/** Asked anew at every request: who is no administrator any more, or disabled, is let in no longer. */
export type Door = {
  /**
   * @returns undefined when the login was answered in the place of the page
   * @throws PageError 403 for whoever is no administrator
   */
  enter(request: FastifyRequest, reply: FastifyReply): Promise<Visit | undefined>
  /** For a form: it counts only for the person whom its page named. @throws PageError 403 for a form that is not ours */
  submit(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ readonly visit: Visit; readonly form: URLSearchParams } | undefined>
  /** @param known who has to show the password again */
  showLogin(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: {
      readonly next: string
      readonly known?: { readonly username: string } | undefined
      readonly username?: string
      readonly failure?: LoginFailure
    },
  ): FastifyReply
}

/** Seconds. */
const fresh = 600

export const createDoor = (deps: {
  readonly sessions: Pick<SessionStore, 'find'>
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly base: string
}): Door => {
  const { sessions, browser, presenter, clock, base } = deps

  const showLogin: Door['showLogin'] = (request, reply, asked) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { ...asked, csrf, action: `${base}/admin/login` }
    return presenter.send(request, reply, (presentation) => loginPage(data, presentation))
  }

  const find = async (request: FastifyRequest, reply: FastifyReply): Promise<Visit | undefined> => {
    const now = clock.now()
    const hash = sessionHash(browser.session(request))
    const found = hash && (await sessions.find(hash, now))
    if (!found) {
      const isPage = request.method === 'GET'
      showLogin(request, reply.code(401), { next: isPage ? request.url.slice(base.length) : '/admin' })
      return undefined
    }
    const { session, user } = found
    if (!user.admin) throw new PageError(403, 'denied', 'access_denied', 'the person is no administrator')
    const person = { userId: user.id, username: user.username }
    const csrf = browser.csrf(browser.id(request, reply))
    const by: Actor = { userId: user.id, through: 'pages', ...originOf(request) }
    const isFresh = now.getTime() - session.authenticatedAt.getTime() <= fresh * 1000
    const done = doneIn(queryParameters(request))
    return { session, user, now, by, isFresh, frame: { base, csrf, person, done } }
  }

  return {
    enter: find,
    async submit(request, reply) {
      const form = bodyOf(request)
      browser.checkForm(request, form)
      const visit = await find(request, reply)
      if (!visit) return undefined
      // S5: somebody else logged in after the page was shown, in another tab.
      if (form.get('person') !== visit.user.id) throw PageError.forbidden('the form was shown to somebody else')
      return { visit, form }
    },
    showLogin,
  }
}
