import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { NoticeStore } from '../../identity/account.ts'
import type { EndingStore, Target } from '../../identity/ending.ts'
import type { SessionStore } from '../../identity/stores.ts'
import type { Done } from '../../pages/account/overview.tsx'
import { originOf } from '../origin.ts'
import type { Door, Visit } from './door.ts'

export type ActsOptions = {
  readonly door: Door
  readonly sessions: Pick<SessionStore, 'list'>
  readonly endings: EndingStore
  readonly notices: NoticeStore
  readonly base: string
}

/** One form, one act, and back to the page that shows what is left. */
export const acts = async (app: FastifyInstance, options: ActsOptions): Promise<void> => {
  const { door, sessions, endings, notices, base } = options

  /** @param act what it did, or undefined when there was nothing to do */
  const on = (
    path: string,
    act: (visit: Visit, form: URLSearchParams, request: FastifyRequest) => Promise<Done | undefined>,
  ) =>
    app.post(`/account/${path}`, async (request, reply) => {
      const submitted = await door.submit(request, reply)
      if (!submitted) return reply
      const done = await act(submitted.visit, submitted.form, request)
      return reply.redirect(`${base}/account${done ? `?done=${done}` : ''}`, 303)
    })

  const end = async (target: Target, { user, now }: Visit, request: FastifyRequest) => {
    const by = { userId: user.id, ...originOf(request) }
    return (await endings.end(target, 'revoked_by_user', by, now)) !== undefined
  }

  on('end-session', async (visit, form, request) => {
    const alive = await sessions.list({ userId: visit.user.id, limit: 1000 }, visit.now)
    // Only one's own, and not this one: that is what logging out is for.
    const id = alive.find((session) => session.id === form.get('session') && session.id !== visit.session.id)?.id
    return id !== undefined && (await end({ of: 'session', id }, visit, request)) ? 'device' : undefined
  })

  on('end-others', async (visit, _form, request) => {
    const target = { of: 'user', id: visit.user.id, sparedSessionId: visit.session.id } as const
    return (await end(target, visit, request)) ? 'others' : undefined
  })

  on('disconnect', async (visit, form, request) => {
    const clientId = form.get('client')
    // RFC 6749 Appendix A.1: what no client is called is not written down as one.
    if (clientId === null || !/^[\x20-\x7e]{1,128}$/.test(clientId)) return undefined
    return (await end({ of: 'app', userId: visit.user.id, clientId }, visit, request)) ? 'app' : undefined
  })

  on('seen', async ({ user, now }, form) => {
    const id = form.get('notice') ?? ''
    if (/^\d{1,18}$/.test(id)) await notices.see(user.id, BigInt(id), now)
    return undefined
  })
}
