import type { FastifyReply, FastifyRequest } from 'fastify'
import { deviceLifetime, deviceToken } from '../../identity/device.ts'
import { passwordAcr as acr, type LoginResult, logIn } from '../../identity/login.ts'
import { choiceLifetime, choiceToken } from '../../identity/password-choice.ts'
import { newSession, renewedSession, type SessionPolicy, sessionHash } from '../../identity/session.ts'
import type { Session, SessionStore, User } from '../../identity/stores.ts'
import { parseUsername } from '../../identity/username.ts'
import type { LoginFailure } from '../../pages/login.tsx'
import type { Random } from '../../random.ts'
import type { Browser } from '../browser.ts'
import { clientAddress } from '../client-address.ts'
import { originOf } from '../origin.ts'

type Typed = { readonly username: string; readonly password: string }
type Failed = { readonly is: 'failed'; readonly status: number; readonly failure: LoginFailure }

/** `choose`: the password is right, and was left to others: nobody is logged in, and the browser may choose a new one. */
export type SignedInAs = { readonly is: 'signed-in' } | { readonly is: 'choose' } | Failed
export type Proved = { readonly is: 'proved'; readonly user: User } | Failed

/** What every form with a password goes through, whichever page it is on. */
export type SignIn = {
  /** Starts a session or renews the one there is. */
  attempt(request: FastifyRequest, reply: FastifyReply, typed: Typed, now: Date): Promise<SignedInAs>
  /** Looks at the password alone, as slowly and as seldom as for a login. */
  prove(request: FastifyRequest, reply: FastifyReply, typed: Typed, now: Date): Promise<Proved>
  /** S1: a new cookie for a session whose person has just proved the password. */
  renew(reply: FastifyReply, session: Session, now: Date): Promise<boolean>
  /** Lets this browser choose a new password for somebody who proved the old one. */
  letChoose(request: FastifyRequest, reply: FastifyReply, user: User, now: Date): void
}

export type SignInDependencies = {
  readonly browser: Browser
  readonly sessions: Pick<SessionStore, 'find' | 'renew' | 'create' | 'end'>
  readonly policy: SessionPolicy
  readonly logIn: Parameters<typeof logIn>[0]
  readonly random: Random
}

const statuses = { refused: 401, wait: 429, busy: 503 } as const

type Authenticated = Extract<LoginResult, { is: 'authenticated' }>

export const createSignIn = (deps: SignInDependencies): SignIn => {
  const { browser, sessions, policy, random } = deps

  const renewed = async (
    reply: FastifyReply,
    session: Session,
    amr: readonly string[],
    now: Date,
    forgive: readonly Buffer[],
  ) => {
    const { token, tokenHash, session: changed } = renewedSession(session, { amr, acr }, policy, random, now)
    if (!(await sessions.renew(session.id, tokenHash, changed, forgive))) return false
    browser.setSession(reply, token)
    return true
  }

  const look = async (
    request: FastifyRequest,
    reply: FastifyReply,
    typed: Typed,
    now: Date,
  ): Promise<Authenticated | Failed> => {
    const sent = { ...typed, ip: clientAddress(request), device: browser.device(request) }
    const result = await logIn(deps.logIn, sent, now)
    if (result.is === 'authenticated') return result
    if (result.is !== 'refused') reply.header('retry-after', String(result.seconds))
    else if (result.unreadableOf !== undefined)
      request.log.error({ event: 'alarm', user_id: result.unreadableOf }, 'a stored password hash cannot be read')
    return { is: 'failed', status: statuses[result.is], failure: result.is === 'refused' ? { is: 'wrong' } : result }
  }

  /** S1: a new cookie at each change of authority; the same person keeps the session, another one ends it. */
  const begin = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { user, amr, forgive }: Authenticated,
    now: Date,
  ): Promise<SignedInAs> => {
    const hash = sessionHash(browser.session(request))
    const current = hash && (await sessions.find(hash, now))
    const isSame = current?.user.id === user.id
    if (current && isSame && (await renewed(reply, current.session, amr, now, forgive))) return { is: 'signed-in' }
    const fresh = newSession({ userId: user.id, amr, acr, ...originOf(request) }, policy, random, now)
    // A renewal that came too late has taken the attempts back already.
    const created = await sessions.create(fresh.session, fresh.tokenHash, isSame ? [] : forgive, policy.limit)
    if (created === 'full') return { is: 'failed', status: 409, failure: { is: 'full' } }
    if (current && !isSame) await sessions.end(current.session.id, 'replaced', now)
    if (created === 'created') browser.setSession(reply, fresh.token)
    return { is: 'signed-in' }
  }

  const rememberDevice = (reply: FastifyReply, user: User, now: Date): void => {
    const key = parseUsername(user.username)?.key
    if (key === undefined) return
    browser.setDevice(reply, deviceToken(deps.logIn.deviceSecrets, key, random, now), deviceLifetime)
  }

  const letChoose: SignIn['letChoose'] = (request, reply, user, now) => {
    const token = choiceToken(deps.logIn.deviceSecrets, user, browser.id(request, reply), now)
    browser.setChoice(reply, token, choiceLifetime)
  }

  return {
    async attempt(request, reply, typed, now) {
      const result = await look(request, reply, typed, now)
      if (result.is === 'failed') return result
      if (result.user.mustChoosePassword) {
        await deps.logIn.logins.forgive(result.forgive)
        letChoose(request, reply, result.user, now)
        return { is: 'choose' }
      }
      const begun = await begin(request, reply, result, now)
      if (begun.is === 'signed-in') rememberDevice(reply, result.user, now)
      return begun
    },
    async prove(request, reply, typed, now) {
      const result = await look(request, reply, typed, now)
      if (result.is === 'failed') return result
      await deps.logIn.logins.forgive(result.forgive)
      return { is: 'proved', user: result.user }
    },
    renew: (reply, session, now) => renewed(reply, session, session.amr, now, []),
    letChoose,
  }
}
