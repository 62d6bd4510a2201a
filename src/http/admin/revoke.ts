import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Administration, isBulk, type Revoked } from '../../administration/index.ts'
import type { Target } from '../../identity/ending.ts'
import { revokePage } from '../../pages/admin/revoke.tsx'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { PageError } from '../page-error.ts'
import { backTo, pairsOf, targetIn, withDone } from './addresses.ts'
import type { Door, Visit } from './door.ts'

export type RevokeOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly administration: Administration
  readonly base: string
}

type Again = Extract<Revoked, { is: 'unconfirmed' }>['why']

/** One thing ends by one form. What reaches further is shown first, and asks for a login of the last ten minutes. */
export const revoke = async (app: FastifyInstance, options: RevokeOptions): Promise<void> => {
  const { door, presenter, administration, base } = options

  /** @throws PageError */
  const asked = (from: URLSearchParams): Target => {
    const target = targetIn(from)
    if (!target) throw new PageError(400, 'not_found', 'invalid_request', 'no target that could be ended')
    return target
  }
  const missing = () => new PageError(404, 'not_found', 'not_found', 'there is no such thing to end')

  /** Who logged in long ago may be somebody who found the browser open. */
  const logInAgain = (request: FastifyRequest, reply: FastifyReply, { user }: Visit, target: Target) => {
    const next = `/admin/revoke?${new URLSearchParams(pairsOf(target).map(([name, value]) => [name, value]))}`
    return door.showLogin(request, reply.code(401), { next, known: { username: user.username } })
  }

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { frame, by, now }: Visit,
    target: Target,
    { from, again }: { readonly from: string | null; readonly again?: Again },
  ) => {
    const told = await administration.preview(target, by, now)
    if (!told) throw missing()
    const data = {
      frame,
      kind: target.of,
      name: await nameOf(target),
      ends: told.ends,
      of: pairsOf(target),
      confirmation: told.confirmation,
      from: from === null && target.of === 'user' ? `/admin/people/${target.id}` : backTo(from),
      again,
    }
    return presenter.send(request, reply, (presentation) => revokePage(data, presentation))
  }

  const username = async (id: string) => (await administration.user(id))?.username ?? id
  const clientName = async (id: string) => (await administration.client(id))?.name ?? id

  const nameOf = async (target: Target): Promise<string> => {
    switch (target.of) {
      case 'user':
        return username(target.id)
      case 'client':
        return clientName(target.id)
      case 'app':
        return `${await username(target.userId)}, ${await clientName(target.clientId)}`
      case 'all':
        return ''
      default:
        return target.id
    }
  }

  app.get('/admin/revoke', async (request, reply) => {
    const visit = await door.enter(request, reply)
    if (!visit) return reply
    const query = queryParameters(request)
    const target = asked(query)
    if (isBulk(target) && !visit.isFresh) return logInAgain(request, reply, visit, target)
    return show(request, reply, visit, target, { from: query.get('from') })
  })

  app.post('/admin/revoke', async (request, reply) => {
    const submitted = await door.submit(request, reply)
    if (!submitted) return reply
    const { visit, form } = submitted
    const target = asked(form)
    if (isBulk(target) && !visit.isFresh) return logInAgain(request, reply, visit, target)
    const result = await administration.revoke(target, visit.by, form.get('confirmation') ?? undefined, visit.now)
    if (result.is === 'missing') throw missing()
    if (result.is === 'unconfirmed')
      return show(request, reply.code(409), visit, target, { from: form.get('from'), again: result.why })
    return reply.redirect(base + withDone(backTo(form.get('from')), result.ended), 303)
  })
}
