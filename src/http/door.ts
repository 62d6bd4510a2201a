import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { sessionHash } from '../identity/session.ts'
import type { SessionStore, SignedIn } from '../identity/stores.ts'
import { type LoginFailure, loginPage } from '../pages/login.tsx'
import type { Browser } from './browser.ts'
import { clearEnded } from './ended-session.ts'
import { bodyOf } from './form.ts'
import type { Presenter } from './interaction/presentation.ts'

/** Somebody logged in, and what the forms of their pages carry. */
export type Guest = SignedIn & {
  readonly now: Date
  readonly frame: {
    readonly base: string
    readonly csrf: string
    readonly person: { readonly userId: string; readonly username: string }
  }
}

/** Lets nobody else in: who is not logged in finds the login in the place of the page. Asked anew at every request. */
export type Door<Visit> = {
  /**
   * @returns undefined when the login was answered in the place of the page
   * @throws PageError 403 for whoever may not enter
   */
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
  /** The login that leads to one of these pages, without any app. @param known who has to show the password again */
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

export type DoorDependencies = {
  readonly sessions: Pick<SessionStore, 'find' | 'endedElsewhere'>
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly base: string
}

/** What one door does in its own way. */
export type DoorKeeper<Visit> = {
  /** Where the form of the login is sent, below the base. */
  readonly login: string
  /** Where a login leads on to that stands in the place of a page. */
  nextOf(request: FastifyRequest): string
  /** @throws PageError 403 for whoever may not enter */
  admit(guest: Guest, request: FastifyRequest): Visit | Promise<Visit>
  /** Answers, or throws, where somebody else logged in after the page was shown. */
  turnAway(reply: FastifyReply): void
}

export const createDoor = <Visit extends Guest>(deps: DoorDependencies, keeper: DoorKeeper<Visit>): Door<Visit> => {
  const { sessions, browser, presenter, clock, base } = deps

  const showLogin: Door<Visit>['showLogin'] = (request, reply, asked) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { ...asked, csrf, action: base + keeper.login }
    return presenter.send(request, reply, (presentation) => loginPage(data, presentation))
  }

  const enter: Door<Visit>['enter'] = async (request, reply) => {
    const now = clock.now()
    const hash = sessionHash(browser.session(request))
    const found = hash && (await sessions.find(hash, now))
    if (!found) {
      if (hash) await clearEnded(hash, reply, deps)
      showLogin(request, reply.code(401), { next: keeper.nextOf(request) })
      return undefined
    }
    const { session, user } = found
    const csrf = browser.csrf(browser.id(request, reply))
    const frame = { base, csrf, person: { userId: user.id, username: user.username } }
    return keeper.admit({ session, user, now, frame }, request)
  }

  return {
    enter,
    async submit(request, reply) {
      const form = bodyOf(request)
      browser.checkForm(request, form)
      const visit = await enter(request, reply)
      if (!visit) return undefined
      // S5: somebody else logged in after the page was shown, in another tab.
      if (form.get('person') === visit.user.id) return { visit, form }
      keeper.turnAway(reply)
      return undefined
    },
    showLogin,
  }
}
