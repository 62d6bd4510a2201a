import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { type Random, secret } from '../../random.ts'
import type { Login, Tokens } from './relying-party.ts'

/** What the app knows of one browser. */
export type DemoSession = {
  readonly csrf: string
  /** Logins that have begun, by their `state`: each tab may have one. */
  readonly logins: LRUCache<string, Login>
  tokens: Tokens | undefined
  claims: Readonly<Record<string, unknown>>
  /** What the demo API said last. */
  answer: { readonly status: number; readonly body: string } | undefined
}

export type DemoSessions = {
  find(request: FastifyRequest): DemoSession | undefined
  /** The browser's session, begun when it has none. */
  begin(request: FastifyRequest, reply: FastifyReply): DemoSession
  /** A session for somebody who has just logged in, under a new id: one that was planted before is worth nothing. */
  renew(request: FastifyRequest, reply: FastifyReply): DemoSession
  end(request: FastifyRequest, reply: FastifyReply): void
}

const name = 'tessera-demo'

/** In memory and bounded: a demonstration forgets at its next start. */
export const createDemoSessions = (deps: { readonly isSecure: boolean; readonly random: Random }): DemoSessions => {
  const { isSecure, random } = deps
  const attributes = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' } as const
  const sessions = new LRUCache<string, DemoSession>({ max: 1000 })
  const idOf = (request: FastifyRequest): string => request.cookies[name] ?? ''

  const create = (reply: FastifyReply): DemoSession => {
    const id = secret(random, 'tds_')
    const session: DemoSession = {
      csrf: random.bytes(32).toString('base64url'),
      logins: new LRUCache({ max: 5 }),
      tokens: undefined,
      claims: {},
      answer: undefined,
    }
    sessions.set(id, session)
    reply.setCookie(name, id, attributes)
    return session
  }

  return {
    find: (request) => sessions.get(idOf(request)),
    begin: (request, reply) => sessions.get(idOf(request)) ?? create(reply),
    renew(request, reply) {
      sessions.delete(idOf(request))
      return create(reply)
    },
    end(request, reply) {
      sessions.delete(idOf(request))
      reply.clearCookie(name, attributes)
    },
  }
}

/** A form counts only when it comes from our own page, in the same session. */
export const isOwnForm = (session: DemoSession, form: URLSearchParams): boolean => {
  const expected = Buffer.from(session.csrf)
  const sent = Buffer.from(form.get('csrf') ?? '')
  return sent.length === expected.length && timingSafeEqual(sent, expected)
}
