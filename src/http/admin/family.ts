import type { FastifyInstance } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import { familyPage } from '../../pages/admin/family.tsx'
import { adminTexts } from '../../pages/texts/admin.ts'
import { isUuid } from '../../uuid.ts'
import { chainOf, endOf } from '../account/family-story.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { PageError } from '../page-error.ts'
import type { Door } from './door.ts'

export type FamilyOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly administration: Administration
}

/** The picture of a family: why it ended, and where a copy came back. */
export const family = async (app: FastifyInstance, { door, presenter, administration }: FamilyOptions) => {
  app.get<{ Params: { id: string } }>('/admin/families/:id', async (request, reply) => {
    const visit = await door.enter(request, reply)
    if (!visit) return reply
    const { id } = request.params
    const found = isUuid(id) ? await administration.family(id) : undefined
    if (!found) throw new PageError(404, 'not_found', 'not_found', 'there is no such family')
    const { history } = found
    const { userId, clientId, sessionId, scope, createdAt, lastUsedAt, absoluteExpiresAt } = history.family
    const names = await administration.usernames([userId])
    const client = await administration.client(clientId)
    const data = {
      frame: visit.frame,
      id,
      userId,
      username: names.get(userId) ?? userId,
      clientId,
      app: client?.name ?? clientId,
      sessionId,
      scope,
      began: createdAt,
      lastUsed: lastUsedAt,
      endsAtLatest: absoluteExpiresAt,
      end: endOf(history, visit.now),
    }
    return presenter.send(request, reply, (presentation) => {
      const { language } = presentation
      const chain = chainOf(history, language, adminTexts[language], visit.now)
      return familyPage({ ...data, chain }, presentation)
    })
  })
}
