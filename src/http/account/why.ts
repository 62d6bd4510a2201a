import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../clock.ts'
import { sessionHash } from '../../identity/session.ts'
import type { SessionStore } from '../../identity/stores.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import type { FamilyHistory, HistoryStore } from '../../oauth/tokens/history.ts'
import { whyPage, whyStrangerPage } from '../../pages/family/page.tsx'
import { accountTexts } from '../../pages/texts/account.ts'
import { isUuid } from '../../uuid.ts'
import type { Browser } from '../browser.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { chainOf, endOf } from './family-story.ts'

export type WhyOptions = {
  readonly sessions: Pick<SessionStore, 'find'>
  readonly families: HistoryStore
  readonly clients: ClientStore
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly basePath: string
}

/** The id of a family or of a request, and nothing else that somebody would like to see on our page. */
const printable = /^[\w-]{1,64}$/

/**
 * Where the `error_uri` of an `invalid_grant` leads (RFC 6749 §5.2): to the person whose login it was, why it ended. To
 * everybody else all numbers look alike.
 */
export const why = async (app: FastifyInstance, options: WhyOptions): Promise<void> => {
  const { sessions, families, clients, browser, presenter, clock, basePath } = options

  app.get<{ Params: { id: string } }>('/why/:id', async (request, reply) => {
    const now = clock.now()
    const id = printable.test(request.params.id) ? request.params.id : '–'
    const accountPath = `${basePath}/account`
    const hash = sessionHash(browser.session(request))
    const person = hash && (await sessions.find(hash, now))
    const history: FamilyHistory | undefined = person && isUuid(id) ? await families.show(id) : undefined
    if (!person || history?.family.userId !== person.user.id)
      return presenter.send(request, reply.code(person ? 404 : 401), (presentation) =>
        whyStrangerPage({ id, accountPath }, presentation),
      )
    const { family } = history
    const end = endOf(history, now)
    const client = await clients.find(family.clientId)
    return presenter.send(request, reply, (presentation) =>
      whyPage(
        {
          id,
          app: client?.client_name ?? family.clientId,
          end: end?.name ?? 'alive',
          endedAt: end?.at,
          began: family.createdAt,
          lastUsed: family.lastUsedAt,
          chain: chainOf(history, presentation.language, accountTexts[presentation.language], now),
          accountPath,
        },
        presentation,
      ),
    )
  })
}
