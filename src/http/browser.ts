import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Random, secret } from '../random.ts'
import { PageError } from './page-error.ts'

/**
 * What this server knows of a browser, logged in or not: a random cookie to which interactions and forms are bound, the
 * session's cookie, the mark of a device somebody has logged in on, and that of somebody who has to choose a password. One
 * more, which pages may read, changes with every login and logout and means nothing else.
 */
export type Browser = {
  /** The browser's id, set when it has none. */
  id(request: FastifyRequest, reply: FastifyReply): string
  /** SHA-256 of the id the browser came with; undefined when it came without. */
  hash(request: FastifyRequest): Buffer | undefined
  csrf(browserId: string): string
  /** S3: a form counts only when it comes from our own page in the same browser. @throws PageError 403 */
  checkForm(request: FastifyRequest, form: URLSearchParams): void
  session(request: FastifyRequest): string | undefined
  /** OpenID Connect Session Management 1.0 §3.2: the OP's browser state, set when there is none. */
  state(request: FastifyRequest, reply: FastifyReply): string
  /** The name of its cookie. */
  readonly stateCookie: string
  setSession(reply: FastifyReply, token: string): void
  clearSession(reply: FastifyReply): void
  device(request: FastifyRequest): string | undefined
  setDevice(reply: FastifyReply, token: string, seconds: number): void
  choice(request: FastifyRequest): string | undefined
  setChoice(reply: FastifyReply, token: string, seconds: number): void
  clearChoice(reply: FastifyReply): void
}

export const hashOf = (value: string): Buffer => createHash('sha256').update(value).digest()

export const createBrowser = (deps: {
  readonly issuer: string
  /** The first signs, all of them verify. */
  readonly secrets: readonly [Buffer, ...Buffer[]]
  readonly random: Random
}): Browser => {
  const { origin, protocol } = new URL(deps.issuer)
  // Safari drops Secure and __Host- cookies on http://localhost; anywhere else http is refused at start.
  const isSecure = protocol === 'https:'
  const name = (of: string) => (isSecure ? `__Host-tessera-${of}` : `tessera-${of}`)
  const attributes: CookieSerializeOptions = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' }
  // Read by a page of ours within a page of an app: it says nothing, opens nothing, and no decision reads it.
  const readable: CookieSerializeOptions = { ...attributes, httpOnly: false, sameSite: isSecure ? 'none' : 'lax' }
  const names = {
    browser: name('browser'),
    session: name('session'),
    state: name('state'),
    device: name('device'),
    choice: name('choice'),
  }

  const cookie = (request: FastifyRequest, of: keyof typeof names): string | undefined => request.cookies[names[of]]
  const newState = (reply: FastifyReply): string => {
    const fresh = deps.random.bytes(32).toString('base64url')
    reply.setCookie(names.state, fresh, readable)
    return fresh
  }
  const idOf = (request: FastifyRequest): string | undefined => {
    const value = cookie(request, 'browser')
    return value !== undefined && /^tsb_[\w-]{43}$/.test(value) ? value : undefined
  }
  const tokenBy = (key: Buffer, browserId: string): Buffer =>
    createHmac('sha256', key).update(`tessera form\0${browserId}`).digest()

  return {
    id(request, reply) {
      const known = idOf(request)
      if (known !== undefined) return known
      const fresh = secret(deps.random, 'tsb_')
      reply.setCookie(names.browser, fresh, attributes)
      return fresh
    },
    hash(request) {
      const id = idOf(request)
      return id === undefined ? undefined : hashOf(id)
    },
    csrf: (browserId) => tokenBy(deps.secrets[0], browserId).toString('base64url'),
    checkForm(request, form) {
      const { origin: from, 'sec-fetch-site': site } = request.headers
      // Browsers that send neither are caught by the token below; a lie in either cannot come from a browser.
      if (site !== undefined && site !== 'same-origin' && site !== 'none') throw PageError.forbidden('cross-site form')
      if (from !== undefined && from !== origin && from !== 'null') throw PageError.forbidden('form of another origin')
      const id = idOf(request)
      const sent = Buffer.from(form.get('csrf') ?? '', 'base64url')
      const isOurs =
        id !== undefined &&
        deps.secrets.some((key) => {
          const expected = tokenBy(key, id)
          return expected.length === sent.length && timingSafeEqual(expected, sent)
        })
      if (!isOurs) throw PageError.forbidden('the form carries no token of this browser')
    },
    session: (request) => cookie(request, 'session'),
    state(request, reply) {
      const known = cookie(request, 'state')
      return known !== undefined && /^[\w-]{43}$/.test(known) ? known : newState(reply)
    },
    stateCookie: names.state,
    setSession(reply, token) {
      reply.setCookie(names.session, token, attributes)
      newState(reply)
    },
    clearSession(reply) {
      reply.clearCookie(names.session, attributes)
      newState(reply)
    },
    device: (request) => cookie(request, 'device'),
    setDevice: (reply, token, seconds) => void reply.setCookie(names.device, token, { ...attributes, maxAge: seconds }),
    choice: (request) => cookie(request, 'choice'),
    setChoice: (reply, token, seconds) => void reply.setCookie(names.choice, token, { ...attributes, maxAge: seconds }),
    clearChoice: (reply) => void reply.clearCookie(names.choice, attributes),
  }
}
