import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { type SessionPolicy, sessionHash, touched } from '../../identity/session.ts'
import type { SessionStore, SignedIn } from '../../identity/stores.ts'
import type { AccountFrame } from '../../pages/account/frame.tsx'
import { type LoginFailure, loginPage } from '../../pages/login.tsx'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import type { Presenter } from '../interaction/presentation.ts'

/** Somebody at their own pages. */
export type Visit = SignedIn & { readonly now: Date; readonly frame: AccountFrame }

/** Lets nobody else in: who is not logged in finds the login in the place of the page. */
export type Door = {
  /** @returns undefined when the answer has been sent */
  enter(request: FastifyRequest, reply: FastifyReply): Promise<Visit | undefined>
  /**
   * For a form: it counts only for the person whom its page named.
   * @returns undefined when the answer has been sent
   * @throws PageError 403 for a form that is not ours
   */
  submit(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ readonly visit: Visit; readonly form: URLSearchParams } | undefined>
  /** The login that leads to one of these pages, without any app. */
  showLogin(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: { readonly next: string; readonly username?: string; readonly failure?: LoginFailure },
  ): FastifyReply
}

export type DoorDependencies = {
  readonly sessions: Pick<SessionStore, 'find' | 'touch'>
  readonly policy: SessionPolicy
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly base: string
}

export const createDoor = (deps: DoorDependencies): Door => {
  const { sessions, policy, browser, presenter, clock, base } = deps

  const showLogin: Door['showLogin'] = (request, reply, asked) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { ...asked, csrf, action: `${base}/account/login` }
    return presenter.send(request, reply, (presentation) => loginPage(data, presentation))
  }

  const find = async (request: FastifyRequest, reply: FastifyReply): Promise<Visit | undefined> => {
    const now = clock.now()
    const hash = sessionHash(browser.session(request))
    const person = hash && (await sessions.find(hash, now))
    if (!person) {
      showLogin(request, reply.code(401), { next: request.routeOptions.url?.slice(base.length) ?? '/account' })
      return undefined
    }
    const { session, user } = person
    const idleExpiresAt = touched(session, policy, now)
    if (idleExpiresAt) await sessions.touch(session.id, now, idleExpiresAt)
    const csrf = browser.csrf(browser.id(request, reply))
    return { session, user, now, frame: { base, csrf, person: { userId: user.id, username: user.username } } }
  }

  return {
    enter: find,
    async submit(request, reply) {
      const form = bodyOf(request)
      browser.checkForm(request, form)
      const visit = await find(request, reply)
      if (!visit) return undefined
      // S5: somebody else logged in after the page was shown, in another tab.
      if (form.get('person') !== visit.user.id) {
        reply.redirect(`${base}/account`, 303)
        return undefined
      }
      return { visit, form }
    },
    showLogin,
  }
}
