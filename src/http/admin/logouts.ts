import type { FastifyInstance } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import { type SeenDelivery, stateOf } from '../../oauth/logout/stores.ts'
import { type LogoutShown, logoutsPage } from '../../pages/admin/logouts.tsx'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { PageError } from '../page-error.ts'
import type { Door } from './door.ts'

export type LogoutsOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly administration: Pick<Administration, 'logouts' | 'tellAgain'>
  readonly clock: Clock
  readonly base: string
}

const perPage = 25
const path = '/admin/logouts'

const shown = (delivery: SeenDelivery): LogoutShown => ({
  id: delivery.id,
  userId: delivery.userId,
  person: delivery.username ?? delivery.userId,
  app: delivery.clientName ?? delivery.clientId,
  ended: delivery.createdAt,
  attempts: delivery.attempts,
  state: stateOf(delivery),
  outcome: delivery.outcome,
  next: delivery.nextAttemptAt,
})

/** The log of what apps were told by the back channel, and one more attempt where somebody asks for it. */
export const logouts = async (app: FastifyInstance, options: LogoutsOptions): Promise<void> => {
  const { door, presenter, administration, clock, base } = options

  app.get(path, async (request, reply) => {
    const visit = await door.enter(request, reply)
    if (!visit) return reply
    const query = queryParameters(request)
    const after = query.get('after') ?? undefined
    const { items, next } = await administration.logouts({ after, limit: perPage })
    const data = {
      frame: visit.frame,
      logouts: items.map(shown),
      asked: query.has('asked'),
      next: next === undefined ? undefined : `${base}${path}?after=${next}`,
      first: after === undefined ? undefined : base + path,
    }
    return presenter.send(request, reply, (presentation) => logoutsPage(data, presentation))
  })

  app.post(path, async (request, reply) => {
    const submitted = await door.submit(request, reply)
    if (!submitted) return reply
    if (!(await administration.tellAgain(submitted.form.get('id') ?? '', clock.now())))
      throw new PageError(404, 'not_found', 'not_found', 'there is no such delivery')
    return reply.redirect(`${base}${path}?asked`, 303)
  })
}
